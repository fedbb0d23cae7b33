// Goal: a setting of the manifest reaches the process in the container, whatever podman calls
// it; podman ignores what it does not know, so only the inside can prove it.
// Method: a container prints what it sees of its own settings; its log is compared.
#include "runtime/effects/podman_events.hpp"
#include "tests/contract/engine_podman.hpp"

#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>

using namespace davit;
using namespace davit::contract;

namespace {

std::string read_log(podman_world& w, const std::string& id, const ports::log_options& options) {
  auto stream = w.podman().logs(id, options);
  REQUIRE(stream);
  std::string all;
  while (auto piece = (*stream)->next(10s))
    all += *piece;
  return all;
}

/// What `script` prints in a container made by `b`.
std::string printed(podman_world& w, blueprint b, const std::string& script) {
  promises p(w);
  auto net = b.spec.network_mode;
  auto image = b.spec.image;
  give_shell(b, script);
  b.spec.network_mode = net;
  b.spec.image = image;
  auto seen = p.up(b);
  p.wait_for_end(seen.id);
  auto text = read_log(w, seen.id, {});
  CHECK_FALSE(p.ask(ports::remove_container{seen.id}).failure);
  return text;
}

struct folder {
  std::filesystem::path path
    = std::filesystem::temp_directory_path() / ("davit-contract-" + std::to_string(::getpid()));
  folder() { std::filesystem::create_directories(path); }
  ~folder() { std::filesystem::remove_all(path); }
};

} // namespace

TEST_CASE("process settings reach the container") {
  podman_world w;
  promises p(w);
  auto b = p.plan("process", habit::obeys);
  b.spec.environment = {{"GREETING", "hello \"world\"\nand more"}, {"EMPTY", ""}};
  b.spec.hostname = "inner";
  b.spec.domainname = "example.org";
  b.spec.working_dir = "/made/here";
  b.spec.user = "65534:65534";
  b.spec.group_add = {"1234"};
  b.spec.sysctls = {{"kernel.shm_rmid_forced", "1"}};
  b.spec.cap_drop = {"ALL"};
  b.spec.security_opt = {"no-new-privileges:true"};
  b.spec.resources.ulimits = {{"nofile", {100, 200}}, {"nproc", {300, 300}}};
  b.spec.resources.shm_size = 1 << 20;
  b.spec.resources.oom_score_adj = 77;
  auto text = printed(w, b,
                      "echo \"$GREETING|$EMPTY|\"; hostname; cat /proc/sys/kernel/domainname; pwd;"
                      "id -u; id -G; cat /proc/sys/kernel/shm_rmid_forced; ulimit -Sn; ulimit -Hn;"
                      "grep -E 'CapEff|NoNewPrivs' /proc/self/status | tr -d '\\t';"
                      "df -k /dev/shm | tail -n 1 | tr -s ' ' | cut -d' ' -f2;"
                      "cat /proc/self/oom_score_adj");
  CHECK(text
        == "hello \"world\"\nand more||\ninner\nexample.org\n/made/here\n65534\n65534 1234\n1\n"
           "100\n200\nCapEff:0000000000000000\nNoNewPrivs:1\n1024\n77\n");
}

