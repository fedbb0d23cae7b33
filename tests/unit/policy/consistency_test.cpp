// Goal: a stack that cannot mean anything is refused before anything is touched, and no model
// at all crashes the judge: it also sees what strangers send.
// Method: a good stack, broken in one place at a time; then random models.
#include "runtime/policy/consistency.hpp"

#include "tests/catch.hpp"

#include <limits>
#include <random>

using namespace davit;
using policy::severity;

namespace {

service make(const std::string& name) {
  service s;
  s.name = name;
  s.image = "i";
  return s;
}

mount mounted(mount::kind type, std::string source, std::string target) {
  mount m;
  m.type = type;
  m.source = std::move(source);
  m.target = std::move(target);
  return m;
}

stack good() {
  stack st;
  st.name = "shop";
  for (const auto* name : {"db", "web"})
    st.services[name] = make(name);
  st.services["web"].depends_on["db"] = {};
  st.services["db"].healthcheck = healthcheck{};
  st.services["db"].healthcheck->test = {"CMD", "x"};
  return st;
}

// The only finding, as "level path: message".
std::string only(const stack& st) {
  const auto found = policy::check(st);
  if (found.empty())
    return "none";
  if (found.size() > 1)
    return found[0].path + " and others: " + found[0].message + found[1].message;
  return std::string(found[0].level == severity::error ? "error " : "warning ") + found[0].path
         + ": " + found[0].message;
}

bool starts(const std::string& text, const std::string& with) {
  INFO(text);
  return text.rfind(with, 0) == 0;
}

port_mapping port(std::string ip, std::uint16_t host, std::string protocol = "tcp") {
  return {std::move(ip), host, 80, std::move(protocol)};
}

} // namespace

TEST_CASE("a good stack is good") { CHECK(only(good()) == "none"); }

TEST_CASE("dependencies") {
  auto st = good();
  st.services["web"].depends_on["gone"] = {};
  CHECK(
    starts(only(st), "error services.web.depends_on.gone: 'web' depends on the service 'gone'"));

  st = good();
  st.services["db"].depends_on["web"] = {};
  CHECK(starts(only(st), "error services.db.depends_on.web: the services wait for each other in a "
                         "circle: db -> web -> db"));
  st = good();
  st.services["db"].depends_on["db"] = {};
  CHECK(starts(
    only(st),
    "error services.db.depends_on.db: the services wait for each other in a circle: db -> db"));

  st = good();
  st.services["web"].depends_on["db"].condition = depend_on::healthy;
  CHECK(only(st) == "none");
  st.services["db"].healthcheck.reset();
  CHECK(starts(only(st), "warning services.web.depends_on.db"));
  st.services["db"].healthcheck = healthcheck{};
  st.services["db"].healthcheck->disable = true;
  CHECK(starts(only(st), "error services.web.depends_on.db"));
  st.services["db"].davit.probe = probe_spec{};
  st.services["db"].davit.probe->port = 1;
  CHECK(only(st) == "none");

  st = good();
  st.services["web"].depends_on["db"].condition = depend_on::completed;
  CHECK(only(st) == "none");
  st.services["db"].davit.recovery.restart = restart_mode::always;
  CHECK(starts(only(st), "warning services.web.depends_on.db"));

  st = good();
  st.services["web"].pid = "service:gone";
  CHECK(starts(only(st), "error services.web: 'web' shares a namespace of the service 'gone'"));
}

TEST_CASE("names") {
  for (const auto* name : {"", "Shop", "-x", "_x", "a.b", "a/b", "../x", "a b"}) {
    CAPTURE(name);
    CHECK_FALSE(policy::valid_stack_name(name));
  }
  CHECK_FALSE(policy::valid_stack_name(std::string(64, 'a')));
  CHECK(policy::valid_stack_name(std::string(63, 'a')));
  CHECK(policy::valid_stack_name("0shop_a-b"));
  CHECK(policy::valid_service_name("Web.1_a-b"));
  for (const auto* name : {"", "a b", "a/b", "a\n"})
    CHECK_FALSE(policy::valid_service_name(name));
  auto st = good();
  st.services["a/b"] = make("a/b");
  CHECK(starts(only(st), "error services.a/b: the service's name"));
  st = good();
  st.services["web"].name = "other";
  CHECK(starts(only(st), "error services.web: the service 'web' calls itself 'other'"));
  st = good();
  st.volumes["v"].name = "../v";
  CHECK(starts(only(st), "error volumes.v"));
  st = good();
  st.services["web"].container_name = "c";
  st.services["db"].container_name = "c";
  CHECK(starts(
    only(st),
    "error services.web.container_name: the container name 'c' is taken by the service 'db'"));
  st.services["db"].container_name = "";
  st.services["web"].container_name = "shop-db-1";
  CHECK(starts(only(st), "error services.web.container_name"));
}

