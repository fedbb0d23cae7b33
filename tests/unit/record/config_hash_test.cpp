// Goal: a container is created anew when, and only when, what it is made of has changed; and
// an upgrade of Davit never restarts the world.
// Method: golden hashes that pin v1 for ever, and one change at a time.
#include "runtime/record/config_hash.hpp"
#include "runtime/record/model_json.hpp"
#include "tests/catch.hpp"

#include <nlohmann/json.hpp>

#include <functional>

using namespace davit;
using namespace davit::record;
using namespace std::chrono_literals;

namespace {

service web() {
  service s;
  s.name = "web";
  s.image = "docker.io/library/nginx:1.27";
  s.command = {"nginx", "-g", "daemon off;"};
  s.environment = {{"TZ", "UTC"}, {"NAME", "caf\xc3\xa9"}};
  s.ports = {{"127.0.0.1", 8080, 80, "tcp"}};
  s.networks["default"].aliases = {"www", "web"};
  s.cap_drop = {"NET_RAW", "CHOWN"};
  s.stop_grace_period = 45s;
  s.resources.cpus = 1.5;
  return s;
}

/// Every field that counts, as it lies in a revision file.
service full() {
  auto out = service_from(nlohmann::json::parse(R"({
    "name": "full", "image": "i", "container_name": "c", "hostname": "h", "domainname": "d",
    "platform": "linux/arm64", "command": ["a"], "entrypoint": [], "environment": {"K": "v"},
    "labels": {"l": "1"}, "annotations": {"n": "2"}, "user": "1:2", "working_dir": "/w",
    "group_add": ["b", "a"], "init": true, "tty": true, "stdin_open": true, "read_only": true,
    "privileged": true,
    "ports": [{"host_ip": "::1", "host_port": 1, "container_port": 2, "protocol": "udp"}],
    "expose": ["9", "8"],
    "mounts": [{"type": "bind", "source": "/s", "target": "/t", "read_only": true,
                "create_host_path": false, "options": ["z"]},
               {"type": "tmpfs", "target": "/m", "tmpfs_size": 4096, "tmpfs_mode": 511},
               {"source": "data", "target": "/d"}],
    "secrets": [{"source": "s", "target": "/run/secrets/s", "uid": "3", "gid": "4", "mode": 256}],
    "configs": [{"source": "c", "target": "/c"}],
    "networks": {"back": {"aliases": ["y", "x"], "ipv4": "10.0.0.2", "ipv6": "fd00::2"}},
    "network_mode": "host", "ipc": "private", "pid": "host", "dns": ["1.1.1.1"],
    "dns_search": ["lan"], "dns_opt": ["ndots:1"], "extra_hosts": ["h:10.0.0.1"],
    "sysctls": {"net.core.somaxconn": "1024"}, "cap_add": ["B", "A"], "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"], "devices": ["/dev/fuse:/dev/fuse:rwm"],
    "resources": {"cpus": 0.1, "memory": 1, "memory_swap": 2, "memory_reservation": 3, "pids": 4,
                  "shm_size": 5, "oom_score_adj": -6, "cpu_shares": 7, "cpuset": "0-1",
                  "ulimits": {"nofile": {"soft": 8, "hard": 9}}},
    "logging": {"driver": "journald", "options": {"tag": "t"}},
    "healthcheck": {"test": ["CMD", "true"], "interval": "5s", "timeout": "1500ms",
                    "start_period": "2s", "start_interval": "1s", "retries": 3},
    "stop_signal": "SIGINT", "stop_grace_period": "600s"})"));
  REQUIRE(out);
  return *out;
}

} // namespace

TEST_CASE("v1 is pinned for ever: a change here restarts every container of every user") {
  CHECK(config_hash(service{}, {})
        == "v1:6d0fd13cad1b014067d7fe4bafc73d7be84081ca9a9c82fc0313d3fd80511c35");
  CHECK(config_hash(web(), {})
        == "v1:bea663942c70b67bdc6c62ce7b276836dd9a7c293fe3ca9172d14c56a41c27ee");
  CHECK(config_hash(web(), {{"token", "00ff"}})
        == "v1:512c326abdfc49a8467048c8460d86d81cc52e928c1ab04f661fbc589f9c9e8e");
  CHECK(config_hash(full(), {})
        == "v1:566d1c9fe4ac8a06dfea03fb98a7fa3a755cefe1b0fa24b7e78e7dea83222f5c");
}

