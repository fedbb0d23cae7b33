// Goal: what the restart policy remembers survives a crash whole, in every part, and what cannot
// be read is said to be newer or corrupt, never guessed.
// Method: round trips of full, empty and random ledgers; a golden text; damaged records.
#include "runtime/record/ledger.hpp"
#include "tests/catch.hpp"

#include <random>

using namespace davit;
using namespace davit::record;
using namespace std::chrono_literals;
using policy::breaker_state;
using policy::cause;
using policy::refusal;

namespace {

const char* const key = "ledger/shop/db";

const cause every_cause[]
  = {cause::ordered,      cause::crash, cause::ill,     cause::clean, cause::lost,
     cause::start_failed, cause::ours,  cause::by_hand, cause::boot,  cause::dependency};
const refusal::rule every_rule[]
  = {refusal::rule::breaker, refusal::rule::ceiling, refusal::rule::trial, refusal::rule::ill,
     refusal::rule::retries};
const breaker_state every_state[]
  = {breaker_state::closed, breaker_state::open, breaker_state::half_open};

ledger_record full() {
  ledger_record r;
  auto& l = r.ledger;
  l.permits = 12;
  l.total = 11;
  l.streak = 10;
  l.charged = {ledger_time{1ms}, ledger_time{2ms}};
  l.automatic = {ledger_time{1ms}, ledger_time{2ms}, ledger_time{3ms}};
  l.breaker = breaker_state::half_open;
  l.cooldown = 30min;
  l.charged_life = {"c1", 1'800'000'000'123'456'789};
  l.order_paid = 4;
  l.trial = "op-1";
  l.trial_restarts = 2;
  l.last_cause = cause::start_failed;
  l.last = policy::permit{12, ledger_time{9ms}};
  l.completed_hash = "1:abc";
  r.boot_id = "b1";
  r.term_at = ledger_time{7ms};
  r.term_life = {"c0", 5};
  r.term_cause = cause::dependency;
  return r;
}

void survives(const ledger_record& r) {
  auto back = decode_ledger(encode(r), key);
  REQUIRE(back);
  CHECK(*back == r);
}

void fails(const std::string& text, errc code, const std::string& message) {
  auto got = decode_ledger(text, key);
  REQUIRE_FALSE(got);
  CHECK(got.error().code == code);
  CHECK(got.error().message == message);
  CHECK_FALSE(got.error().remedy.empty());
}

} // namespace

TEST_CASE("a ledger survives the round trip, full and empty") {
  survives(full());
  survives({});
}

TEST_CASE("every cause, rule and state survives") {
  for (auto why : every_cause) {
    auto r = full();
    r.ledger.last_cause = r.term_cause = why;
    survives(r);
  }
  for (auto state : every_state) {
    auto r = full();
    r.ledger.breaker = state;
    survives(r);
  }
  for (auto by : every_rule) {
    auto r = full();
    // Also the time that means never.
    r.ledger.last
      = refusal{by, ledger_time{std::chrono::hours{24 * 365 * 1000}}, "\"3\" of 3 \xc3\xa4"};
    survives(r);
  }
}

TEST_CASE("a permit and a refusal are not taken for each other") {
  auto r = full();
  r.ledger.last = policy::permit{0, ledger_time{}};
  survives(r);
  r.ledger.last = refusal{};
  survives(r);
  r.ledger.last.reset();
  survives(r);
}

TEST_CASE("a stop that was begun at time zero is still a stop") {
  auto r = full();
  r.term_at = ledger_time{};
  survives(r);
  r.term_at.reset();
  r.term_life = {};
  r.term_cause = cause::ours;
  survives(r);
}

