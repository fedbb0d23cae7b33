// Goal: every other command asks for the right thing, prints it for a person, a pipe or a
// program, and ends with the exit code that scripts rely on.
// Method: the built program against a scripted daemon; a real terminal where it matters.
#include "runtime/api/answer_json.hpp"
#include "runtime/api/progress_json.hpp"
#include "runtime/api/status_json.hpp"
#include "tests/catch.hpp"
#include "tests/unit/cli/program.hpp"

#include <csignal>

using namespace davit;
using Catch::Matchers::Contains;
using davit::test::bench;
using davit::test::fed_stream;

namespace {

host_status two_services() {
  host_status host;
  service_status db;
  db.name = "db";
  db.phase = phase::running;
  db.health = readiness::ready;
  db.restarts = {0, 2};
  service_status web;
  web.name = "web";
  web.phase = phase::waiting;
  web.restarts = {1, 3};
  web.waiting_for = {"db (service_healthy)"};
  web.ports = {{"127.0.0.1", 8080, 80, "tcp"}, {"::1", 53, 53, "udp"}, {"", 0, 9, "tcp"}};
  host.stacks.push_back({"shop", "000001", "up", {db, web}});
  host.store_state = host.engine_state = "ok";
  return host;
}

void accept(bench& b, const std::string& key, bool ok = true) {
  b.front->say(key, api::encode_accepted("op1"), 202);
  const operation_status op{"op1",         "stop", "shop", "committed",
                            true,          ok,     false,  ok ? "" : "db did not stop",
                            {"db stopped"}};
  b.front->say("GET /v1/operations/op1", api::encode(op, 0));
}

ports::api_response streamed(const std::shared_ptr<fed_stream>& source) {
  ports::api_response told;
  told.content_type = "text/plain";
  told.stream = source;
  return told;
}

} // namespace

TEST_CASE("status is a table in a pipe, with nothing cut and no colour") {
  bench b;
  b.start_daemon();
  b.front->say("GET /v1/status", api::encode(two_services()));
  for (const char* name : {"status", "ps"}) {
    const auto seen = b.davit({name});
    CHECK(seen.out
          == "STACK  SERVICE  PHASE    HEALTH  RESTARTS      SINCE  "
             "PORTS                                            REASON\n"
             "shop   db       running  ready   2             -      "
             "-                                                -\n"
             "shop   web      waiting  -       3 (1 lately)  -      "
             "127.0.0.1:8080->80/tcp, [::1]:53->53/udp, 9/tcp  waits for db (service_healthy)\n");
    CHECK(seen.err.empty());
    CHECK(seen.code == 0);
  }
}

TEST_CASE("status --json is what the daemon said, byte for byte") {
  bench b;
  b.start_daemon();
  b.front->say("GET /v1/status", api::encode(two_services()));
  CHECK(b.davit({"status", "--json"}).out == api::encode(two_services()) + "\n");
  CHECK(b.davit({"status", "shop", "--json"}).code == 0);
  CHECK(b.request("GET /v1/status").query.at("stack") == "shop");
}

TEST_CASE("status says what is wrong with the host, and when nothing is installed") {
  bench b;
  b.start_daemon();
  host_status host;
  host.store_state = "failed";
  host.store_reason = "the disk is full";
  host.engine_state = "unreachable";
  observation orphan;
  orphan.name = "old-db-1";
  orphan.status = engine_status::running;
  host.orphans.push_back(orphan);
  b.front->say("GET /v1/status", api::encode(host));
  const auto seen = b.davit({"status"});
  CHECK(seen.out == "no stack is installed\n");
  CHECK_THAT(seen.err, Contains("store failed: the disk is full") && Contains("podman unreachable")
                         && Contains("orphan old-db-1 (running)"));
  b.front->refuse("GET /v1/status",
                  {errc::not_found, "no stack 'zoo'", "davit status lists them."});
  const auto none = b.davit({"status", "zoo"});
  CHECK(none.code == 1);
  CHECK(none.err == "davit: no stack 'zoo'\n  davit status lists them.\n");
}

