// Goal: validate, plan and install read a manifest where the user stands, refuse a bad one
// with its place before anybody is asked, and send exactly what was found.
// Method: the built program against a scripted daemon; its request, output and exit code.
#include "runtime/api/answer_json.hpp"
#include "runtime/api/progress_json.hpp"
#include "runtime/api/request_json.hpp"
#include "runtime/api/status_json.hpp"
#include "tests/catch.hpp"
#include "tests/unit/cli/program.hpp"

using namespace davit;
using davit::test::bench;

namespace {

constexpr const char* good = R"(services:
  db:
    image: postgres:16
    environment:
      POSTGRES_PASSWORD: hunter2
    secrets: [pw]
  web:
    image: nginx
    ports: ["8080:80"]
    depends_on: [db]
secrets:
  pw:
    file: ./pw.txt
)";

/// The daemon takes the stack, tells two pages of progress, and is done.
void accept_install(bench& b, bool ok, bool partial, const std::string& why = {}) {
  b.front->say("POST /v1/stacks/shop", api::encode_accepted("op1"), 202);
  b.front->on("GET /v1/operations/op1", [=](const ports::api_request& request) {
    const bool first = request.query.at("after") == "0";
    operation_status op{
      "op1",   "install",        "shop",           first ? "trial" : "committed", !first, ok,
      partial, first ? "" : why, {"pulling nginx"}};
    if (!first)
      op.progress.emplace_back("db is ready");
    ports::api_response told;
    told.body = api::encode(op, std::stoull(request.query.at("after")));
    return told;
  });
  host_status host;
  service_status db;
  db.name = "db";
  db.phase = phase::running;
  db.health = readiness::ready;
  host.stacks.push_back({"shop", "000001", "up", {db}});
  host.store_state = host.engine_state = "ok";
  b.front->say("GET /v1/status", api::encode(host));
}

constexpr const char* table = "\nSTACK  SERVICE  PHASE    HEALTH  RESTARTS  SINCE  PORTS  REASON\n"
                              "shop   db       running  ready   0         -      -      -\n";

} // namespace

TEST_CASE("validate says that a manifest is good, without a daemon") {
  bench b;
  b.write("compose.yaml", good);
  b.write("pw.txt", "s3cret");
  const auto seen = b.davit({"validate"});
  CHECK(seen.out == "stack shop is valid: 2 services\n");
  CHECK(seen.err.empty());
  CHECK(seen.code == 0);
  const auto named = b.davit({"validate", "--json", "--name", "other", "compose.yaml"});
  CHECK(named.out
        == R"({"valid":true,"stack":"other","services":["db","web"],"findings":[]})"
           "\n");
}

TEST_CASE("a bad manifest is refused with its place and exit code 2, and nobody is asked") {
  bench b;
  b.start_daemon();
  b.write("compose.yaml", "services:\n  db:\n    imgae: x\n");
  for (const char* command : {"validate", "plan", "install", "up"}) {
    const auto seen = b.davit({command});
    CHECK(seen.code == 2);
    CHECK(seen.out.empty());
    CHECK(seen.err.find("compose.yaml:3:5") != std::string::npos);
    CHECK(seen.err.find("'image'") != std::string::npos);
  }
  const auto json = b.davit({"validate", "--json"});
  CHECK(json.code == 2);
  CHECK(json.out.find(R"("valid":false)") != std::string::npos);
  CHECK(json.out.find(R"("line":3)") != std::string::npos);
  CHECK(b.davit({"install", "nowhere.yaml"}).code == 2);
  CHECK(b.front->asked().empty());
}

TEST_CASE("install sends what it found, shows the progress, and ends with the table") {
  bench b;
  b.start_daemon();
  b.write("compose.yaml", good);
  b.write("pw.txt", "s3cret");
  accept_install(b, true, false);
  const auto seen = b.davit({"install", "compose.yaml"});
  CHECK(seen.out == std::string{"pulling nginx\ndb is ready\n"} + table);
  CHECK(seen.err.empty());
  CHECK(seen.code == 0);
  const auto sent = api::decode_install(b.request("POST /v1/stacks/shop").body);
  REQUIRE(sent);
  CHECK(sent->model.name == "shop");
  CHECK(sent->model.services.at("web").ports.at(0).host_port == 8080);
  CHECK(sent->secrets == string_map{{"pw", "s3cret"}});
  CHECK(sent->source == good);
  CHECK(sent->wait);
  CHECK(!sent->author.empty());
  CHECK(b.request("GET /v1/status").query.at("stack") == "shop");
}

TEST_CASE("up finds the manifest by itself, and does not wait when told so") {
  bench b;
  b.start_daemon();
  b.write("docker-compose.yml", good);
  b.write("pw.txt", "s3cret");
  accept_install(b, true, false);
  for (const char* flag : {"--no-wait", "-d"}) {
    CHECK(b.davit({"up", flag}).code == 0);
    CHECK_FALSE(api::decode_install(b.request("POST /v1/stacks/shop").body).value().wait);
  }
}

TEST_CASE("a failed install is exit code 1, one done in part 4, each with its reason") {
  bench b;
  b.start_daemon();
  b.write("compose.yaml", good);
  b.write("pw.txt", "s3cret");
  accept_install(b, false, false, "web: image not found");
  auto seen = b.davit({"install"});
  CHECK(seen.code == 1);
  CHECK(seen.err.find("install of shop failed: web: image not found") != std::string::npos);
  CHECK(seen.out.find("db is ready") != std::string::npos);
  accept_install(b, true, true);
  CHECK(b.davit({"install"}).code == 4);
  accept_install(b, false, true, "web did not start");
  seen = b.davit({"install"});
  CHECK(seen.code == 4);
  CHECK(seen.err.find("only in part: web did not start") != std::string::npos);
}

