// Goal: what the daemon encodes the command line decodes to the same, `davit status --json`
// keeps its contract to the letter, and a bad document is an error and nothing else.
// Method: round trips of full and of empty values; the contract as literal text; broken input.
#include "runtime/api/answer_json.hpp"
#include "runtime/api/error_json.hpp"
#include "runtime/api/progress_json.hpp"
#include "runtime/api/request_json.hpp"
#include "runtime/api/status_json.hpp"
#include "tests/catch.hpp"

using namespace davit;

namespace {

wall_time at_ms(std::int64_t ms) { return wall_time{milliseconds{ms}}; }
constexpr std::int64_t noon = 1'769'860'800'123; // 2026-01-31T12:00:00.123Z

service_status full_service() {
  service_status s;
  s.name = "db";
  s.phase = phase::backing_off;
  s.health = readiness::ill;
  s.container_id = "c0ffee";
  s.pid = 4711;
  s.exit_code = 137;
  s.exit_reason = "SIGKILL, probably out of memory";
  s.restarts = {3, 17};
  s.next_attempt_at = at_ms(noon);
  s.waiting_for = {"net (service_started)"};
  s.reason = "restart 4 of 10 in 30m";
  s.image = "docker.io/library/postgres:16";
  s.since = at_ms(noon - 1000);
  s.ports = {{"127.0.0.1", 8080, 80, "tcp"}, {"", 5353, 53, "udp"}};
  return s;
}

} // namespace

TEST_CASE("the status contract, key by key and in order") {
  host_status host;
  host.stacks.push_back({"shop", "000002", "up", {full_service()}});
  host.store_state = "ok";
  host.engine_state = "slow";
  host.engine_reason = "3 calls took over 5 s";
  CHECK(
    api::encode(host)
    == R"({"stacks":[{"name":"shop","services":[{"name":"db","phase":"backing_off","health":"ill",)"
       R"("container_id":"c0ffee","pid":4711,"exit_code":137,)"
       R"("exit_reason":"SIGKILL, probably out of memory","restarts":{"window":3,"total":17},)"
       R"x("next_attempt_at":"2026-01-31T12:00:00.123Z","waiting_for":["net (service_started)"],)x"
       R"("reason":"restart 4 of 10 in 30m","image":"docker.io/library/postgres:16",)"
       R"("since":"2026-01-31T11:59:59.123Z","ports":[{"host_ip":"127.0.0.1","host_port":8080,)"
       R"("container_port":80,"protocol":"tcp"},{"host_ip":null,"host_port":5353,)"
       R"("container_port":53,"protocol":"udp"}]}],"revision":"000002","goal":"up"}],)"
       R"("store":{"state":"ok","reason":null},)"
       R"("engine":{"state":"slow","reason":"3 calls took over 5 s"},"orphans":[]})");
}

TEST_CASE("what is absent is null, lists are empty lists") {
  host_status host;
  service_status bare;
  bare.name = "x";
  bare.health = readiness::none;
  host.stacks.push_back({"s", "", "", {bare}});
  CHECK(api::encode(host)
        == R"({"stacks":[{"name":"s","services":[{"name":"x","phase":"pending","health":null,)"
           R"("container_id":null,"pid":null,"exit_code":null,"exit_reason":null,)"
           R"("restarts":{"window":0,"total":0},"next_attempt_at":null,"waiting_for":[],)"
           R"("reason":null,"image":null,"since":null,"ports":[]}],"revision":null,"goal":null}],)"
           R"("store":{"state":null,"reason":null},"engine":{"state":null,"reason":null},)"
           R"("orphans":[]})");
}

TEST_CASE("status goes round") {
  host_status host;
  host.stacks.push_back({"shop", "000002", "up", {full_service(), service_status{}}});
  host.stacks.push_back({"zoo", "000001", "down", {}});
  host.store_state = "failed";
  host.store_reason = "the disk is full";
  host.engine_state = "ok";
  observation orphan;
  orphan.id = "beef";
  orphan.name = "old-db-1";
  orphan.image = "postgres:15";
  orphan.status = engine_status::exited;
  orphan.labels = {{label::stack, "old"}, {label::service, "db"}};
  host.orphans.push_back(orphan);
  const auto back = api::decode_status(api::encode(host));
  REQUIRE(back);
  CHECK(back->stacks == host.stacks);
  CHECK(back->store_state == "failed");
  CHECK(back->store_reason == host.store_reason);
  CHECK(back->engine_state == "ok");
  REQUIRE(back->orphans.size() == 1);
  CHECK(back->orphans[0].id == "beef");
  CHECK(back->orphans[0].status == engine_status::exited);
  CHECK(back->orphans[0].labels == orphan.labels);
}

TEST_CASE("every phase has its word and comes back") {
  for (int i = 0; i <= static_cast<int>(phase::unknown); ++i) {
    const auto p = static_cast<phase>(i);
    CHECK(api::phase_of(to_string(p)) == p);
  }
  CHECK(api::phase_of("dancing") == phase::unknown);
}

TEST_CASE("an operation is told page by page") {
  operation_status op{"a1", "install", "shop", "trial", false, false, false, "", {"one", "two"}};
  CHECK(api::encode(op, 0)
        == R"({"id":"a1","kind":"install","stack":"shop","phase":"trial","done":false,)"
           R"("ok":false,"partial":false,"error":null,"progress":["one","two"],"next":2})");
  auto page = api::decode_operation(api::encode(op, 1));
  REQUIRE(page);
  CHECK(page->status.progress == std::vector<std::string>{"two"});
  CHECK(page->next == 2);
  page = api::decode_operation(api::encode(op, 9'000'000'000'000));
  REQUIRE(page);
  CHECK(page->status.progress.empty());
  op.done = true;
  op.partial = true;
  op.error = "web did not start";
  page = api::decode_operation(api::encode(op, 0));
  REQUIRE(page);
  CHECK(page->status == op);
}