TEST_CASE("a terminal gets colour and a cut reason; NO_COLOR, TERM=dumb and pipes do not") {
  bench b;
  b.start_daemon();
  auto host = two_services();
  host.stacks[0].services.pop_back();
  host.stacks[0].services[0].reason = std::string(300, 'r');
  b.front->say("GET /v1/status", api::encode(host));
  b.environment["TERM"] = "xterm";
  const auto coloured = b.davit_on_terminal({"status"}, 100);
  CHECK_THAT(coloured.out, Contains("\x1b[32mrunning\x1b[0m") && Contains("\xE2\x80\xA6"));
  CHECK_THAT(coloured.out, !Contains(std::string(100, 'r')));
  b.environment["NO_COLOR"] = "1";
  const auto plain = b.davit_on_terminal({"status"}, 100);
  CHECK_THAT(plain.out, !Contains("\x1b") && Contains("\xE2\x80\xA6"));
  b.environment.erase("NO_COLOR");
  b.environment["TERM"] = "dumb";
  CHECK_THAT(b.davit_on_terminal({"status"}, 100).out, !Contains("\x1b"));
  b.environment["TERM"] = "xterm";
  CHECK_THAT(b.davit({"status"}).out, !Contains("\x1b") && Contains(std::string(300, 'r')));
}

TEST_CASE("what a container is called or says does not steer the terminal") {
  bench b;
  b.start_daemon();
  auto host = two_services();
  host.stacks[0].services[0].reason = "\x1b]0;owned\x07 \x1b[2J\xC2\x9B"
                                      "31m\nfake  line";
  b.front->say("GET /v1/status", api::encode(host));
  const auto seen = b.davit({"status"});
  CHECK_THAT(seen.out, !Contains("\x1b") && !Contains("\x07") && !Contains("\xC2\x9B"));
  CHECK(std::count(seen.out.begin(), seen.out.end(), '\n') == 3);
}

TEST_CASE("start, stop and restart ask for the stack or for the one service") {
  bench b;
  b.start_daemon();
  for (const std::string verb : {"start", "stop", "restart"}) {
    accept(b, "POST /v1/stacks/shop/" + verb);
    accept(b, "POST /v1/stacks/shop/services/db/" + verb);
    auto seen = b.davit({verb, "shop"});
    CHECK(seen.code == 0);
    CHECK(seen.out == "db stopped\n");
    b.request("POST /v1/stacks/shop/" + verb);
    CHECK(b.davit({verb, "shop/db"}).code == 0);
    b.request("POST /v1/stacks/shop/services/db/" + verb);
    accept(b, "POST /v1/stacks/shop/" + verb, false);
    seen = b.davit({verb, "shop"});
    CHECK(seen.code == 1);
    CHECK_THAT(seen.err, Contains("db did not stop"));
  }
  for (const char* bad : {"../etc", "Shop", "a/b/c", "/", "a/"})
    CHECK(b.davit({"stop", bad}).code == 2);
}

TEST_CASE("uninstall keeps volumes unless told, and down finds the stack of this folder") {
  bench b;
  b.start_daemon();
  accept(b, "DELETE /v1/stacks/shop");
  CHECK(b.davit({"uninstall", "shop"}).code == 0);
  CHECK(b.request("DELETE /v1/stacks/shop").query.empty());
  CHECK(b.davit({"uninstall", "shop", "--volumes"}).code == 0);
  CHECK(b.request("DELETE /v1/stacks/shop").query.at("volumes") == "true");
  CHECK(b.davit({"down"}).code == 2);
  b.write("compose.yaml", "services:\n  a:\n    image: x\n");
  CHECK(b.davit({"down", "-v"}).code == 0);
  CHECK(b.davit({"uninstall", "shop/db"}).code == 2);
}

TEST_CASE("logs pass byte for byte, with what was asked for") {
  bench b;
  b.start_daemon();
  const std::string bytes = "one\n\x1b[31mred\xff\ntwo";
  b.front->on("GET /v1/stacks/shop/services/db/logs", [&](const ports::api_request&) {
    auto source = std::make_shared<fed_stream>();
    source->feed(bytes);
    source->end();
    return streamed(source);
  });
  const auto seen = b.davit({"logs", "shop/db", "--tail", "20", "-t"});
  CHECK(seen.out == bytes);
  CHECK(seen.code == 0);
  const auto query = b.request("GET /v1/stacks/shop/services/db/logs").query;
  CHECK(query
        == std::map<std::string, std::string>{
          {"follow", "false"}, {"tail", "20"}, {"timestamps", "true"}});
  CHECK(b.davit({"logs", "shop/web"}).code == 1);
  CHECK(b.davit({"logs", "shop"}).code == 2);
  CHECK(b.davit({"logs", "shop/db", "--tail", "many"}).code == 2);
}