TEST_CASE("what is named must be declared") {
  auto st = good();
  st.services["web"].networks["n"] = {};
  CHECK(starts(only(st), "error services.web.networks.n: the network 'n' is not declared"));
  st = good();
  st.services["web"].mounts.push_back(mounted(mount::kind::volume, "v", "/v"));
  CHECK(starts(only(st), "error services.web.volumes: the volume 'v' is not declared"));
  st = good();
  st.services["web"].secrets.push_back({"s", "/s", "", "", {}});
  CHECK(starts(only(st), "error services.web.secrets.s: the secret 's' is not declared"));
  st = good();
  st.services["web"].configs.push_back({"c", "/c", "", "", {}});
  CHECK(starts(only(st), "error services.web.configs.c: the config 'c' is not declared"));
  st = good();
  st.secrets["s"].file = "/s";
  CHECK(only(st) == "none");
  st.secrets["s"].environment = "S";
  CHECK(starts(only(st), "error secrets.s: exactly one source"));
  st.secrets["s"] = {};
  st.secrets["s"].content = "hunter2";
  CHECK(starts(only(st), "error secrets.s: a secret's content"));
  CHECK(only(st).find("hunter2") == std::string::npos);
}

TEST_CASE("host ports: address, protocol and port together") {
  const auto clash = [](const port_mapping& a, const port_mapping& b) {
    auto st = good();
    st.services["db"].ports = {a};
    st.services["web"].ports = {b};
    const auto found = only(st);
    CHECK((found == "none" || starts(found, "error services.web.ports: the host port")));
    return found != "none";
  };
  CHECK(clash(port("", 80), port("", 80)));
  CHECK(clash(port("", 80), port("127.0.0.1", 80)));
  CHECK(clash(port("0.0.0.0", 80), port("127.0.0.1", 80)));
  CHECK(clash(port("::", 80), port("::1", 80)));
  CHECK(clash(port("::1", 80), port("0:0:0:0:0:0:0:1", 80)));
  CHECK(clash(port("", 80), port("::", 80)));
  CHECK_FALSE(clash(port("127.0.0.1", 80), port("127.0.0.2", 80)));
  CHECK_FALSE(clash(port("0.0.0.0", 80), port("::", 80)));
  CHECK_FALSE(clash(port("", 80), port("", 81)));
  CHECK_FALSE(clash(port("", 53, "tcp"), port("", 53, "udp")));
  CHECK_FALSE(clash(port("", 0), port("", 0)));
}

TEST_CASE("ports and names of other stacks") {
  auto st = good();
  st.services["web"].ports = {port("127.0.0.1", 8080)};
  st.services["web"].container_name = "site";
  auto other = good();
  other.name = "blog";
  other.services["web"].ports = {port("", 8080)};
  auto found = policy::port_clashes(st, {&other, nullptr});
  REQUIRE(found.size() == 1);
  CHECK(found[0].path == "services.web.ports");
  CHECK(found[0].message == "the host port 127.0.0.1:8080/tcp is taken by blog/web");
  other.services["db"].container_name = "site";
  CHECK(policy::port_clashes(st, {&other}).size() == 2);
  other.name = "shop"; // an older revision of the same stack
  CHECK(policy::port_clashes(st, {&other}).empty());
  CHECK(policy::port_clashes(st, {}).empty());
}