TEST_CASE("events, the accepted answer and health go round") {
  const std::vector<event> events{{7, at_ms(noon), "shop", "db", "exit", "db crashed (1)"},
                                  {8, at_ms(noon + 1), "", "", "engine", "podman is back"}};
  CHECK(api::decode_events(api::encode(events)).value() == events);
  const std::string line = api::encode_sse(events[0]);
  CHECK(line.starts_with("data: {"));
  CHECK(line.ends_with("}\n\n"));
  CHECK(api::decode_event(line.substr(6)).value() == events[0]);
  CHECK(api::decode_accepted(api::encode_accepted("a1")).value() == "a1");
  CHECK(!api::decode_accepted("{}"));
  const api::health_report health{false, {"the store failed"}, "failed", "ok", "0.1.0"};
  CHECK(api::decode_health(api::encode(health)).value() == health);
}

TEST_CASE("plan and why go round") {
  plan p{"shop", "000003", {}, {"volume data is never rolled back"}};
  for (int i = 0; i <= static_cast<int>(plan_action::volume); ++i)
    p.steps.push_back({static_cast<plan_action>(i), "db", "because"});
  CHECK(api::decode_plan(api::encode(p)).value() == p);
  CHECK(!api::decode_plan(R"({"steps":[{"action":"explode","target":"x"}]})"));

  why w;
  w.service = "db";
  w.phase = phase::broken;
  w.reason = "10 restarts in 30m";
  w.rule = "budget";
  w.counters = {10, 10, 30min, 12, 30, 1h, 40, "open"};
  w.next_attempt_at = at_ms(noon);
  w.waiting_for = {"net (service_healthy)"};
  w.last_exit = last_exit{139, false, "segmentation fault", at_ms(noon - 5)};
  w.advice = "Mend the cause, then davit restart shop/db.";
  CHECK(api::decode_why(api::encode(w)).value() == w);
  CHECK(api::decode_why(api::encode(why{})).value() == why{});
}

TEST_CASE("an install request goes round, secrets of any bytes included") {
  api::install_request request;
  request.model.name = "shop";
  request.model.services["db"].name = "db";
  request.model.services["db"].image = "postgres:16";
  request.model.services["db"].environment["LANG"] = "C";
  request.source = "services:\n  db: {image: \"postgres:16\"}\n";
  request.secrets = {{"pw", "hunter2\n"}, {"key", std::string("\xff\x00\x80", 3)}};
  request.wait = false;
  request.author = "ann";
  CHECK(api::decode_install(api::encode(request)).value() == request);
}

TEST_CASE("a bad request names its place and never its content") {
  const auto bad = [](std::string_view text) {
    const auto got = api::decode_install(text);
    INFO(text);
    REQUIRE(!got);
    CHECK(got.error().code == errc::invalid);
    CHECK(got.error().message.find("hunter2") == std::string::npos);
    return got.error().message;
  };
  bad("");
  bad("hunter2");
  bad("[]");
  bad("{}");
  bad(R"({"model":"hunter2"})");
  CHECK(bad(R"({"model":{"name":"s"},"secrets":{"pw":["hunter2"]}})").find("secrets.pw")
        != std::string::npos);
  CHECK(bad(R"({"model":{"name":"s"},"wiat":true})").find("wiat") != std::string::npos);
  bad("{\"model\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}");
}

TEST_CASE("an error goes round, with its status") {
  const error told{errc::conflict, "port 80 is taken by shop/web", "Choose another."};
  CHECK(api::encode(told)
        == R"({"error":{"code":"conflict","message":"port 80 is taken by shop/web",)"
           R"("remedy":"Choose another."}})");
  CHECK(api::decode_error(409, api::encode(told)) == told);
  CHECK(api::http_status(errc::conflict) == 409);
  CHECK(api::http_status(errc::busy) == 503);
  CHECK(api::http_status(errc::not_found) == 404);
  CHECK(api::http_status(errc::invalid) == 400);
  CHECK(api::http_status(errc::timeout) == 504);
  CHECK(api::http_status(errc::unreachable) == 502);
  for (const char* foreign : {"", "<html>nginx</html>", "{}", R"({"error":"no"})"})
    CHECK(api::decode_error(502, foreign).message.find("502") != std::string::npos);
}

TEST_CASE("text that is no UTF-8 does not break an answer") {
  operation_status op;
  op.error = "said: \xff\xfe";
  const auto page = api::decode_operation(api::encode(op, 0));
  REQUIRE(page);
  CHECK(page->status.error == "said: \xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_CASE("answers of the wrong shape are errors that name the key") {
  const auto wrong = api::decode_status(R"({"stacks":[{"services":[{"pid":"x"}]}]})");
  REQUIRE(!wrong);
  CHECK(wrong.error().message.find("stacks[0].services[0].pid") != std::string::npos);
  CHECK(!api::decode_status(R"({"stacks":[7]})"));
  CHECK(!api::decode_status("[]"));
  CHECK(!api::decode_events(R"({"events":[{"at":"yesterday"}]})"));
  CHECK(api::decode_status(R"({"a_newer_key":1})").has_value());
}