TEST_CASE("logs -f and events -f end cleanly on Ctrl-C") {
  bench b;
  b.start_daemon();
  const auto interrupt = [&b](const std::string& key, const std::string& text) {
    auto source = std::make_shared<fed_stream>();
    b.front->on(key, [source](const ports::api_request&) { return streamed(source); });
    return [&b, source, key, text](int pid) {
      CHECK(b.asked(key));
      source->feed(text);
      // What was fed has arrived once the file is not empty.
      const auto out = b.folder.parent_path() / "out";
      const auto until = std::chrono::steady_clock::now() + 20s;
      while (std::filesystem::file_size(out) == 0 && std::chrono::steady_clock::now() < until)
        std::this_thread::sleep_for(1ms);
      ::kill(pid, SIGINT);
    };
  };
  auto seen = b.davit({"logs", "-f", "shop/db"},
                      interrupt("GET /v1/stacks/shop/services/db/logs", "hello\n"));
  CHECK(seen.code == 0);
  CHECK(seen.out == "hello\n");
  CHECK(seen.err.empty());
  const event one{1, wall_time{1'769'860'800'123ms}, "shop", "db", "exit", "crashed (1)"};
  seen = b.davit({"events", "-f"}, interrupt("GET /v1/events", api::encode_sse(one)));
  CHECK(seen.code == 0);
  CHECK(seen.out == "2026-01-31T12:00:00.123Z  exit  shop/db  crashed (1)\n");
  CHECK(b.request("GET /v1/events").query.at("follow") == "true");
}

TEST_CASE("events in pieces become whole lines, and --json gives one object a line") {
  bench b;
  b.start_daemon();
  const event one{1, wall_time{0ms}, "shop", "db", "exit", "crashed (1)"};
  const event two{2, wall_time{1ms}, "", "", "engine", "podman is back"};
  b.front->on("GET /v1/events", [&](const ports::api_request& request) {
    if (!request.query.contains("follow")) {
      ports::api_response told;
      told.body = api::encode(std::vector{one, two});
      return told;
    }
    auto source = std::make_shared<fed_stream>();
    const std::string text = ":\n\n" + api::encode_sse(one) + api::encode_sse(two);
    for (const char c : text)
      source->feed(std::string(1, c));
    source->end();
    return streamed(source);
  });
  const std::string plain = "1970-01-01T00:00:00.000Z  exit  shop/db  crashed (1)\n"
                            "1970-01-01T00:00:00.001Z  engine  podman is back\n";
  CHECK(b.davit({"events", "-f"}).out == plain);
  CHECK(b.davit({"events"}).out == plain);
  CHECK(b.davit({"events", "-n", "1"}).out == plain.substr(plain.find('\n') + 1));
  const auto json = b.davit({"events", "-f", "--json"}).out;
  CHECK(std::count(json.begin(), json.end(), '\n') == 2);
  CHECK(api::decode_event(json.substr(0, json.find('\n'))).value() == one);
  CHECK(api::decode_events(b.davit({"events", "--json"}).out).value() == std::vector{one, two});
}

TEST_CASE("a stream that the daemon breaks off is told, with exit code 3") {
  bench b;
  b.start_daemon();
  auto source = std::make_shared<fed_stream>();
  source->feed("hello\n");
  b.front->on("GET /v1/stacks/shop/services/db/logs",
              [&](const ports::api_request&) { return streamed(source); });
  const auto seen = b.davit({"logs", "-f", "shop/db"}, [&](int) {
    CHECK(b.asked("GET /v1/stacks/shop/services/db/logs"));
    b.stop_daemon();
  });
  CHECK(seen.code == 3);
  CHECK_THAT(seen.err, Contains("broke off"));
}

