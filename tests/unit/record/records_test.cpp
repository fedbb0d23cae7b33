// Goal: what was recorded is what is read after a crash, and what cannot be read is said to
// be newer or corrupt, with its place, and never guessed.
// Method: round trips of full and random records, golden texts, damaged and newer ones.
#include "runtime/record/keys.hpp"
#include "runtime/record/records.hpp"
#include "runtime/record/revision.hpp"
#include "tests/catch.hpp"
#include "tests/unit/record/models.hpp"

using namespace davit;
using namespace davit::record;
using namespace davit::record::testing;
using namespace std::chrono_literals;

namespace {

revision sample_revision(std::uint64_t seed) {
  filler f{seed};
  revision r;
  r.stack = "shop";
  r.id = revision_id(seed + 1);
  f.fill(r.created);
  f.fill(r.author);
  f.fill(r.source);
  r.goal = seed % 2 ? stack_goal::up : stack_goal::down;
  r.model = random_stack(seed);
  r.model.name = "shop";
  return r;
}

template <class T> void must_fail(const result<T>& got, errc code, const std::string& message) {
  REQUIRE_FALSE(got);
  CHECK(got.error().code == code);
  CHECK(got.error().message == message);
  CHECK_FALSE(got.error().remedy.empty());
}

} // namespace

TEST_CASE("revisions survive the round trip") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    INFO("seed " << seed);
    const auto r = sample_revision(seed);
    auto back = decode_revision(encode(r), "f");
    REQUIRE(back);
    REQUIRE(*back == r);
  }
}

TEST_CASE("a revision file reads well") {
  revision r;
  r.stack = "shop";
  r.id = "000001";
  r.created = wall_time{1'800'000'000'000ms};
  r.author = "root";
  r.model.name = "shop";
  CHECK(encode(r) == R"({
  "author": "root",
  "created": "2027-01-15T08:00:00.000Z",
  "format": 1,
  "goal": "up",
  "model": {
    "name": "shop"
  },
  "revision": "000001",
  "stack": "shop"
}
)");
}

TEST_CASE("a revision that cannot be read says so with its place") {
  const auto text = encode(sample_revision(1));
  must_fail(decode_revision("", "stacks/shop/000001.json"), errc::corrupt,
            "stacks/shop/000001.json: not valid JSON at byte 1");
  CHECK(decode_revision(text.substr(0, text.size() / 2), "f").error().code == errc::corrupt);
  must_fail(decode_revision("{}", "f"), errc::corrupt, "f: format: is missing");
  must_fail(decode_revision(R"({"format":"1"})", "f"), errc::corrupt, "f: format: is no version");
  must_fail(decode_revision(R"({"format":1})", "f"), errc::corrupt, "f: stack: is missing");
  must_fail(
    decode_revision(
      R"({"format":1,"stack":"a","revision":"1","created":"2027-01-15T08:00:00.000Z","goal":"sideways","model":{}})",
      "f"),
    errc::corrupt, "f: goal: expected one of up, down");
  must_fail(
    decode_revision(
      R"({"format":1,"stack":"a","revision":"1","created":"2027-01-15T08:00:00.000Z","goal":"up","model":{"name":"b"}})",
      "f"),
    errc::corrupt, "f: model.name: is not the stack's name");
}

TEST_CASE("a newer format is newer, whatever else is in it") {
  must_fail(decode_revision(R"({"format":2,"stacks":[]})", "f"), errc::newer,
            "f has format 2; this release of Davit reads up to 1");
  must_fail(decode_operation(R"({"format":9})", "operation/x"), errc::newer,
            "operation/x has format 9; this release of Davit reads up to 1");
}

TEST_CASE("revision ids sort by age") {
  CHECK(revision_id(1) == "000001");
  CHECK(revision_id(9) < revision_id(10));
  CHECK(revision_number("000042") == 42u);
  for (const char* bad : {"", "42", "00042x", "-00001", "0000042", "current"})
    CHECK_FALSE(revision_number(bad));
}

TEST_CASE("operation records survive the round trip") {
  operation_record r;
  r.id = "0123456789ab";
  r.kind = "install";
  r.stack = "shop";
  r.phase = operation_phase::reverting;
  r.from = "000001";
  r.to = "000002";
  r.started = wall_time{1'800'000'000'000ms};
  r.started_ledger = ledger_time{7s};
  r.author = "root";
  r.error = "db was not ready in 120 s";
  r.created = {{"shop-db-1"}, {"shop_default"}, {"shop_data"}};
  r.options = {{"volumes", "true"}};
  auto back = decode_operation(encode(r), key::operation(r.id));
  REQUIRE(back);
  CHECK(*back == r);
  CHECK(encode(operation_record{
          "1", "stop", "a", operation_phase::staged, "", "", {}, {}, "", "", {}, {}})
        == R"({"format":1,"value":{"id":"1","kind":"stop","phase":"staged","stack":"a"}})");
}

TEST_CASE("clock anchors and audit rows survive the round trip") {
  const policy::clock_anchor anchor{
    {"b1", boot_time{123456789ns}, wall_time{1'800'000'000'001ms}, true}, ledger_time{42ms}};
  CHECK(
    encode(anchor)
    == R"({"format":1,"value":{"at":{"boot_id":"b1","boot_ns":123456789,"synchronised":true,"wall":"2027-01-15T08:00:00.001Z"},"ledger_ms":42}})");
  auto same = decode_anchor(encode(anchor), key::clock);
  REQUIRE(same);
  CHECK(*same == anchor);

  const audit_row row{
    ledger_time{42ms}, wall_time{1'800'000'000'001ms}, "root", "hold", "shop", "db",
    "for a backup"};
  auto back = decode_audit(encode(row), key::audit(row.at, 1));
  REQUIRE(back);
  CHECK(*back == row);
}

TEST_CASE("a damaged record names its key and its place") {
  must_fail(decode_anchor(R"({"format":1,"value":{"at":{"boot_id":1},"ledger_ms":0}})", "clock"),
            errc::corrupt, "clock: value.at.boot_id: expected a string, found a whole number");
  must_fail(decode_audit("\xff", "audit/1"), errc::corrupt, "audit/1: not valid JSON at byte 1");
  must_fail(decode_operation(R"({"format":0})", "operation/1"), errc::corrupt,
            "operation/1: format: is no version");
}

TEST_CASE("keys are readable, sort as they should and can be read back") {
  CHECK(key::ledger("shop", "db") == "ledger/shop/db");
  CHECK(key::parse_ledger("ledger/shop/db") == key::service_name{"shop", "db"});
  for (const char* bad : {"", "ledger/", "ledger/shop", "ledger/shop/", "ledger//db",
                          "ledger/a/b/c", "audit/shop/db"})
    CHECK_FALSE(key::parse_ledger(bad));
  CHECK(key::operation("abc") == "operation/abc");
  CHECK(key::audit(ledger_time{42ms}, 7) == "audit/0000000000000042/0000000007");
  CHECK(key::audit(ledger_time{999ms}, 9) < key::audit(ledger_time{999ms}, 10));
  CHECK(key::audit(ledger_time{999ms}, 10) < key::audit(ledger_time{1000ms}, 0));
  CHECK(key::audit(ledger_time{-5ms}, 0) == key::audit(ledger_time{}, 0));
}
