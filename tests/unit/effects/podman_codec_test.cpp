// Goal: what a blueprint says reaches podman under the names, units and forms that podman
// takes, and what podman answers is read as what it means. podman ignores unknown keys, so a
// wrong name would lose a setting in silence.
// Method: golden bodies, and answers recorded from podman 4.3.1 (tests/fixtures/podman).
#include "runtime/effects/podman_codec.hpp"
#include "tests/catch.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>

using namespace davit;
using namespace davit::effects::podman;
using nlohmann::json;

namespace {

std::string fixture(const std::string& name) {
  std::ifstream in(DAVIT_SOURCE_DIR "/tests/fixtures/podman/" + name);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

json created(const blueprint& b) {
  auto body = create_body(b);
  INFO((body ? "" : body.error().message));
  REQUIRE(body);
  return json::parse(*body);
}

blueprint small() {
  blueprint b;
  b.name = "shop-web-1";
  b.spec.name = "web";
  b.spec.image = "docker.io/library/nginx:1";
  return b;
}

/// Everything that a manifest can ask of one service.
blueprint full() {
  auto b = small();
  auto& s = b.spec;
  b.labels = {{"io.davit.stack", "shop"}, {"io.davit.service", "web"}};
  b.grace = 1500ms;
  b.cgroup_parent = "davit.slice";
  b.log_bytes = 4096;
  s.command = {{"serve", "--port", "80"}};
  s.entrypoint = {{"/entry"}};
  s.environment = {{"A", "1"}, {"B", "two words"}};
  s.labels = {{"own", "yes"}, {"io.davit.stack", "forged"}};
  s.annotations = {{"note", "n"}};
  s.user = "1000:1000";
  s.working_dir = "/srv";
  s.group_add = {"audio"};
  s.hostname = "inner";
  s.domainname = "example.org";
  s.init = s.tty = s.stdin_open = s.read_only = s.privileged = true;
  s.stop_signal = "SIGUSR1";
  s.ports = {{"127.0.0.1", 8080, 80, "tcp"}, {"", 0, 53, "udp"}};
  mount bind;
  bind.type = mount::kind::bind;
  bind.source = "/host";
  bind.target = "/in";
  bind.read_only = true;
  bind.options = {"z", "cached"};
  mount volume;
  volume.source = "shop_data";
  volume.target = "/data";
  volume.options = {"nocopy"};
  mount anonymous;
  anonymous.target = "/cache";
  mount tmpfs;
  tmpfs.type = mount::kind::tmpfs;
  tmpfs.target = "/tmp";
  tmpfs.tmpfs_size = 1024;
  tmpfs.tmpfs_mode = 01777;
  s.mounts = {bind, volume, anonymous, tmpfs};
  s.networks = {{"shop_default", {{"www"}, "10.1.0.9", "fd00::9"}}, {"shop_back", {}}};
  s.ipc = "shareable";
  s.pid = "host";
  s.dns = {"9.9.9.9"};
  s.dns_search = {"example.org"};
  s.dns_opt = {"ndots:2"};
  s.extra_hosts = {"db:10.0.0.1"};
  s.sysctls = {{"net.core.somaxconn", "99"}};
  s.cap_add = {"NET_ADMIN"};
  s.cap_drop = {"ALL"};
  s.security_opt = {"no-new-privileges:true", "label=disable", "seccomp=unconfined",
                    "apparmor:mine", "systempaths=unconfined"};
  s.devices = {"/dev/fuse:/dev/fuse:rwm"};
  s.resources.cpus = 0.25;
  s.resources.memory = 1 << 20;
  s.resources.memory_swap = 2 << 20;
  s.resources.memory_reservation = 1 << 19;
  s.resources.pids = 10;
  s.resources.shm_size = 4096;
  s.resources.oom_score_adj = -5;
  s.resources.cpu_shares = 512;
  s.resources.cpuset = "0-1";
  s.resources.ulimits = {{"nofile", {10, 20}}, {"memlock", {-1, -1}}};
  healthcheck check;
  check.test = {"CMD", "true"};
  check.interval = 7s;
  check.timeout = 2500ms;
  check.start_period = 1s;
  check.retries = 5;
  s.healthcheck = check;
  return b;
}

} // namespace

TEST_CASE("every setting stands under podman's own name") {
  CHECK(created(full()) == json::parse(fixture("create_full.json")));
}

TEST_CASE("a service that asks for nothing gets what a supervised container needs") {
  auto body = created(small());
  CHECK(body == json::parse(R"({
    "name": "shop-web-1", "image": "docker.io/library/nginx:1", "restart_policy": "no",
    "stop_timeout": 30, "netns": {"nsmode": "bridge"},
    "log_configuration": {"driver": "k8s-file", "size": 10485760}})"));
}

TEST_CASE("an empty entrypoint is told as podman takes it") {
  auto b = small();
  b.spec.entrypoint = std::vector<std::string>{};
  CHECK(created(b)["entrypoint"] == json{""});
}

TEST_CASE("namespaces of others are told by the container's id") {
  auto b = small();
  b.spec.network_mode = "container:abc";
  b.spec.ipc = "container:def";
  b.spec.resources.shm_size = 4096; // podman refuses it where the namespace is another's
  b.spec.networks = {{"shop_default", {}}};
  auto body = created(b);
  CHECK(body["netns"] == json{{"nsmode", "container"}, {"value", "abc"}});
  CHECK(body["ipcns"] == json{{"nsmode", "container"}, {"value", "def"}});
  CHECK_FALSE(body.contains("Networks"));
  CHECK_FALSE(body.contains("shm_size"));
  for (const char* mode : {"host", "none"}) {
    b.spec.network_mode = mode;
    CHECK(created(b)["netns"] == json{{"nsmode", mode}});
  }
  b.spec.network_mode = "bridge";
  CHECK(created(b)["Networks"].contains("shop_default"));
}

TEST_CASE("a health check never gets a timer of podman's") {
  auto b = small();
  healthcheck check;
  check.test = {"CMD-SHELL", "true"};
  check.interval = 30s;
  b.spec.healthcheck = check;
  CHECK(created(b)["healthconfig"]["Interval"] == 0);
  CHECK(created(b)["healthconfig"]["Retries"] == 3);
  b.spec.healthcheck->disable = true;
  CHECK(created(b)["healthconfig"] == json{{"Test", {"NONE"}}});
  b.spec.healthcheck = healthcheck{};
  CHECK_FALSE(created(b).contains("healthconfig"));
}

TEST_CASE("a log has a size, whatever the manifest calls its driver") {
  auto b = small();
  b.spec.logging.driver = "json-file";
  b.spec.logging.options = {{"max-size", "2m"}, {"max-file", "3"}};
  CHECK(created(b)["log_configuration"] == json{{"driver", "k8s-file"}, {"size", 2 << 20}});
  b.spec.logging = {"journald", {{"tag", "t"}}};
  CHECK(created(b)["log_configuration"]
        == json{{"driver", "journald"}, {"options", {{"tag", "t"}}}});
  b.spec.logging = {"none", {}};
  CHECK(created(b)["log_configuration"] == json{{"driver", "none"}});
  b.spec.logging = {"", {{"max-size", "many"}}};
  REQUIRE_FALSE(create_body(b));
}

TEST_CASE("what podman has no words for is refused, and named") {
  auto refusal = [](auto change) {
    auto b = small();
    change(b.spec);
    auto body = create_body(b);
    REQUIRE_FALSE(body);
    CHECK(body.error().code == errc::invalid);
    return body.error().message;
  };
  auto has = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  CHECK(has(refusal([](service& s) { s.stop_signal = "SIGNOPE"; }), "SIGNOPE"));
  CHECK(has(refusal([](service& s) { s.network_mode = "service:db"; }), "service:db"));
  CHECK(has(refusal([](service& s) { s.security_opt = {"magic:on"}; }), "magic:on"));
  CHECK(has(refusal([](service& s) { s.environment["A"] = "\xff\xfe"; }), "UTF-8"));
}

TEST_CASE("a running container is read from podman's inspect") {
  auto read = read_inspect(fixture("inspect_running.json"));
  REQUIRE(read);
  const auto& seen = read->seen;
  CHECK(seen.id == "3a62749949d208f9f428b0210e55899be9d4bc341d458d705f37e98909b03e9a");
  CHECK(seen.name == "shop-web-1");
  CHECK(seen.status == engine_status::running);
  CHECK(seen.pid == 817);
  CHECK(seen.conmon_pid == 807);
  CHECK_FALSE(seen.process_alive); // only the kernel can say
  CHECK(seen.started_at == 1795346291992246118);
  CHECK(seen.finished_at == 0);
  CHECK_FALSE(seen.exit.code); // podman says 0 while it runs
  CHECK(seen.health == "healthy");
  CHECK(seen.has_healthcheck);
  CHECK(seen.check.test == std::vector<std::string>{"CMD-SHELL", "echo fine"});
  CHECK(seen.check.interval == 7s); // as we kept it; podman was told 0
  CHECK(read->podman_interval == 0ms);
  CHECK(seen.check.timeout == 2s);
  CHECK(seen.check.start_period == 1s);
  CHECK(seen.check.retries == 4);
  CHECK(seen.image == "localhost/davit-demo:1");
  CHECK(seen.image_id == "f36ccbe6bec5650e6a06693ead4e0065bce21614324845a5480a8b7f5ed9acca");
  CHECK(seen.stop_signal == "SIGUSR1");
  CHECK(seen.labels == string_map{{"io.davit.stack", "shop"}, {"io.davit.service", "web"}});
  CHECK(seen.ports
        == std::vector<port_mapping>{{"", 15353, 53, "udp"}, {"127.0.0.1", 18080, 80, "tcp"}});
  CHECK(seen.volumes.at("/data") == "shop_data");
  CHECK(seen.volumes.at("/cache").size() == 64);
  CHECK(read_check_output(fixture("inspect_running.json")) == "fine");
}

TEST_CASE("an end is read only where there was one") {
  auto text = fixture("inspect_exited.json");
  auto read = read_inspect(text);
  REQUIRE(read);
  CHECK(read->seen.status == engine_status::exited);
  CHECK(read->seen.exit == exit_info{7, false});
  CHECK(read->seen.pid == 0);
  CHECK(read->seen.finished_at == 1795346293041178982);

  auto changed = json::parse(text);
  changed["State"]["ExitCode"] = -1; // nobody saw it
  CHECK_FALSE(read_inspect(changed.dump())->seen.exit.code);
  changed["State"]["ExitCode"] = 137;
  changed["State"]["OOMKilled"] = true;
  CHECK(read_inspect(changed.dump())->seen.exit == exit_info{137, true});
  changed["State"]["Status"] = "created"; // as a reboot leaves it
  changed["State"]["ExitCode"] = 0;
  CHECK_FALSE(read_inspect(changed.dump())->seen.exit.code);
}

TEST_CASE("the words of podman 5 are read as well") {
  auto changed = json::parse(fixture("inspect_running.json"));
  changed["Config"]["StopSignal"] = "SIGINT";
  changed["State"]["Healthcheck"] = changed["State"]["Health"];
  changed["State"].erase("Health");
  changed["State"]["StartedAt"] = "2026-11-22T13:18:11.5+02:00";
  auto read = read_inspect(changed.dump());
  REQUIRE(read);
  CHECK(read->seen.stop_signal == "SIGINT");
  CHECK(read->seen.health == "healthy");
  CHECK(read->seen.started_at == 1795346291500000000);
}

TEST_CASE("what is no answer of podman's is said to be none") {
  for (const char* text : {"", "null", "[]", "{}", "<html>", R"({"Id": 5})"}) {
    CHECK(read_inspect(text).error().code == errc::corrupt);
    CHECK(read_image(text).error().code == errc::corrupt);
  }
  CHECK_FALSE(read_ids("{}"));
  CHECK(read_ids("[]")->empty());
  CHECK(read_ids(R"([{"Id":"a"},{"Id":"b"}])") == std::vector<std::string>{"a", "b"});
}

TEST_CASE("a network's range is told by its first and last lease") {
  network n;
  n.name = "shop_default";
  n.internal = true;
  n.enable_ipv6 = true;
  n.labels = {{"own", "1"}};
  n.driver_opts = {{"com.docker.network.bridge.name", "br9"},
                   {"com.docker.network.driver.mtu", "1400"},
                   {"isolate", "true"}};
  n.subnets = {{"10.5.0.0/16", "10.5.0.1", "10.5.128.0/17"}, {"fd00:5::/64", "", ""}};
  auto body = network_body(n, {{"io.davit.stack", "shop"}});
  REQUIRE(body);
  CHECK(json::parse(*body) == json::parse(R"({
    "name": "shop_default", "driver": "bridge", "internal": true, "ipv6_enabled": true,
    "dns_enabled": true, "labels": {"own": "1", "io.davit.stack": "shop"},
    "network_interface": "br9", "options": {"mtu": "1400", "isolate": "true"},
    "subnets": [{"subnet": "10.5.0.0/16", "gateway": "10.5.0.1",
                 "lease_range": {"start_ip": "10.5.128.0", "end_ip": "10.5.255.255"}},
                {"subnet": "fd00:5::/64"}]})"));
  n.subnets[0].ip_range = "10.5.0.0";
  CHECK(network_body(n, {}).error().code == errc::invalid);
}

TEST_CASE("a volume's body has podman's own word for labels") {
  volume v;
  v.name = "shop_data";
  v.driver_opts = {{"type", "nfs"}};
  auto body = volume_body(v, {{"a", "b"}});
  REQUIRE(body);
  CHECK(json::parse(*body)
        == json::parse(R"({"Name": "shop_data", "Driver": "local", "Label": {"a": "b"},
                           "Options": {"type": "nfs"}})"));
}

TEST_CASE("signals are known by name and by number") {
  CHECK(signal_number("SIGTERM") == 15);
  CHECK(signal_number("term") == 15);
  CHECK(signal_number("9") == 9);
  CHECK(signal_number("SIGRTMIN+3") == 37);
  CHECK(signal_number("RTMAX") == 64);
  for (const char* wrong : {"", "SIG", "SIGNOPE", "0", "65", "-1", "SIGRTMIN+99", "15x"})
    CHECK_FALSE(signal_number(wrong));
  CHECK(signal_name(15) == "SIGTERM");
  CHECK(signal_name(37) == "37");
}

TEST_CASE("a short reference means Docker's registry, as in Compose") {
  CHECK(qualified("nginx") == "docker.io/library/nginx");
  CHECK(qualified("nginx:1.25") == "docker.io/library/nginx:1.25");
  CHECK(qualified("bitnami/redis") == "docker.io/bitnami/redis");
  CHECK(qualified("quay.io/x/y") == "quay.io/x/y");
  CHECK(qualified("localhost:5000/x") == "localhost:5000/x");
  CHECK(qualified("localhost/x") == "localhost/x");
}

TEST_CASE("times that are none are never") {
  CHECK(read_time("0001-01-01T00:00:00Z") == 0);
  CHECK(read_time("") == 0);
  CHECK(read_time("yesterday at noon, or so") == 0);
  CHECK(read_time("1970-01-01T00:00:01.000000002Z") == 1'000'000'002);
}

TEST_CASE("what stands in a path is encoded") {
  CHECK(encoded("a b/c?d") == "a%20b%2Fc%3Fd");
  CHECK(encoded("localhost/x:1@y", "/:@") == "localhost/x:1@y");
  CHECK(encoded("\xc3\xa9") == "%C3%A9");
}
