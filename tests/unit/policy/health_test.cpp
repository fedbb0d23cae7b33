// Goal: 'could not look' is never 'ill', a slow start is never punished, and what is ready is
// found soon.
// Method: looks folded one by one, at the ages and counts where the answer changes.
#include "runtime/policy/health.hpp"
#include "tests/catch.hpp"

using namespace davit;
using namespace davit::policy;
using namespace std::chrono_literals;

namespace {

const health_rules rules{10s, 2s, 60s, 5s, 3};

health_record after(std::initializer_list<look_result> looks, milliseconds age,
                    health_record record = {}) {
  for (auto seen : looks)
    fold(record, rules, seen, age);
  return record;
}

constexpr auto well = look_result::well;
constexpr auto ill = look_result::ill;
constexpr auto blind = look_result::could_not_look;

} // namespace

TEST_CASE("one good look makes ready, at any age") {
  for (milliseconds age : {0ms, 60'000ms, 3'600'000ms})
    CHECK(after({well}, age).now == readiness::ready);
}

TEST_CASE("failures in the start period are free, to the millisecond") {
  auto early = after({ill, ill, ill, ill, ill}, 60s - 1ms);
  CHECK(early.now == readiness::starting);
  CHECK(early.failures == 0);
  auto late = after({ill, ill}, 60s, early);
  CHECK(late.now == readiness::starting);
  CHECK(after({ill}, 60s, late).now == readiness::ill);
}

TEST_CASE("without a start period the first interval is free") {
  auto plain = rules;
  plain.start_period = 0ms;
  health_record record;
  for (int i = 0; i < 5; ++i)
    fold(record, plain, ill, 10s - 1ms);
  CHECK(record.failures == 0);
  for (int i = 0; i < 3; ++i)
    fold(record, plain, ill, 10s);
  CHECK(record.now == readiness::ill);
}

TEST_CASE("what was ready once is judged, even inside the start period") {
  auto record = after({well, ill, ill}, 5s);
  CHECK(record.now == readiness::ready);
  CHECK(after({ill}, 5s, record).now == readiness::ill);
}

TEST_CASE("only failures in a row count") {
  auto record = after({well, ill, ill, well}, 2min);
  CHECK(record.failures == 0);
  record = after({ill, ill}, 2min, record);
  CHECK(record.now == readiness::ready);
  record = after({ill, ill, ill}, 2min, record);
  CHECK(record.now == readiness::ill);
  CHECK(after({well}, 2min, record).now == readiness::ready);
}

TEST_CASE("could not look is never ill") {
  health_record record;
  for (int i = 0; i < 1000; ++i)
    fold(record, rules, blind, 2min);
  CHECK(record.now == readiness::starting);
  CHECK(record.failures == 0);
  CHECK(record.blind == 1000);
  record = after({well, blind, blind, blind, blind}, 2min);
  CHECK(record.now == readiness::ready);
  // It says nothing, good or bad: two failures stay two.
  record = after({ill, ill, blind}, 2min);
  CHECK(record.failures == 2);
  CHECK(record.now == readiness::starting);
  record = after({ill}, 2min, record);
  CHECK(record.now == readiness::ill);
  CHECK(record.blind == 0);
}

TEST_CASE("until it is ready a service is looked at after its age again") {
  health_record starting;
  auto next = [&](milliseconds age) { return next_look(starting, rules, age); };
  CHECK(next(0ms) == 50ms);
  CHECK(next(100ms) == 50ms);
  CHECK(next(102ms) == 51ms);
  CHECK(next(4s) == 2s);
  CHECK(next(30s) == 5s); // start_interval
  CHECK(next(60s - 1ms) == 5s);
  CHECK(next(60s) == 10s); // the interval
  auto ready = after({well}, 1s);
  CHECK(next_look(ready, rules, 1s) == 10s);
  auto quick = rules; // an interval below the start interval holds
  quick.interval = 1s;
  CHECK(next_look(starting, quick, 30s) == 1s);
}

TEST_CASE("Compose's defaults hold where a check is silent") {
  CHECK(rules_of(healthcheck{}) == health_rules{30s, 30s, 0ms, 5s, 3});
  healthcheck check;
  check.interval = 1s;
  check.timeout = 2s;
  check.start_period = 3s;
  check.start_interval = 4s;
  check.retries = 5;
  CHECK(rules_of(check) == health_rules{1s, 2s, 3s, 4s, 5});
  check.retries = 0; // one look has to be allowed to decide
  CHECK(rules_of(check).retries == 1);
}

TEST_CASE("a probe's rules are its own") {
  probe_spec probe;
  CHECK(rules_of(probe) == health_rules{10s, 2s, 0ms, 10s, 3});
  probe.interval = 1s;
  probe.timeout = 500ms;
  probe.start_period = 60s;
  probe.retries = 0;
  CHECK(rules_of(probe) == health_rules{1s, 500ms, 60s, 1s, 1});
}