TEST_CASE("what does not touch the container does not count") {
  const auto hash = config_hash(web(), {});
  const std::vector<std::function<void(service&)>> changes{
    [](service& s) { s.depends_on["db"].condition = depend_on::healthy; },
    [](service& s) { s.profiles = {"debug"}; },
    [](service& s) { s.pull = pull_policy::always; },
    [](service& s) { s.davit.tier = 3; },
    [](service& s) { s.davit.critical = true; },
    [](service& s) { s.davit.recovery.restart = restart_mode::always; },
    [](service& s) { s.davit.recovery.budget.restarts = 3; },
    [](service& s) { s.davit.probe.emplace().port = 80; },
    [](service& s) { s.davit.readiness_deadline = 5s; },
    [](service& s) { s.davit.order = update_order::start_first; },
    [](service& s) {
      s.cap_drop = {"CHOWN", "NET_RAW"};
    },
    [](service& s) {
      s.networks["default"].aliases = {"web", "www"};
    },
    [](service& s) {
      s.stop_grace_period.reset();
      s.davit.grace = 45s; // the same grace, said the other way
    },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    INFO("change " << i);
    auto changed = web();
    changes[i](changed);
    CHECK(config_hash(changed, {}) == hash);
  }
}

TEST_CASE("what the container is made of counts, one thing at a time") {
  const std::vector<std::function<void(service&)>> changes{
    [](service& s) { s.image = "nginx:1.28"; },
    [](service& s) { s.command.reset(); },
    [](service& s) { s.entrypoint.emplace(); },
    [](service& s) { s.environment["TZ"] = "CET"; },
    [](service& s) { s.labels["a"] = "b"; },
    [](service& s) { s.ports[0].host_port = 8081; },
    [](service& s) { s.mounts.emplace_back().target = "/data"; },
    [](service& s) { s.networks["back"]; },
    [](service& s) { s.network_mode = "host"; },
    [](service& s) { s.user = "1000"; },
    [](service& s) { s.init = true; },
    [](service& s) { s.resources.memory = 1 << 20; },
    [](service& s) { s.logging.driver = "none"; },
    [](service& s) {
      s.healthcheck.emplace().test = {"CMD", "true"};
    },
    [](service& s) { s.stop_signal = "SIGINT"; },
    [](service& s) { s.stop_grace_period = 46s; },
    [](service& s) { s.davit.grace = 600s; },
    [](service& s) {
      s.command = {"nginx", "daemon off;", "-g"};
    },
  };
  std::map<std::string, std::size_t> seen{{config_hash(web(), {}), 999}};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    auto changed = web();
    changes[i](changed);
    const auto [where, fresh] = seen.emplace(config_hash(changed, {}), i);
    INFO("change " << i << " hashes like " << where->second);
    CHECK(fresh);
  }
}

TEST_CASE("a rotated secret is another configuration") {
  const auto old_digest = secret_digest("0123456789abcdef", "old");
  const auto new_digest = secret_digest("0123456789abcdef", "new");
  CHECK(old_digest.size() == 64);
  CHECK(old_digest != new_digest);
  CHECK(old_digest != secret_digest("another key, 16+", "old"));
  const auto label = config_hash(web(), {{"token", old_digest}});
  CHECK(same_config(label, web(), {{"token", old_digest}}));
  CHECK_FALSE(same_config(label, web(), {{"token", new_digest}}));
  CHECK_FALSE(same_config(label, web(), {}));
}

TEST_CASE("HMAC-SHA256 as RFC 4231 has it, case 2") {
  CHECK(secret_digest("Jefe", "what do ya want for nothing?")
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_CASE("a label is compared under its own version") {
  CHECK(same_config(config_hash(web(), {}), web(), {}));
  CHECK_FALSE(same_config("", web(), {}));
  CHECK_FALSE(same_config("v1:", web(), {}));
  auto later = config_hash(web(), {});
  later[1] = '9';
  CHECK_FALSE(same_config(later, web(), {}));
}