TEST_CASE("mounts reach the container, and a missing bind source is made") {
  podman_world w;
  promises p(w);
  folder f;
  std::ofstream(f.path / "secret") << "hidden";
  auto b = p.plan("mounts", habit::obeys);
  b.spec.read_only = true;
  mount made;
  made.type = mount::kind::bind;
  made.source = (f.path / "made" / "deep").string();
  made.target = "/made";
  mount secret;
  secret.type = mount::kind::bind;
  secret.source = (f.path / "secret").string();
  secret.target = "/run/secrets/token";
  secret.read_only = true;
  secret.create_host_path = false;
  mount scratch;
  scratch.type = mount::kind::tmpfs;
  scratch.target = "/scratch";
  scratch.tmpfs_size = 1 << 20;
  scratch.tmpfs_mode = 0750;
  mount named;
  named.source = "contract-vol";
  named.target = "/data";
  b.spec.mounts = {made, secret, scratch, named};
  auto text
    = printed(w, b,
              "cat /run/secrets/token; echo; (echo x > /run/secrets/token) 2>&1 | "
              "grep -c 'Read-only'; (echo x > /new) 2>&1 | grep -c 'Read-only'; "
              "echo out > /made/file; echo in > /data/file; cat /data/file;"
              "stat -c %a /scratch; df -k /scratch | tail -n 1 | tr -s ' ' | cut -d' ' -f2");
  CHECK(text == "hidden\n1\n1\nin\n750\n1024\n");
  CHECK(std::filesystem::exists(f.path / "made" / "deep" / "file"));
  mount nowhere = secret;
  nowhere.source = (f.path / "nowhere").string();
  b.spec.mounts = {nowhere};
  auto reply = p.ask(ports::create_container{b});
  if (!reply.failure) { // podman versions differ in when they look
    REQUIRE(reply.seen);
    reply = p.ask(ports::start_container{reply.seen->id});
  }
  CHECK(p.code(reply) == errc::refused);
  CHECK_FALSE(reply.fatal); // the disk may be mounted later
}

TEST_CASE("networks, names, addresses and ports reach the container") {
  podman_world w;
  promises p(w);
  network n;
  n.name = "contract-net";
  n.subnets = {{"10.240.7.0/24", "10.240.7.1", "10.240.7.128/25"}};
  REQUIRE(p.ask(ports::create_network{n, {{mark, "1"}}}).created);
  auto b = p.plan("web", habit::obeys);
  b.spec.network_mode.clear();
  b.spec.networks = {{n.name, {{"site"}, "10.240.7.200", ""}}};
  b.spec.command = {{"httpd", "-f", "-p", "80", "-h", "/www"}};
  b.spec.ports = {{"127.0.0.1", 0, 80, "tcp"}};
  auto server = p.up(b);
  REQUIRE(server.ports.size() == 1);
  CHECK(server.ports[0].host_port > 0); // podman chose, and the look tells
  CHECK(server.ports[0].container_port == 80);
  CHECK(server.ports[0].host_ip == "127.0.0.1");

  auto client = p.plan("client", habit::obeys);
  client.spec.network_mode.clear();
  client.spec.networks = {{n.name, {}}};
  client.spec.extra_hosts = {"elsewhere:10.1.2.3"};
  auto text
    = printed(w, client,
              "wget -qO- http://web/; wget -qO- http://site/; wget -qO- http://10.240.7.200/;"
              "grep elsewhere /etc/hosts | tr '\\t' ' ';"
              "hostname -i | grep -cE '^10\\.240\\.7\\.(12[89]|1[3-9][0-9]|2[0-9][0-9])$'");
  CHECK(text
        == "hello\nhello\nhello\n10.1.2.3 elsewhere\n1\n"); // its own address lies in the range

  auto named = p.plan("named", habit::obeys);
  named.spec.network_mode = "bridge";
  named.spec.dns = {"192.0.2.53"};
  named.spec.dns_search = {"corner.example"};
  named.spec.dns_opt = {"ndots:2"};
  text = printed(w, named, "cat /etc/resolv.conf");
  CHECK(text.find("search corner.example") != std::string::npos);
  CHECK(text.find("nameserver 192.0.2.53") != std::string::npos);
  CHECK(text.find("ndots:2") != std::string::npos);

  auto clash = p.plan("clash", habit::obeys);
  clash.spec.network_mode.clear();
  clash.spec.networks = {{n.name, {}}};
  clash.spec.ports = {server.ports[0]};
  auto made = p.made(clash);
  auto reply = p.ask(ports::start_container{made.id});
  CHECK(p.code(reply) == errc::conflict);
  CHECK_FALSE(reply.fatal);

  auto guest = p.plan("guest", habit::obeys);
  guest.spec.network_mode = "container:" + server.id;
  CHECK(printed(w, guest, "wget -qO- http://127.0.0.1/") == "hello\n");
  auto outside = p.plan("outside", habit::obeys);
  outside.spec.network_mode = "none";
  CHECK(printed(w, outside, "ls /sys/class/net") == "lo\n");
}