TEST_CASE("what one service cannot mean") {
  const auto broken = [](auto change, const std::string& wanted) {
    auto st = good();
    change(st.services["web"]);
    CHECK(starts(only(st), wanted));
  };
  broken([](auto& s) { s.image = ""; }, "error services.web.image");
  broken([](auto& s) { s.stop_signal = "SIGNOPE"; }, "error services.web.stop_signal");
  broken([](auto& s) { s.stop_signal = "0"; }, "error services.web.stop_signal");
  broken([](auto& s) { s.stop_signal = "rtmin+3"; }, "none");
  broken([](auto& s) { s.stop_grace_period = -1s; }, "error services.web.stop_grace_period");
  broken([](auto& s) { s.ports = {{"", 0, 0, "tcp"}}; }, "error services.web.ports: a port inside");
  broken(
    [](auto& s) {
      s.ports = {{"localhost", 1, 1, "tcp"}};
    },
    "error services.web.ports: 'localhost'");
  broken([](auto& s) { s.ports = {{"", 1, 1, "icmp"}}; }, "error services.web.ports: the protocol");
  broken(
    [](auto& s) {
      s.ports = {{"", 1, 1, "tcp"}}, s.network_mode = "service:db";
    },
    "error services.web.ports: a service that shares");
  broken(
    [](auto& s) {
      s.ports = {{"", 1, 1, "tcp"}}, s.network_mode = "host";
    },
    "warning services.web.ports");
  broken([](auto& s) { s.network_mode = "weird"; }, "error services.web.network_mode");
  broken([](auto& s) { s.network_mode = "service:"; }, "services.web and others");
  broken([](auto& s) { s.mounts = {mounted(mount::kind::bind, "rel", "/x")}; },
         "error services.web.volumes: a bind mount");
  broken([](auto& s) { s.mounts = {mounted(mount::kind::tmpfs, "", "x")}; },
         "error services.web.volumes: the target");
  broken([](auto& s) { s.healthcheck = healthcheck{false, {"x"}, {}, {}, {}, {}, {}}; },
         "error services.web.healthcheck.test");
  broken([](auto& s) { s.resources.cpus = std::nan(""); }, "error services.web.cpus");
  broken([](auto& s) { s.resources.memory = -2; }, "error services.web.mem_limit");
  broken([](auto& s) { s.resources.oom_score_adj = 2000; }, "error services.web.oom_score_adj");
  broken([](auto& s) { s.davit.recovery.backoff.jitter = std::nan(""); },
         "error services.web.x-davit.recovery.backoff.jitter");
  broken([](auto& s) { s.davit.recovery.backoff.factor = 0; },
         "error services.web.x-davit.recovery.backoff.factor");
  broken([](auto& s) { s.davit.recovery.budget.restarts = 4'000'000'000; },
         "error services.web.x-davit.recovery.budget.restarts");
  broken([](auto& s) { s.davit.recovery.budget.window = 0s; },
         "error services.web.x-davit.recovery.budget.window");
  broken([](auto& s) { s.davit.recovery.breaker.max = 1s; },
         "error services.web.x-davit.recovery.breaker.max");
  broken([](auto& s) { s.davit.readiness_deadline = milliseconds::max(); },
         "error services.web.x-davit.readiness_deadline");
  broken([](auto& s) { s.davit.pull.retries.assign(1000, 1s); },
         "error services.web.x-davit.pull.retries");
  broken([](auto& s) { s.davit.requires_ = {"vpn"}; }, "services.web.x-davit.requires and others");
  broken([](auto& s) { s.davit.probe = probe_spec{}; },
         "error services.web.x-davit.probe.tcp.port");
}

TEST_CASE("what is read but not acted on is named") {
  const auto named = [](auto change, const std::string& key) {
    auto st = good();
    change(st.services["web"].davit);
    CHECK(starts(only(st), "warning services.web.x-davit." + key + ": this release"));
  };
  named([](auto& r) { r.tier = 1; }, "tier");
  named([](auto& r) { r.requires_ = {"network/vpn"}; }, "requires");
  named([](auto& r) { r.ready_log = "done"; }, "ready.log");
  named([](auto& r) { r.order = update_order::start_first; }, "update.order");
}

TEST_CASE("no model crashes the judge, and no control character passes through it") {
  std::mt19937 random(3);
  const std::vector<std::string> words{"",
                                       "a",
                                       "b",
                                       "service:a",
                                       "service:",
                                       "../x",
                                       "::1",
                                       "127.0.0.1",
                                       std::string("\x1b[2J\0", 5),
                                       std::string(1000, 'x'),
                                       "/"};
  const auto word = [&] { return words[random() % words.size()]; };
  const auto time = [&] {
    return milliseconds{static_cast<std::int64_t>(random()) * (random() % 2 ? 1 : -1000000000LL)};
  };
  for (int round = 0; round < 2000; ++round) {
    stack st;
    st.name = word();
    for (auto n = random() % 5; n > 0; --n) {
      auto& s = st.services[word()];
      s.name = word();
      s.image = word();
      s.container_name = word();
      s.network_mode = word();
      s.ipc = word();
      s.depends_on[word()]
        = {static_cast<depend_on>(random() % 3), random() % 2 == 0, random() % 2 == 0};
      s.ports.push_back({word(), static_cast<std::uint16_t>(random()),
                         static_cast<std::uint16_t>(random()), word()});
      s.mounts.push_back(mounted(static_cast<mount::kind>(random() % 3), word(), word()));
      s.networks[word()].ipv4 = word();
      s.secrets.push_back({word(), word(), "", "", {}});
      s.healthcheck = healthcheck{random() % 2 == 0, {word()}, time(), time(), {}, {}, {}};
      s.stop_signal = word();
      s.davit.recovery.backoff.initial = time();
      s.davit.recovery.breaker.max = time();
      s.davit.requires_ = {word()};
    }
    st.secrets[word()].file = word();
    st.networks[word()].name = word();
    auto other = st;
    other.name = "other";
    auto found = policy::check(st);
    const auto more = policy::port_clashes(st, {&other, &st});
    found.insert(found.end(), more.begin(), more.end());
    for (const auto& f : found) {
      REQUIRE_FALSE(f.message.empty());
      REQUIRE_FALSE(f.remedy.empty());
      REQUIRE(f.message.find('\x1b') == std::string::npos);
      REQUIRE(f.message.size() < 2000);
    }
  }
}
