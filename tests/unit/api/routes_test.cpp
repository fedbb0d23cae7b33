// Goal: every address of the API means one thing, and what is no address is told apart: not
// there (404), there but not so (405), there but for no such name (400).
// Method: each row of the table in routes.hpp, then what a careless or hostile caller sends.
#include "runtime/api/routes.hpp"
#include "tests/catch.hpp"

using namespace davit;
using api::endpoint;
using api::route;

namespace {

route go(std::string_view method, std::string_view path) {
  const auto found = api::parse_route(method, path);
  INFO(method << " " << path);
  REQUIRE(found.has_value());
  return *found;
}

api::no_route lost(std::string_view method, std::string_view path) {
  const auto found = api::parse_route(method, path);
  INFO(method << " " << path);
  REQUIRE(!found.has_value());
  CHECK(!found.error().why.message.empty());
  return found.error();
}

} // namespace

TEST_CASE("every address leads to its endpoint, with the names in it") {
  CHECK(go("GET", "/v1/health") == route{endpoint::health, "", "", ""});
  CHECK(go("GET", "/v1/status") == route{endpoint::status, "", "", ""});
  CHECK(go("GET", "/v1/events") == route{endpoint::events, "", "", ""});
  CHECK(go("POST", "/v1/plan") == route{endpoint::plan, "", "", ""});
  CHECK(go("GET", "/v1/operations/a1b2c3") == route{endpoint::operation, "", "", "a1b2c3"});
  CHECK(go("POST", "/v1/stacks/shop") == route{endpoint::install, "shop", "", ""});
  CHECK(go("DELETE", "/v1/stacks/shop") == route{endpoint::uninstall, "shop", "", ""});
  CHECK(go("POST", "/v1/stacks/shop/start") == route{endpoint::start, "shop", "", ""});
  CHECK(go("POST", "/v1/stacks/shop/stop") == route{endpoint::stop, "shop", "", ""});
  CHECK(go("POST", "/v1/stacks/shop/restart") == route{endpoint::restart, "shop", "", ""});
  const std::string db = "/v1/stacks/shop/services/db.main";
  CHECK(go("POST", db + "/start") == route{endpoint::start, "shop", "db.main", ""});
  CHECK(go("POST", db + "/stop") == route{endpoint::stop, "shop", "db.main", ""});
  CHECK(go("POST", db + "/restart") == route{endpoint::restart, "shop", "db.main", ""});
  CHECK(go("GET", db + "/logs") == route{endpoint::logs, "shop", "db.main", ""});
  CHECK(go("GET", db + "/why") == route{endpoint::why, "shop", "db.main", ""});
}

TEST_CASE("a stack or service may be called as a word of the address is") {
  CHECK(go("POST", "/v1/stacks/services/services/services/stop").service == "services");
  CHECK(go("POST", "/v1/stacks/start/start").stack == "start");
}

TEST_CASE("what is no address is 404") {
  for (const char* path : {"", "/", "v1/health", "/v1", "/v1/", "/v2/health", "/v1/health/",
                           "/v1/stacks", "/v1/stacks/a/services/b", "/v1/stacks/a/services/b/eat",
                           "/v1//health", "/v1/stacks/../health/x"})
    CHECK(lost("GET", path).status == 404);
}

TEST_CASE("a known address with another method is 405 and names the right ones") {
  CHECK(lost("POST", "/v1/health").status == 405);
  CHECK(lost("POST", "/v1/health").allow == "GET");
  const auto stack = lost("GET", "/v1/stacks/shop");
  CHECK(stack.status == 405);
  CHECK(stack.allow == "POST, DELETE");
  CHECK(lost("get", "/v1/health").status == 405);
  CHECK(lost("HEAD", "/v1/status").status == 405);
}

TEST_CASE("a name that nothing can have is 400, not a path on some disk") {
  for (const char* name : {"", "..", ".", "-a", "Shop", "a b", "a\nb", "a%2Fb", "\xC3\xA4"})
    CHECK(lost("POST", std::string{"/v1/stacks/"} + name).status == 400);
  CHECK(lost("POST", "/v1/stacks/" + std::string(64, 'a')).status == 400);
  CHECK(lost("GET", "/v1/stacks/shop/services/../why").status == 400);
  CHECK(lost("GET", "/v1/stacks/shop/services//logs").status == 400);
  CHECK(go("POST", "/v1/stacks/" + std::string(63, 'a')).stack.size() == 63);
}

TEST_CASE("a very long path is answered in a short message") {
  const auto answer = lost("GET", "/v1/" + std::string(8000, 'x'));
  CHECK(answer.status == 404);
  CHECK(answer.why.message.size() < 300);
}

TEST_CASE("flags and numbers of a query") {
  const api::query_map query{{"follow", ""}, {"volumes", "true"}, {"wait", "no"},
                             {"tail", "20"}, {"after", "-1"},     {"limit", "99999999999999999999"},
                             {"n", ""}};
  CHECK(api::query_flag(query, "follow").value());
  CHECK(api::query_flag(query, "volumes").value());
  CHECK_FALSE(api::query_flag(query, "absent").value());
  CHECK(api::query_flag(query, "wait").error().code == errc::invalid);
  CHECK(api::query_number(query, "tail").value() == 20U);
  CHECK(api::query_number(query, "absent").value() == std::nullopt);
  for (const char* key : {"after", "limit", "n"})
    CHECK(api::query_number(query, key).error().code == errc::invalid);
}
