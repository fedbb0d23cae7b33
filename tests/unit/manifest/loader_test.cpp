// Goal: files, names, variables and profiles come together as with Compose, and a bad file
// costs one clear error and nothing else.
// Method: projects in memory.
#include "tests/unit/manifest/support.hpp"

#include <random>

using namespace davit;
using namespace davit::test;

TEST_CASE("where the project's name comes from") {
  project p("name: From.File\nservices: {s: {image: \"${COMPOSE_PROJECT_NAME}\"}}\n");
  auto l = p.load();
  CHECK(l.model.name == "fromfile");
  CHECK(l.model.services.at("s").image == "fromfile");
  CHECK(has_warning(l, "becomes 'fromfile'"));
  p.in.environment["COMPOSE_PROJECT_NAME"] = "from_env";
  CHECK(p.load().model.name == "from_env");
  p.in.project_name = "from-flag";
  CHECK(p.load().model.name == "from-flag");
  p.in.project_name = "Bad Name";
  CHECK(has_error(p.load(), "the project name 'Bad Name' from the command line is not usable"));
  CHECK(load("services: {s: {image: i}}\n").model.name == "shop");
  project root;
  root.in.files = {"/compose.yaml"};
  root.files["/compose.yaml"] = "services: {s: {image: i}}\n";
  CHECK(has_error(root.load(), "the project has no name"));
}

TEST_CASE("the stack says where it came from") {
  const auto l = load("services: {s: {image: i}}\n");
  CHECK(l.model.working_dir == "/home/u/shop");
  CHECK(l.model.config_files == std::vector<std::string>{"/home/u/shop/compose.yaml"});
}

TEST_CASE("variables: the environment, then .env or the files that were named") {
  project p("services: {s: {image: \"$A-$B-$C\"}}\n");
  p.files["/home/u/shop/.env"] = "A=dot\nB=dot\nC=dot\n";
  p.in.environment = {{"A", "env"}};
  CHECK(p.load().model.services.at("s").image == "env-dot-dot");
  p.files["/home/u/shop/one.env"] = "B=one\nC=one\n";
  p.files["/home/u/shop/two.env"] = "C=two$B\n";
  p.in.env_files = {"one.env", "two.env"};
  CHECK(p.load().model.services.at("s").image == "env-one-twoone");
  p.in.env_files = {"gone.env"};
  CHECK(has_error(p.load(), "/home/u/shop/gone.env"));
  p.in.env_files = {};
  p.in.environment["COMPOSE_DISABLE_ENV_FILE"] = "1";
  CHECK(has_warning(p.load(), "compose.yaml:1:23: warning: the variable B is not set"));
  project bad("services: {s: {image: i}}\n");
  bad.files["/home/u/shop/.env"] = "A=1\nA B=1\n";
  CHECK(has_error(bad.load(), "/home/u/shop/.env: error: line 2"));
}

TEST_CASE("variables are filled in in values, never in keys, and stay strings") {
  project p("services:\n  s:\n    image: i\n    labels:\n      ${K}: ${V}\n      list: ${N}\n    "
            "command: [\"${N}\"]\n    scale: ${N}\n"
            "    init: ${T}\n    mem_limit: ${M}\n    x-anything: ${REQUIRED:?}\n");
  p.in.environment
    = {{"K", "k"}, {"V", "v"}, {"N", "1"}, {"T", "true"}, {"M", "1g"}, {"REQUIRED", "r"}};
  const auto s = clean(p.load());
  CHECK(s.labels == string_map{{"${K}", "v"}, {"list", "1"}});
  CHECK(s.command == std::vector<std::string>{"1"});
  CHECK(s.init);
  CHECK(s.resources.memory == 1 << 30);
  p.in.environment.erase("REQUIRED");
  CHECK(has_error(p.load(),
                  "compose.yaml:11:17: error: required variable REQUIRED is missing a value"));
  p.in.environment["T"] = "perhaps";
  p.in.environment["REQUIRED"] = "r";
  CHECK(has_error(p.load(), "'init' must be true or false"));
}

TEST_CASE("profiles choose services") {
  project p("services:\n  a: {image: i}\n  b: {image: i, profiles: [debug], depends_on: [a]}\n"
            "  c: {image: i, profiles: [other], env_file: gone.env}\n"
            "  d: {image: i, depends_on: {b: {condition: service_started, required: false}}}\n");
  const auto names = [&] {
    std::string all;
    const auto l = p.load();
    CHECK_FALSE(l.refused());
    for (const auto& [name, s] : l.model.services)
      all += name;
    return all;
  };
  CHECK(names() == "ad");
  CHECK(p.load().model.services.at("d").depends_on.empty());
  p.in.profiles = {"debug"};
  CHECK(names() == "abd");
  p.in.profiles = {};
  p.in.environment["COMPOSE_PROFILES"] = "x,debug";
  CHECK(names() == "abd");
  p.in.profiles = {"*"};
  CHECK(has_error(p.load(), "gone.env"));
  CHECK(
    has_error(load("services:\n  a: {image: i, profiles: [x]}\n  b: {image: i, depends_on: [a]}\n"),
              "compose.yaml:3:3: error: 'b' depends on 'a', whose profile is not active"));
}

