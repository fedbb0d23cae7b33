// Goal: a second file changes the first as Compose says: merged, appended or replaced.
// Method: two files, one service, and the exceptions one by one.
#include "tests/unit/manifest/support.hpp"

using namespace davit;
using namespace davit::test;
using list = std::vector<std::string>;

namespace {

manifest::loaded merged(const std::string& base, const std::string& over) {
  const auto indent = [](const std::string& lines) {
    std::string out = "services:\n  s:\n    image: i\n";
    std::istringstream in(lines);
    for (std::string line; std::getline(in, line);)
      out += "    " + line + "\n";
    return out + "volumes: {a: , b: }\nnetworks: {n: , m: }\n";
  };
  project p(indent(base));
  p.in.files = {"compose.yaml", "over.yaml"};
  p.files["/home/u/shop/over.yaml"] = indent(over);
  return p.load();
}

} // namespace

TEST_CASE("mappings merge, lists append, scalars are replaced") {
  const auto s = clean(merged("hostname: a\ncap_add: [X]\nhealthcheck: {interval: 1s, retries: 2}",
                              "hostname: b\ncap_add: [Y, X]\nhealthcheck: {retries: 3}"));
  CHECK(s.hostname == "b");
  CHECK(s.cap_add == list{"X", "Y"});
  CHECK(s.healthcheck->interval == 1s);
  CHECK(s.healthcheck->retries == 3U);
}

TEST_CASE("commands and tests are replaced") {
  const auto s = clean(merged("command: [a, b]\nentrypoint: x y\nhealthcheck: {test: [CMD, a]}",
                              "command: [c]\nentrypoint: [z]\nhealthcheck: {test: [CMD, b]}"));
  CHECK(s.command == list{"c"});
  CHECK(s.entrypoint == list{"z"});
  CHECK(s.healthcheck->test == list{"CMD", "b"});
}

TEST_CASE("both forms of one thing meet") {
  const auto s = clean(
    merged("environment: [A=1, B=1]\nlabels: {x: a}\nnetworks: [n]\ndns: 1.1.1.1\ntmpfs: /t",
           "environment: {B: 2, C: 3}\nlabels: [x=b]\nnetworks: {m: {aliases: [z]}}\ndns: "
           "[2.2.2.2]\ntmpfs: [/t, /u]"));
  CHECK(s.environment == string_map{{"A", "1"}, {"B", "2"}, {"C", "3"}});
  CHECK(s.labels.at("x") == "b");
  CHECK(s.networks.size() == 2);
  CHECK(s.networks.at("m").aliases == list{"z"});
  CHECK(s.dns == list{"1.1.1.1", "2.2.2.2"});
  CHECK(s.mounts.size() == 2);
}

TEST_CASE("ports are unique, volumes unique by target") {
  const auto s = clean(
    merged("ports: [\"80:80\", \"81:81\"]\nvolumes: [\"a:/x\", \"a:/y\"]",
           "ports: [\"81:81\", \"82:82\"]\nvolumes: [{type: volume, source: b, target: /y}]"));
  CHECK(s.ports.size() == 3);
  REQUIRE(s.mounts.size() == 2);
  CHECK(s.mounts[1].source == "b");
}

TEST_CASE("a log driver's options go with their driver") {
  CHECK(
    clean(merged("logging: {driver: journald, options: {tag: x}}", "logging: {driver: k8s-file}"))
      .logging.options.empty());
  CHECK(
    clean(merged("logging: {driver: journald, options: {tag: x}}", "logging: {options: {a: b}}"))
      .logging.options.size()
    == 2);
}

TEST_CASE("!override replaces, !reset removes") {
  const auto s = clean(
    merged("ports: [\"80:80\"]\nenvironment: {A: 1, B: 2}\nhostname: h",
           "ports: !override [\"81:80\"]\nenvironment: {A: !reset \"\"}\nhostname: !reset null"));
  REQUIRE(s.ports.size() == 1);
  CHECK(s.ports[0].host_port == 81);
  CHECK(s.environment == string_map{{"B", "2"}});
  CHECK(s.hostname.empty());
}

TEST_CASE("nothing in a later file changes nothing, and forms that do not fit are refused") {
  CHECK(clean(merged("command: [a]\ncap_add: [X]", "command:\nhostname: x")).command == list{"a"});
  CHECK(has_error(merged("cap_add: [X]", "cap_add: {X: 1}"),
                  "'cap_add' is a mapping here and a list in the file before"));
}

TEST_CASE("documents of one file merge like files") {
  const auto s
    = clean(load("services: {s: {image: a, hostname: h}}\n---\nservices: {s: {image: b}}\n"));
  CHECK(s.image == "b");
  CHECK(s.hostname == "h");
}