TEST_CASE("an entrypoint and a command mean what Compose says") {
  podman_world w;
  promises p(w);
  auto run = [&](std::optional<std::vector<std::string>> entrypoint,
                 std::optional<std::vector<std::string>> command) {
    auto b = p.plan("entry", habit::obeys);
    b.spec.entrypoint = std::move(entrypoint);
    b.spec.command = std::move(command);
    auto seen = p.up(b);
    p.wait_for_end(seen.id);
    auto text = read_log(w, seen.id, {});
    CHECK_FALSE(p.ask(ports::remove_container{seen.id}).failure);
    return text;
  };
  using words = std::vector<std::string>;
  CHECK(run(std::nullopt, words{"echo", "a"}) == "a\n");
  CHECK(run(words{"echo", "b"}, std::nullopt) == "b\n");
  CHECK(run(words{"echo", "b"}, words{"c"}) == "b c\n");
  CHECK(run(words{}, words{"echo", "d"}) == "d\n");
  auto b = p.plan("entry", habit::obeys);
  b.spec.image = "localhost/davit-checked:1";
  b.spec.command = words{}; // none: the image's entrypoint alone, a shell without a script
  auto seen = p.up(b);
  CHECK(p.wait_for_end(seen.id).exit.code == 0);
}

TEST_CASE("limits, stop signal, grace, policy and log size are as asked") {
  podman_world w;
  promises p(w);
  auto b = p.plan("limits", habit::obeys);
  b.spec.stop_signal = "SIGUSR1";
  b.grace = 1500ms;
  b.spec.resources.memory = 64 << 20;
  b.spec.resources.cpus = 0.5;
  b.spec.resources.pids = 64;
  b.log_bytes = 1 << 20;
  auto seen = p.up(b);
  CHECK(seen.stop_signal == "SIGUSR1");
  effects::podman::http http(podman_socket());
  auto inspect
    = http
        .call("GET", std::string(effects::podman::api) + "/containers/" + seen.id + "/json", {}, 5s)
        .body;
  for (const char* setting : {"\"StopTimeout\":2", "\"Memory\":67108864", "\"CpuQuota\":50000",
                              "\"CpuPeriod\":100000", "\"PidsLimit\":64", "\"Type\":\"k8s-file\"",
                              "\"Size\":\"1.049MB\"", "\"RestartPolicy\":{\"Name\":\"no\""}) {
    INFO(setting);
    CHECK(inspect.find(setting) != std::string::npos);
  }
}

TEST_CASE("podman runs no check by a timer of its own, and the interval is kept") {
  podman_world w;
  promises p(w);
  auto b = p.plan("timed", habit::well);
  b.spec.healthcheck->interval = 7s;
  b.spec.healthcheck->timeout = 3s;
  auto seen = p.made(b);
  CHECK(seen.check.interval == 7s);
  CHECK(seen.check.timeout == 3s);
  CHECK(seen.check.retries == 3);
  effects::podman::http http(podman_socket());
  auto inspect
    = http
        .call("GET", std::string(effects::podman::api) + "/containers/" + seen.id + "/json", {}, 5s)
        .body;
  CHECK(inspect.find("\"Interval\"") == std::string::npos);
}