TEST_CASE("why is a paragraph that a person can read") {
  bench b;
  b.start_daemon();
  why w;
  w.service = "db";
  w.phase = phase::backing_off;
  w.reason = "it crashes";
  w.rule = "restart_budget";
  w.counters = {4, 10, 30min, 5, 30, 1h, 17, "half_open"};
  w.waiting_for = {"net (service_started)"};
  w.last_exit = last_exit{139, false, "segmentation fault", wall_time{0ms}};
  w.advice = "Mend the cause, then davit restart shop/db";
  b.front->say("GET /v1/stacks/shop/services/db/why", api::encode(w));
  const auto seen = b.davit({"why", "shop/db"});
  CHECK(seen.out
        == "shop/db is backing off: it crashes. It waits for net (service_started). The rule that "
           "decides is restart budget. Its last life ended with exit code 139 at "
           "1970-01-01T00:00:00.000Z: segmentation fault. 4 of 10 restarts of its budget are spent "
           "in 30m, and 5 of 30 automatic starts in 1h; 17 restarts since it was installed; the "
           "breaker is half open. Mend the cause, then davit restart shop/db.\n");
  CHECK(seen.code == 0);
  CHECK(b.davit({"why", "shop/db", "--json"}).out == api::encode(w) + "\n");
  CHECK(b.davit({"why", "shop"}).code == 2);
}

TEST_CASE("without a daemon every command that needs it ends with 3 and says what to do") {
  bench b;
  b.write("compose.yaml", "services:\n  a:\n    image: x\n");
  const std::vector<std::vector<std::string>> commands{
    {"status"}, {"plan"},         {"install"},         {"uninstall", "shop"}, {"stop", "shop"},
    {"events"}, {"events", "-f"}, {"logs", "shop/db"}, {"why", "shop/db"}};
  for (const auto& command : commands) {
    const auto seen = b.davit(command);
    INFO(command[0]);
    CHECK(seen.code == 3);
    CHECK_THAT(seen.err, Contains("davitd is not running") && Contains("systemctl start davitd"));
    CHECK(seen.out.empty());
  }
  b.environment["DAVIT_HOST"] = "http://example.com:80";
  CHECK(b.davit({"status"}).code == 2);
}

TEST_CASE("--host wins over DAVIT_HOST, before and after the command") {
  bench b;
  b.start_daemon();
  b.front->say("GET /v1/status", api::encode(host_status{}));
  const std::string url = b.environment.at("DAVIT_HOST");
  b.environment["DAVIT_HOST"] = "unix:///nowhere";
  CHECK(b.davit({"status"}).code == 3);
  CHECK(b.davit({"--host", url, "status"}).code == 0);
  CHECK(b.davit({"--host=" + url, "status"}).code == 0);
  CHECK(b.davit({"status", "--host", url}).code == 0);
}

TEST_CASE("bad usage is exit code 2, and an unknown command names the nearest") {
  const bench b;
  const auto lost = b.davit({"instal"});
  CHECK(lost.code == 2);
  CHECK(lost.err == "davit: there is no command 'instal'\n  Did you mean davit install?\n");
  CHECK(b.davit({"xyzzy"}).err.find("davit --help") != std::string::npos);
  CHECK(b.davit({}).code == 2);
  CHECK(b.davit({"status", "--bogus"}).code == 2);
  CHECK(b.davit({"stop"}).code == 2);
  CHECK(b.davit({"--help"}).code == 0);
  CHECK(b.davit({"install", "--help"}).code == 0);
  CHECK_THAT(b.davit({"--version"}).out, Contains("davit "));
}

TEST_CASE("version tells both, and works without a daemon") {
  bench b;
  CHECK_THAT(b.davit({"version"}).out, Contains("davit ") && Contains("davitd unknown"));
  b.start_daemon();
  b.front->say("GET /v1/health", api::encode(api::health_report{true, {}, "ok", "ok", "9.9.9"}));
  CHECK_THAT(b.davit({"version"}).out, Contains("davitd 9.9.9\n"));
  // A daemon that is not well answers 503, and still with its version.
  b.front->say("GET /v1/health",
               api::encode(api::health_report{false, {"x"}, "failed", "ok", "9.9.9"}), 503);
  CHECK_THAT(b.davit({"version", "--json"}).out, Contains(R"("davitd":"9.9.9")"));
}