TEST_CASE("install --json prints one object and nothing else") {
  bench b;
  b.start_daemon();
  b.write("compose.yaml", good);
  b.write("pw.txt", "s3cret");
  accept_install(b, true, false);
  const auto seen = b.davit({"install", "--json"});
  const auto page = api::decode_operation(seen.out);
  REQUIRE(page);
  CHECK(page->status.done);
  CHECK(page->status.progress == std::vector<std::string>{"pulling nginx", "db is ready"});
  CHECK(seen.code == 0);
}

TEST_CASE("an install that was taken back still tells why, though its stack is gone") {
  bench b;
  b.start_daemon();
  b.write("compose.yaml", good);
  b.write("pw.txt", "s3cret");
  accept_install(b, false, false, "db never became ready");
  b.front->refuse("GET /v1/status", {errc::not_found, "no stack shop", {}});
  const auto seen = b.davit({"install"});
  CHECK(seen.code == 1);
  CHECK(seen.err.find("db never became ready") != std::string::npos);
  CHECK(seen.err.find("no stack shop") == std::string::npos);
}

TEST_CASE("a secret that is not there stops the install before it begins") {
  bench b;
  b.start_daemon();
  SECTION("a file") {
    b.write("compose.yaml", good);
    const auto seen = b.davit({"install"});
    CHECK(seen.code == 2);
    CHECK(seen.err.find("secret 'pw'") != std::string::npos);
    CHECK(seen.err.find("pw.txt") != std::string::npos);
  }
  SECTION("a variable") {
    b.write("compose.yaml", "services:\n  a:\n    image: x\n    secrets: [t]\n"
                            "secrets:\n  t: {environment: NOT_SET}\n");
    const auto seen = b.davit({"install"});
    CHECK(seen.code == 2);
    CHECK(seen.err.find("NOT_SET") != std::string::npos);
  }
  CHECK(b.front->asked().empty());
}

TEST_CASE("secrets come from variables and env files, of any bytes") {
  bench b;
  b.start_daemon();
  b.environment["HERE"] = "\xff\xfe";
  b.write("extra.env", "THERE=from file\n");
  b.write("compose.yaml", "services:\n  a:\n    image: x\n    secrets: [h, t]\n"
                          "secrets:\n  h: {environment: HERE}\n  t: {environment: THERE}\n");
  accept_install(b, true, false);
  const auto seen = b.davit({"install", "--env-file", "extra.env"});
  CHECK(seen.err.empty());
  CHECK(seen.code == 0);
  CHECK(api::decode_install(b.request("POST /v1/stacks/shop").body).value().secrets
        == string_map{{"h", "\xff\xfe"}, {"t", "from file"}});
}

TEST_CASE("plan shows each step with its reason") {
  bench b;
  b.start_daemon();
  b.write("compose.yaml", good);
  b.write("pw.txt", "s3cret");
  const plan what{
    "shop",
    "000002",
    {{plan_action::keep, "db", "unchanged"}, {plan_action::recreate, "web", "another image"}},
    {"volume data is never rolled back"}};
  b.front->say("POST /v1/plan", api::encode(what));
  const auto seen = b.davit({"plan"});
  CHECK(seen.out
        == "stack shop, revision 000002\n"
           "ACTION    TARGET  WHY\n"
           "keep      db      unchanged\n"
           "recreate  web     another image\n");
  CHECK(seen.err == "warning: volume data is never rolled back\n");
  CHECK(seen.code == 0);
  CHECK(b.davit({"plan", "--json"}).out == api::encode(what) + "\n");
}

TEST_CASE("what the daemon refuses is told with its remedy") {
  bench b;
  b.start_daemon();
  b.write("compose.yaml", good);
  b.write("pw.txt", "s3cret");
  b.front->refuse("POST /v1/stacks/shop",
                  {errc::conflict, "port 8080/tcp is taken by blog/web", "Choose another port."});
  auto seen = b.davit({"install"});
  CHECK(seen.code == 1);
  CHECK(seen.err == "davit: port 8080/tcp is taken by blog/web\n  Choose another port.\n");
  b.front->refuse("POST /v1/stacks/shop", {errc::invalid, "services.db: bad", {}});
  CHECK(b.davit({"install"}).code == 2);
  // podman may be away while the daemon is there.
  b.front->refuse("POST /v1/stacks/shop", {errc::unreachable, "podman does not answer", {}});
  CHECK(b.davit({"install"}).code == 1);
}

TEST_CASE("an operation is followed across a restart of the daemon") {
  bench b;
  b.start_daemon();
  b.write("compose.yaml", good);
  b.write("pw.txt", "s3cret");
  accept_install(b, true, false);
  const auto finish = [&b] {
    operation_status op{"op1", "install", "shop", "committed", true, true, false, "", {"a", "b"}};
    b.front->on("GET /v1/operations/op1", [op](const ports::api_request& request) {
      ports::api_response told;
      told.body = api::encode(op, std::stoull(request.query.at("after")));
      return told;
    });
  };
  // The daemon hangs up in the middle of the wait.
  auto hang = std::make_shared<std::atomic<bool>>(true);
  b.front->on("GET /v1/operations/op1", [hang](const ports::api_request&) {
    while (*hang)
      std::this_thread::sleep_for(1ms);
    return ports::api_response{};
  });
  const auto seen = b.davit({"install"}, [&](int) {
    CHECK(b.asked("GET /v1/operations/op1"));
    b.stop_daemon();
    *hang = false;
    finish();
    b.start_daemon();
  });
  CHECK(seen.code == 0);
  CHECK(seen.out.starts_with("a\nb\n"));
  CHECK(seen.err == "davitd does not answer; waiting for it to come back\n");
}