TEST_CASE("without a file the usual names are looked for, with an override") {
  project p;
  CHECK(has_error(p.load(), "there is no Compose file here"));
  p.files["/home/u/shop/docker-compose.yml"] = "services: {s: {image: old}}\n";
  CHECK(p.load().model.services.at("s").image == "old");
  p.files["/home/u/shop/compose.yaml"] = "services: {s: {image: new}}\n";
  p.files["/home/u/shop/compose.override.yml"] = "services: {s: {hostname: h}}\n";
  auto l = p.load();
  CHECK(l.model.services.at("s").image == "new");
  CHECK(l.model.services.at("s").hostname == "h");
  CHECK(has_warning(l, "more than one Compose file"));
  p.files["/home/u/shop/third.yaml"] = "services: {s: {image: third}}\n";
  p.in.environment["COMPOSE_FILE"] = "third.yaml:compose.override.yml";
  CHECK(p.load().model.services.at("s").image == "third");
}

TEST_CASE("paths of later files begin at the first file's folder") {
  project p("services: {s: {image: i}}\n");
  p.in.files = {"compose.yaml", "sub/more.yaml"};
  p.files["/home/u/shop/sub/more.yaml"] = "services: {s: {volumes: [./x:/x]}}\n";
  CHECK(clean(p.load()).mounts.at(0).source == "/home/u/shop/x");
}

TEST_CASE("every finding is told, in the order of the file") {
  const auto l = load("services:\n  s:\n    imgae: i\n    ports: [x]\n    restart: 5\n");
  INFO(all_findings(l));
  REQUIRE(l.findings.size() == 4);
  CHECK(l.findings[0].line == 2); // no image
  CHECK(l.findings[1].line == 3);
  CHECK(l.findings[2].line == 4);
  CHECK(l.findings[3].line == 5);
}

TEST_CASE("findings of different files name their file") {
  project p("services: {s: {image: i}}\n");
  p.in.files = {"compose.yaml", "over.yaml"};
  p.files["/home/u/shop/over.yaml"] = "services:\n  s:\n    prots: []\n";
  CHECK(has_error(p.load(), "over.yaml:3:5: error: unknown key 'prots'"));
  p.files["/home/u/shop/over.yaml"] = "services:\n  s:\n    depends_on: [gone]\n";
  CHECK(has_error(p.load(), "over.yaml:3:18: error: 's' depends on the service 'gone'"));
}

TEST_CASE("a broken file of thousands of faults answers with a few hundred lines") {
  std::string text = "services:\n";
  for (int i = 0; i < 3000; ++i)
    text += "  s" + std::to_string(i) + ": {imgae: x}\n";
  const auto l = load(text);
  CHECK(l.refused());
  CHECK(l.findings.size() == manifest::report::max_findings + 1);
  CHECK(has_error(l, "more findings are not shown"));
}

TEST_CASE("bad files: each a clear error") {
  CHECK(has_error(load(""), "compose.yaml: error: the file is empty"));
  CHECK(has_error(load("# nothing\n"), "the file is empty"));
  CHECK(has_error(load("hello\n"), "a Compose file is a mapping, and this is a string"));
  CHECK(has_error(load("- a\n"), "a Compose file is a mapping, and this is a list"));
  CHECK(has_error(load(std::string("services:\0", 10)), "a NUL byte"));
  CHECK(has_error(load("services:\n  s: [image]\n"),
                  "compose.yaml:2:6: error: 's' must be a mapping, and this is a list"));
  CHECK(has_error(load("services:\n  s:\n    image: 5\n"),
                  "'image' must be a string, and this is a number; put it in quotes"));
  CHECK(has_error(load("services:\n  s:\n    image: a\n    image: b\n"),
                  "compose.yaml:4:5: error: the key 'image' is here twice"));
  CHECK(has_error(load("services:\n  \"a b\": {image: i}\n"),
                  "the service's name 'a b' is not usable"));
  CHECK(
    has_error(load("include: [x]\nservices: {s: {image: i}}\n"), "'include' is not supported yet"));
  CHECK(has_warning(load("version: \"3\"\nservices: {s: {image: i}}\n"), "'version' is obsolete"));
  project gone("x");
  gone.files.clear();
  CHECK(has_error(gone.load(), "/home/u/shop/compose.yaml does not exist"));
  CHECK_FALSE(load("services: {}\n").refused());
}

TEST_CASE("a cycle is spelt out") {
  CHECK(has_error(
    load("services:\n  a: {image: i, depends_on: [b]}\n  b: {image: i, depends_on: [a]}\n"),
    "compose.yaml:2:30: error: the services wait for each other in a circle: a -> b -> a"));
}

TEST_CASE("a cut or a flipped byte anywhere never crashes the loader") {
  const std::string good
    = "name: x\nx-a: &a {image: i, restart: always}\nservices:\n  s:\n    <<: *a\n    ports: "
      "[\"80:80\"]\n"
      "    environment: {A: \"${B:-c}\"}\n    healthcheck: {test: [CMD, x], interval: 1s}\n"
      "    x-davit: {recovery: {budget: {restarts: 3}}}\nvolumes: {v: }\n";
  REQUIRE_FALSE(load(good).refused());
  std::mt19937 random(5);
  for (std::size_t i = 0; i < good.size(); ++i) {
    (void)load(good.substr(0, i));
    for (int k = 0; k < 8; ++k) {
      auto text = good;
      text[i] = static_cast<char>(random());
      const auto l = load(text);
      for (const auto& f : l.findings)
        REQUIRE_FALSE(f.message.empty());
    }
  }
}