TEST_CASE("ledgers of random histories survive") {
  std::mt19937_64 rng{3};
  auto below = [&](std::uint64_t n) { return rng() % n; };
  policy::restart_ledger ledger;
  recovery_rules rules;
  rules.budget = {3, 1min};
  rules.ceiling = {8, 5min};
  rules.breaker = {10s, 2.0, 1min};
  ledger_time now{};
  std::uint64_t refusals = 0;
  for (std::int64_t i = 0; i < 3000; ++i) {
    policy::charge_request request;
    request.why = every_cause[below(10)];
    request.ended = {"c" + std::to_string(below(3)), i};
    request.order = below(100);
    request.trial = below(5) ? "" : "op-" + std::to_string(below(3));
    request.stop_when_ill = below(2);
    request.wants_permit = below(10) != 0;
    now += milliseconds{below(20'000)};
    auto got = policy::charge(ledger, rules, false, request, now, 0.5);
    refusals += got && std::holds_alternative<refusal>(*got);
    INFO("charge " << i);
    ledger_record r;
    r.ledger = ledger;
    auto back = decode_ledger(encode(r), key);
    REQUIRE(back);
    REQUIRE(*back == r);
    ledger = back->ledger; // goes on from what was read
  }
  CHECK(refusals > 100);
}

TEST_CASE("the record keeps its words: a later release has to read it") {
  CHECK(
    encode(full())
    == R"({"automatic":[1,2,3],"boot_id":"b1","breaker":"half_open","charged":[1,2],"charged_life":{"id":"c1","started_at":1800000000123456789},"completed_hash":"1:abc","cooldown":"1800s","format":1,"last":{"at":9,"permit":12},"last_cause":"start_failed","order_paid":4,"permits":12,"streak":10,"term":{"at":7,"cause":"dependency","life":{"id":"c0","started_at":5}},"total":11,"trial":"op-1","trial_restarts":2})");
  CHECK(encode({}) == R"({"format":1})");
}

TEST_CASE("a record of the first format is read for ever") {
  auto back = decode_ledger(
    R"({"format":1,"permits":3,"last":{"at":5,"rule":"ceiling","reason":"r"},"breaker":"open"})",
    key);
  REQUIRE(back);
  CHECK(back->ledger.permits == 3);
  CHECK(back->ledger.breaker == breaker_state::open);
  CHECK(back->ledger.last
        == policy::verdict{refusal{refusal::rule::ceiling, ledger_time{5ms}, "r"}});
  CHECK_FALSE(back->term_at);
}

TEST_CASE("what cannot be read says so with its key and place") {
  fails("", errc::corrupt, "ledger/shop/db: not valid JSON at byte 1");
  fails("\xff", errc::corrupt, "ledger/shop/db: not valid JSON at byte 1");
  fails("[]", errc::corrupt, "ledger/shop/db: format: is missing");
  fails(R"({"format":2,"breaker":"ajar"})", errc::newer,
        "ledger/shop/db has format 2; this release of Davit reads up to 1");
  fails(R"({"format":0})", errc::corrupt, "ledger/shop/db: format: is no version");
  fails(R"({"format":1,"breaker":"ajar"})", errc::corrupt,
        "ledger/shop/db: breaker: expected one of closed, open, half_open");
  fails(R"({"format":1,"permits":-1})", errc::corrupt,
        "ledger/shop/db: permits: expected a whole number from 0 to 18446744073709551615, found a "
        "whole number");
  fails(R"({"format":1,"charged":[1,"2"]})", errc::corrupt,
        "ledger/shop/db: charged[1]: expected a whole number from -9223372036854775808 to "
        "9223372036854775807, found a string");
  fails(R"({"format":1,"last":{"permit":1}})", errc::corrupt,
        "ledger/shop/db: last.at: is missing");
  fails(R"({"format":1,"term":{"at":1,"cause":"ours"}})", errc::corrupt,
        "ledger/shop/db: term.life: is missing");
}

TEST_CASE("a torn record is never half a ledger") {
  const auto text = encode(full());
  for (std::size_t length = 0; length < text.size(); ++length) {
    auto got = decode_ledger(text.substr(0, length), key);
    REQUIRE_FALSE(got);
    REQUIRE(got.error().code == errc::corrupt);
  }
}