TEST_CASE("an image's own check is taken over from podman, and can be changed or turned off") {
  podman_world w;
  promises p(w);
  auto b = p.plan("checked", habit::obeys);
  b.spec.image = "localhost/davit-checked:1";
  b.spec.command.reset();
  auto made_with = [&](std::optional<healthcheck> check) {
    b.spec.healthcheck = std::move(check);
    auto seen = p.made(b);
    effects::podman::http http(podman_socket());
    auto path = std::string(effects::podman::api) + "/containers/" + seen.id + "/json";
    CHECK(http.call("GET", path, {}, 5s).body.find("\"Interval\"") == std::string::npos);
    return seen;
  };
  auto seen = made_with(std::nullopt);
  CHECK(seen.has_healthcheck);
  CHECK(seen.check.interval == 7s);
  CHECK(seen.check.timeout == 2s);
  CHECK(seen.check.retries == 4);
  CHECK_FALSE(p.ask(ports::start_container{seen.id}).failure);
  auto checked = p.ask(ports::run_healthcheck{seen.id, 10s});
  CHECK(checked.healthy);
  CHECK(checked.output == "well");
  CHECK_FALSE(p.ask(ports::remove_container{seen.id}).failure);

  healthcheck slower;
  slower.interval = 60s;
  seen = made_with(slower); // the image's test, at our pace
  CHECK(seen.check.interval == 60s);
  CHECK(seen.check.retries == 4);
  CHECK_FALSE(p.ask(ports::remove_container{seen.id}).failure);

  healthcheck off;
  off.disable = true;
  CHECK_FALSE(made_with(off).has_healthcheck);
}

TEST_CASE("a log is read from its end, followed, and let go of at any moment") {
  podman_world w;
  promises p(w);
  auto b = p.plan("talker", habit::obeys);
  give_shell(b, "echo one; echo two >&2; echo three; trap 'echo last; exit 0' TERM;"
                "while :; do sleep 0.05; done");
  auto seen = p.up(b);
  ports::log_options follow;
  follow.follow = true;
  auto stream = w.podman().logs(seen.id, follow);
  REQUIRE(stream);
  std::string text;
  // Two pipes bring them, so their order may differ.
  auto has = [&](const char* line) { return text.find(line) != std::string::npos; };
  while (!has("one\n") || !has("two\n") || !has("three\n")) {
    auto piece = (*stream)->next(10s);
    REQUIRE(piece);
    text += *piece;
  }
  ports::log_options last;
  last.tail = 1;
  auto tail = read_log(w, seen.id, last);
  CHECK((tail == "two\n" || tail == "three\n"));
  { // one that nobody reads any more ends with its object, though the container goes on
    auto idle = w.podman().logs(seen.id, follow);
    REQUIRE(idle);
  }
  CHECK_FALSE(p.ask(ports::signal_container{seen.id, "SIGTERM"}).failure);
  while (auto piece = (*stream)->next(10s))
    text += *piece;
  CHECK(has("last\n")); // and the end of the log was told
  auto absent = w.podman().logs(std::string(64, 'a'), {});
  REQUIRE_FALSE(absent);
  CHECK(absent.error().code == errc::not_found);
}

TEST_CASE("events give a reason to look") {
  struct listener final : ports::event_sink {
    void touched(const std::string& id) override {
      std::lock_guard lock(mutex);
      ids.push_back(id);
      changed.notify_all();
    }
    void gap() override {}
    void reachable(bool yes) override {
      std::lock_guard lock(mutex);
      answers = yes;
      changed.notify_all();
    }
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::string> ids;
    bool answers = false;
  } heard;
  podman_world w;
  promises p(w);
  effects::podman_events events(podman_socket(), heard);
  auto wait = [&](auto what) {
    std::unique_lock lock(heard.mutex);
    REQUIRE(heard.changed.wait_for(lock, 20s, what));
  };
  wait([&] { return heard.answers; });
  auto seen = p.up("noisy", habit::obeys);
  auto told = [&] { return std::count(heard.ids.begin(), heard.ids.end(), seen.id); };
  wait([&] { return told() >= 2; }); // created, started
  w.kill_process(seen);
  wait([&] { return told() >= 3; });
  CHECK_FALSE(p.ask(ports::remove_container{seen.id}).failure);
  wait([&] { return told() >= 4; });
}

TEST_CASE("a pull of what no registry has fails as what it is") {
  podman_world w;
  promises p(w);
  // Nobody listens on port 1: it may pass by itself.
  auto reply = p.ask(ports::pull_image{"127.0.0.1:1/nothing:1", 30s});
  CHECK(p.code(reply) == errc::refused);
  CHECK_FALSE(reply.fatal);
  reply = p.ask(ports::pull_image{"UPPER/Case", 30s});
  CHECK(p.code(reply) == errc::invalid);
  CHECK(reply.fatal);
}
