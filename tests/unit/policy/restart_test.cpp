// Goal: no history, however long or unlucky, yields more restarts than the policy allows, and
// none fewer than it promises.
// Method: each rule at its boundary to the millisecond, with chance pinned to the middle; then
// random histories from seeds beside a plain model that remembers everything and prunes nothing.
#include "runtime/policy/restart.hpp"
#include "tests/catch.hpp"

#include <algorithm>
#include <random>

using namespace davit;
using namespace davit::policy;
using namespace std::chrono_literals;

namespace {

using rule = refusal::rule;

/// One service under its rules: every request is a new life that ended.
struct patient {
  restart_ledger ledger;
  recovery_rules rules;
  bool critical = false;
  ledger_time now{100h};
  double random = 0.5; // no jitter
  std::int64_t lives = 0;

  charge_request request(cause why) {
    charge_request out;
    out.why = why;
    if (why != cause::ordered)
      out.ended = {"c0", ++lives};
    return out;
  }
  std::optional<verdict> ask(const charge_request& what) {
    return charge(ledger, rules, critical, what, now, random);
  }
  std::optional<verdict> ask(cause why) { return ask(request(why)); }

  permit allowed(const charge_request& what) {
    auto got = ask(what);
    REQUIRE(got);
    REQUIRE(std::holds_alternative<permit>(*got));
    CHECK(ledger.last == got);
    return std::get<permit>(*got);
  }
  permit allowed(cause why) { return allowed(request(why)); }

  refusal refused(const charge_request& what) {
    auto got = ask(what);
    REQUIRE(got);
    REQUIRE(std::holds_alternative<refusal>(*got));
    CHECK(ledger.last == got);
    return std::get<refusal>(*got);
  }
  refusal refused(cause why) { return refused(request(why)); }

  milliseconds wait(cause why) { return allowed(why).not_before - now; }

  /// Crashes until the budget is spent, all at this instant.
  void spend() {
    for (std::uint32_t i = 0; i < rules.budget.restarts; ++i)
      allowed(cause::crash);
  }
};

/// Far beyond any window: only a person or an operation changes it.
bool is_final(const refusal& no, ledger_time now) { return no.until - now > 24h * 3650; }

const cause every_cause[]
  = {cause::ordered,      cause::crash, cause::ill,     cause::clean, cause::lost,
     cause::start_failed, cause::ours,  cause::by_hand, cause::boot,  cause::dependency};

} // namespace

TEST_CASE("only what a service did by itself costs budget") {
  for (auto why : every_cause) {
    INFO(to_string(why));
    auto free = why == cause::ordered || why == cause::ours || why == cause::dependency
                || why == cause::boot || why == cause::by_hand;
    CHECK(costs_budget(why) == !free);
    CHECK(cause_from(to_string(why)) == why);
    patient p;
    p.allowed(why);
    CHECK(p.ledger.total == (free ? 0u : 1u));
    CHECK(p.ledger.streak == (free ? 0u : 1u));
    CHECK(in_window(p.ledger, p.rules, p.now) == (free ? 0u : 1u));
    CHECK(p.ledger.automatic.size() == (why == cause::ordered ? 0u : 1u));
    CHECK(p.ledger.last_cause == why);
  }
  CHECK_FALSE(cause_from("boredom"));
  CHECK_FALSE(cause_from(""));
}

TEST_CASE("the first restart is at once, then the wait doubles up to its maximum") {
  patient p;
  p.rules.budget.restarts = 100;
  CHECK(p.wait(cause::crash) == 0ms);
  for (auto expected : {1s, 2s, 4s, 8s, 16s, 32s, 64s, 128s, 256s, 300s, 300s, 300s}) {
    p.now += 1s;
    CHECK(p.wait(cause::crash) == expected);
  }
}

TEST_CASE("a free restart neither waits nor raises the wait") {
  patient p;
  p.allowed(cause::crash);
  for (auto why : {cause::ours, cause::dependency, cause::boot, cause::by_hand, cause::ordered})
    CHECK(p.wait(why) == 0ms);
  CHECK(p.wait(cause::crash) == 1s);
}

TEST_CASE("jitter spreads a wait by its share either way, and the first not at all") {
  backoff_rules rules;
  const auto almost_one = 0.9999999;
  CHECK(backoff(rules, 0, 0.0) == 0ms);
  CHECK(backoff(rules, 0, almost_one) == 0ms);
  CHECK(backoff(rules, 1, 0.0) == 900ms);
  CHECK(backoff(rules, 1, 0.5) == 1000ms);
  CHECK(backoff(rules, 1, almost_one) == 1099ms);
  CHECK(backoff(rules, 20, 0.0) == 270s);
  CHECK(backoff(rules, 20, 0.5) == 300s);
  rules.jitter = 0;
  CHECK(backoff(rules, 3, 0.0) == 4s);
  CHECK(backoff(rules, 3, almost_one) == 4s);
}

TEST_CASE("the wait stays finite however often a service crashed") {
  backoff_rules rules;
  for (auto streak : {50u, 5'000u, 4'000'000'000u})
    CHECK(backoff(rules, streak, 0.5) == 300s);
  rules.factor = 1;
  CHECK(backoff(rules, 1000, 0.5) == 1s);
  rules.factor = 10;
  rules.initial = 10min;
  CHECK(backoff(rules, 1, 0.5) == 300s);
}

TEST_CASE("the budget may be spent exactly, and the next crash opens the breaker") {
  patient p;
  p.spend();
  CHECK(p.ledger.breaker == breaker_state::closed);
  CHECK(in_window(p.ledger, p.rules, p.now) == 10);
  auto no = p.refused(cause::crash);
  CHECK(no.by == rule::breaker);
  CHECK(no.until == p.now + 15min);
  CHECK(no.reason == "10 of 10 restarts in 30 min");
  CHECK(p.ledger.breaker == breaker_state::open);
}

TEST_CASE("a refusal names its counter and a window that a person can check") {
  auto reason = [](milliseconds window) {
    patient p;
    p.rules.budget = {1, window};
    p.spend();
    return p.refused(cause::crash).reason;
  };
  CHECK(reason(1h) == "1 of 1 restarts in 60 min");
  CHECK(reason(60s) == "1 of 1 restarts in 1 min");
  CHECK(reason(90s) == "1 of 1 restarts in 90 s");
  CHECK(reason(500ms) == "1 of 1 restarts in 1 s");
}

TEST_CASE("a refusal charges nothing") {
  patient p;
  p.spend();
  const auto before = p.ledger;
  p.refused(cause::crash);
  CHECK(p.ledger.total == before.total);
  CHECK(p.ledger.streak == before.streak);
  CHECK(p.ledger.charged == before.charged);
  CHECK(p.ledger.automatic == before.automatic);
  CHECK(p.ledger.permits == before.permits);
  // What ended is recorded all the same, or it would be charged again.
  CHECK(p.ledger.charged_life == life{"c0", p.lives});
}

TEST_CASE("a restart leaves the window to the millisecond") {
  patient p;
  p.rules.budget = {2, 30min};
  const auto start = p.now;
  p.allowed(cause::crash);
  p.now += 10min;
  p.allowed(cause::crash);
  CHECK(in_window(p.ledger, p.rules, start + 30min - 1ms) == 2);
  CHECK(in_window(p.ledger, p.rules, start + 30min) == 1);
  CHECK(in_window(p.ledger, p.rules, start + 40min - 1ms) == 1);
  CHECK(in_window(p.ledger, p.rules, start + 40min) == 0);
  SECTION("one millisecond early is too many") {
    p.now = start + 30min - 1ms;
    CHECK(p.refused(cause::crash).by == rule::breaker);
  }
  SECTION("at the edge there is room for one") {
    p.now = start + 30min;
    p.allowed(cause::crash);
    CHECK(p.refused(cause::crash).by == rule::breaker);
  }
}

TEST_CASE("an open breaker stays open until its time, whatever ends meanwhile") {
  patient p;
  p.spend();
  const auto first = p.refused(cause::crash);
  for (auto why : {cause::crash, cause::dependency, cause::boot, cause::by_hand, cause::ours}) {
    p.now = first.until - 1ms;
    CHECK(p.refused(why) == first);
    CHECK(p.ledger.breaker == breaker_state::open);
  }
}

TEST_CASE("when the wait is over one trial starts at once, free of budget but not of the ceiling") {
  patient p;
  p.spend();
  p.now = p.refused(cause::crash).until;
  const auto starts = p.ledger.automatic.size();
  CHECK(p.wait(cause::crash) == 0ms);
  CHECK(p.ledger.breaker == breaker_state::half_open);
  CHECK(p.ledger.total == 10);
  CHECK(p.ledger.automatic.size() == starts + 1);
}

TEST_CASE("a failed trial doubles the wait up to its maximum") {
  patient p;
  p.rules.ceiling.starts = 1000;
  p.spend();
  auto no = p.refused(cause::crash);
  CHECK(no.until == p.now + 15min);
  // Long after the window is empty again: one failure is enough.
  for (auto expected : {30min, 60min, 120min, 240min, 360min, 360min, 360min}) {
    p.now = no.until;
    p.allowed(cause::crash);
    p.now += 5min;
    no = p.refused(cause::crash);
    CHECK(no.by == rule::breaker);
    CHECK(no.reason == "the trial start failed");
    CHECK(no.until == p.now + expected);
  }
}

TEST_CASE("the wait of a critical service does not grow") {
  patient p;
  p.critical = true;
  p.spend();
  for (int i = 0; i < 4; ++i) {
    auto no = p.refused(cause::crash);
    CHECK(no.until == p.now + 15min);
    p.now = no.until;
    p.allowed(cause::crash);
  }
  patient quick; // a maximum below the first wait holds for it as well
  quick.rules.breaker = {15min, 2.0, 5min};
  quick.spend();
  CHECK(quick.refused(cause::crash).until == quick.now + 5min);
}

TEST_CASE("every cause that costs budget fails a trial, and no other") {
  for (auto why : every_cause) {
    INFO(to_string(why));
    patient p;
    p.spend();
    p.now = p.refused(cause::crash).until;
    p.allowed(cause::crash);
    if (costs_budget(why)) {
      CHECK(p.refused(why).reason == "the trial start failed");
      CHECK(p.ledger.breaker == breaker_state::open);
    } else {
      p.allowed(why);
      CHECK(p.ledger.breaker == breaker_state::half_open);
    }
  }
}

TEST_CASE("a trial that held closes the breaker and opens a new window") {
  patient p;
  CHECK_FALSE(settle(p.ledger));
  p.spend();
  auto no = p.refused(cause::crash);
  CHECK_FALSE(settle(p.ledger)); // open is not yet tried
  CHECK(p.ledger.breaker == breaker_state::open);
  p.now = no.until;
  p.allowed(cause::crash);
  CHECK(settle(p.ledger));
  CHECK(p.ledger.breaker == breaker_state::closed);
  CHECK(in_window(p.ledger, p.rules, p.now) == 0);
  CHECK(p.wait(cause::crash) == 0ms);
  for (int i = 0; i < 9; ++i)
    p.allowed(cause::crash);
  CHECK(p.refused(cause::crash).until == p.now + 15min); // the wait began anew as well
}

TEST_CASE("an order passes an open breaker, and what follows it is a trial") {
  patient p;
  p.spend();
  p.refused(cause::crash);
  auto order = p.request(cause::ordered);
  order.order = 7;
  CHECK(p.allowed(order).not_before == p.now);
  CHECK(p.ledger.breaker == breaker_state::half_open);
  CHECK(p.ledger.order_paid == 7);
  CHECK(p.refused(cause::crash).until == p.now + 30min);
}

TEST_CASE("an order is paid once, and a refused one is not") {
  patient p;
  auto order = p.request(cause::ordered);
  order.order = 3;
  p.allowed(order);
  CHECK(p.ledger.order_paid == 3);
  auto older = p.request(cause::ordered);
  older.order = 2;
  p.allowed(older);
  CHECK(p.ledger.order_paid == 3);
  auto ill = p.request(cause::ill);
  ill.order = 9;
  ill.stop_when_ill = true;
  p.refused(ill);
  CHECK(p.ledger.order_paid == 3);
}

TEST_CASE("the ceiling counts automatic starts of any cause and is freed to the millisecond") {
  patient p;
  const cause free[] = {cause::dependency, cause::boot, cause::ours, cause::by_hand};
  const auto start = p.now;
  for (int i = 0; i < 30; ++i) {
    p.allowed(free[i % 4]);
    p.now += 1min;
  }
  for (auto why : {cause::dependency, cause::boot, cause::ours, cause::by_hand, cause::crash}) {
    auto no = p.refused(why);
    CHECK(no.by == rule::ceiling);
    CHECK(no.until == start + 1h);
    CHECK(no.reason == "30 of 30 automatic starts in 60 min");
  }
  p.now = start + 1h - 1ms;
  CHECK(p.refused(cause::boot).by == rule::ceiling);
  p.now = start + 1h;
  p.allowed(cause::boot);
  CHECK(p.refused(cause::boot).until == start + 1h + 1min);
}

TEST_CASE("orders stand outside the ceiling") {
  patient p;
  p.rules.ceiling.starts = 1;
  p.allowed(cause::boot);
  CHECK(p.refused(cause::boot).by == rule::ceiling);
  for (int i = 0; i < 50; ++i)
    p.allowed(cause::ordered);
  CHECK(p.ledger.automatic.size() == 1);
}

TEST_CASE("nothing forgives the ceiling") {
  patient p;
  p.rules.ceiling.starts = 2;
  p.rules.budget.restarts = 1;
  p.allowed(cause::crash);
  p.allowed(cause::boot);
  const auto no = p.refused(cause::crash);
  CHECK(no.by == rule::ceiling);
  forgive(p.ledger);
  CHECK(p.refused(cause::crash).by == rule::ceiling);
  settle(p.ledger);
  grant(p.ledger, p.now);
  CHECK(std::get<refusal>(*p.ledger.last).until == no.until);
  auto still = reset(p.ledger, p.rules, p.now);
  REQUIRE(still);
  CHECK(std::get<refusal>(*still).by == rule::ceiling);
  CHECK(std::get<refusal>(*still).until == no.until);
  CHECK(std::get<refusal>(*still).reason == "2 of 2 automatic starts in 60 min");
}

TEST_CASE("a trial start that meets the ceiling is still to be made") {
  patient p;
  p.rules.budget.restarts = 1;
  p.rules.ceiling = {3, 1h};
  const auto start = p.now;
  p.allowed(cause::crash);
  p.allowed(cause::boot);
  p.allowed(cause::boot);
  p.now += 1ms;
  p.rules.ceiling.starts = 10;
  const auto open = p.refused(cause::crash);
  CHECK(open.by == rule::breaker);
  p.rules.ceiling.starts = 3;
  p.now = open.until;
  const auto no = p.refused(cause::crash);
  CHECK(no.by == rule::ceiling);
  CHECK(no.until == start + 1h);
  CHECK(p.ledger.breaker == breaker_state::open);
  grant(p.ledger, p.now); // a reboot lifts no ceiling
  CHECK(p.ledger.last == verdict{no});
  p.now = no.until;
  CHECK(p.wait(cause::crash) == 0ms);
  CHECK(p.ledger.breaker == breaker_state::half_open);
}

TEST_CASE("on_unhealthy: stop leaves an ill service to an operator") {
  patient p;
  auto ill = p.request(cause::ill);
  ill.stop_when_ill = true;
  const auto no = p.refused(ill);
  CHECK(no.by == rule::ill);
  CHECK(is_final(no, p.now));
  CHECK(p.ledger.total == 0);
  // Neither a recovered dependency nor a reboot is an operator.
  CHECK(reset(p.ledger, p.rules, p.now) == verdict{no});
  grant(p.ledger, p.now);
  CHECK(p.ledger.last == verdict{no});
  p.allowed(cause::ordered);
  // Under the same rule a crash is a crash.
  auto crash = p.request(cause::crash);
  crash.stop_when_ill = true;
  p.allowed(crash);
}

TEST_CASE("a trial tolerates three restarts with a short wait, then the operation decides") {
  patient p;
  p.allowed(cause::crash); // before it
  CHECK(p.ledger.trial_restarts == 0);
  forgive(p.ledger);
  auto ask = [&](cause why) {
    auto out = p.request(why);
    out.trial = "op-1";
    return out;
  };
  CHECK(p.allowed(ask(cause::ordered)).not_before == p.now);
  CHECK(p.allowed(ask(cause::crash)).not_before == p.now);
  CHECK(p.allowed(ask(cause::dependency)).not_before == p.now); // not its fault, not counted
  CHECK(p.allowed(ask(cause::start_failed)).not_before == p.now + 1s);
  CHECK(p.allowed(ask(cause::clean)).not_before == p.now + 1s);
  const auto no = p.refused(ask(cause::crash));
  CHECK(no.by == rule::trial);
  CHECK(no.reason == "restarted 3 times during its trial");
  CHECK(is_final(no, p.now));
  CHECK(p.ledger.total == 4);
  CHECK(p.ledger.trial_restarts == 3);
  CHECK(reset(p.ledger, p.rules, p.now) == verdict{no});
  SECTION("another operation counts anew") {
    auto other = ask(cause::crash);
    other.trial = "op-2";
    for (int i = 0; i < 3; ++i)
      p.allowed(other);
    CHECK(p.refused(other).by == rule::trial);
  }
  SECTION("after the trial the ordinary rules hold") {
    p.allowed(cause::crash);
    CHECK(p.ledger.last != std::optional<verdict>{no});
  }
}

TEST_CASE("a start that can never succeed ends a trial at once, and only a trial") {
  patient p;
  auto fatal = p.request(cause::start_failed);
  fatal.fatal = true;
  p.allowed(fatal);
  fatal.trial = "op-1";
  const auto no = p.refused(fatal);
  CHECK(no.by == rule::trial);
  CHECK(no.reason == "the start can never succeed");
  CHECK(is_final(no, p.now));
}

TEST_CASE("what the ceiling refused is not counted against a trial") {
  patient p;
  p.rules.ceiling = {1, 1h};
  p.allowed(cause::boot);
  auto crash = p.request(cause::crash);
  crash.trial = "op-1";
  for (int i = 0; i < 5; ++i)
    CHECK(p.refused(crash).by == rule::ceiling);
  p.now += 1h;
  p.rules.ceiling.starts = 30;
  for (int i = 0; i < 3; ++i)
    p.allowed(crash);
  CHECK(p.refused(crash).by == rule::trial);
}

TEST_CASE("on-failure:N restarts N times since the last forgiveness") {
  patient p;
  p.rules.restart = restart_mode::on_failure;
  p.rules.max_retries = 2;
  p.allowed(cause::crash);
  p.allowed(cause::dependency); // a dependency's fault is no retry
  p.allowed(cause::crash);
  p.allowed(cause::boot);
  const auto no = p.refused(cause::crash);
  CHECK(no.by == rule::retries);
  CHECK(no.reason == "restart: on-failure:2 is used up");
  CHECK(is_final(no, p.now));
  p.allowed(cause::boot); // still free
  SECTION("stable running forgives") {
    forgive(p.ledger);
    p.allowed(cause::crash);
  }
  SECTION("without a number there is no end but the budget") {
    p.rules.max_retries.reset();
    p.allowed(cause::crash);
  }
  SECTION("the number means nothing under another mode") {
    p.rules.restart = restart_mode::always;
    p.allowed(cause::crash);
  }
  SECTION("none at all") {
    p.rules.max_retries = 0;
    forgive(p.ledger);
    CHECK(p.refused(cause::crash).by == rule::retries);
  }
}

TEST_CASE("a death without a wish to go on is recorded, and no permit is out afterwards") {
  patient p;
  p.allowed(cause::boot);
  const auto before = p.ledger;
  auto quiet = p.request(cause::crash);
  quiet.wants_permit = false;
  CHECK_FALSE(p.ask(quiet));
  CHECK_FALSE(p.ledger.last);
  CHECK(p.ledger.charged_life == quiet.ended);
  CHECK(p.ledger.last_cause == cause::crash);
  CHECK(p.ledger.permits == before.permits);
  CHECK(p.ledger.total == before.total);
  CHECK(p.ledger.automatic == before.automatic);
}

TEST_CASE("a start that nothing preceded leaves the last life as it was") {
  patient p;
  p.allowed(cause::crash);
  const auto last = p.ledger.charged_life;
  CHECK(last == life{"c0", 1});
  charge_request again;
  again.why = cause::crash;
  p.allowed(again);
  CHECK(p.ledger.charged_life == last);
}

TEST_CASE("a job passes its trial by completing, and is remembered as completed") {
  patient p;
  p.rules.budget.restarts = 1;
  p.allowed(cause::crash);
  p.now = p.refused(cause::crash).until;
  p.allowed(cause::crash);
  REQUIRE(p.ledger.breaker == breaker_state::half_open);
  auto done = p.request(cause::clean);
  done.wants_permit = false;
  done.completed_hash = "h1";
  CHECK_FALSE(p.ask(done));
  CHECK(p.ledger.breaker == breaker_state::closed);
  CHECK(p.ledger.completed_hash == "h1");
  CHECK(p.ledger.streak == 0);
  p.ask(cause::boot);
  CHECK(p.ledger.completed_hash == "h1");
}

TEST_CASE("stable running forgives crashes but not the total") {
  patient p;
  p.spend();
  forgive(p.ledger);
  CHECK(p.ledger.total == 10);
  CHECK(in_window(p.ledger, p.rules, p.now) == 0);
  CHECK(p.wait(cause::crash) == 0ms);
  CHECK(p.wait(cause::crash) == 1s);
}

TEST_CASE("a recovered dependency wakes its dependents at once") {
  patient p;
  p.allowed(cause::crash);
  p.allowed(cause::crash);
  p.allowed(cause::crash);
  const auto waiting = p.allowed(cause::crash);
  REQUIRE(waiting.not_before == p.now + 4s);
  p.now += 1s;
  const auto starts = p.ledger.automatic;
  auto woken = reset(p.ledger, p.rules, p.now);
  CHECK(woken == verdict{permit{waiting.n, p.now}});
  CHECK(p.ledger.last == woken);
  CHECK(p.ledger.automatic == starts); // the same start, only earlier
  CHECK(p.ledger.streak == 0);
  CHECK(in_window(p.ledger, p.rules, p.now) == 0);
  // A permit that waits no more is not put off.
  p.now += 1s;
  CHECK(reset(p.ledger, p.rules, p.now) == woken);
}

TEST_CASE("a recovered dependency closes a breaker, and its start counts for the ceiling") {
  patient p;
  p.spend();
  p.refused(cause::crash);
  p.now += 1ms;
  const auto permits = p.ledger.permits;
  CHECK(reset(p.ledger, p.rules, p.now) == verdict{permit{permits + 1, p.now}});
  CHECK(p.ledger.breaker == breaker_state::closed);
  CHECK(p.ledger.automatic.size() == 11);
  CHECK(p.ledger.cooldown == 0ms);
  patient idle; // nothing is out: nothing to wake
  CHECK_FALSE(reset(idle.ledger, idle.rules, idle.now));
  CHECK(idle.ledger.automatic.empty());
}

TEST_CASE("a recovered dependency finds the ceiling freed to the millisecond") {
  patient p;
  p.rules.ceiling = {2, 1h};
  const auto start = p.now;
  p.allowed(cause::boot);
  p.now += 1min;
  p.allowed(cause::boot);
  p.refused(cause::boot);
  auto early = reset(p.ledger, p.rules, start + 1h - 1ms);
  REQUIRE(early);
  REQUIRE(std::holds_alternative<refusal>(*early));
  CHECK(std::get<refusal>(*early).until == start + 1h);
  auto due = reset(p.ledger, p.rules, start + 1h);
  REQUIRE(due);
  CHECK(std::holds_alternative<permit>(*due));
  CHECK(p.ledger.automatic.size() == 2);
}

TEST_CASE("a reboot or another configuration grants an open breaker its trial at once") {
  patient p;
  grant(p.ledger, p.now); // nothing to grant
  CHECK(p.ledger == restart_ledger{});
  p.spend();
  p.refused(cause::crash);
  p.now += 1ms;
  grant(p.ledger, p.now);
  CHECK(std::get<refusal>(*p.ledger.last).until == p.now);
  CHECK(p.ledger.breaker == breaker_state::open); // granted, not forgiven
  p.allowed(cause::crash);
  CHECK(p.ledger.breaker == breaker_state::half_open);
  // A trial that fails has its doubled wait; a wait that is over is not put off.
  const auto no = p.refused(cause::crash);
  CHECK(no.until == p.now + 30min);
  grant(p.ledger, no.until + 1h);
  CHECK(std::get<refusal>(*p.ledger.last).until == no.until);
}

TEST_CASE("every permit has a number of its own") {
  patient p;
  p.rules.budget.restarts = 3;
  std::uint64_t last = 0;
  for (int i = 0; i < 100; ++i) {
    auto got = p.ask(every_cause[i % 10]);
    REQUIRE(got);
    if (auto* yes = std::get_if<permit>(&*got))
      CHECK(yes->n == ++last);
    p.now += 40s;
  }
  CHECK(last > 10);
  CHECK(p.ledger.permits == last);
}

TEST_CASE("the words of rules and states are fixed: people and scripts read them") {
  CHECK(to_string(rule::breaker) == std::string{"breaker"});
  CHECK(to_string(rule::ceiling) == std::string{"ceiling"});
  CHECK(to_string(rule::trial) == std::string{"trial"});
  CHECK(to_string(rule::ill) == std::string{"ill"});
  CHECK(to_string(rule::retries) == std::string{"retries"});
  CHECK(to_string(breaker_state::closed) == std::string{"closed"});
  CHECK(to_string(breaker_state::open) == std::string{"open"});
  CHECK(to_string(breaker_state::half_open) == std::string{"half_open"});
}

namespace {

/// What happened to one service, all of it, and what may therefore happen next.
struct history {
  std::vector<ledger_time> starts;  ///< automatic, for ever
  std::vector<ledger_time> charged; ///< since the last forgiveness
  breaker_state breaker = breaker_state::closed;
  std::optional<ledger_time> open_until; ///< of the verdict that is out
  milliseconds cooldown{0};
  std::uint32_t rare[6] = {};

  static std::size_t inside(const std::vector<ledger_time>& all, milliseconds window,
                            ledger_time now) {
    return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [&](ledger_time t) { return now - t < window; }));
  }
  void forget() {
    charged.clear();
    breaker = breaker_state::closed;
    cooldown = 0ms;
  }
};

enum class expected : std::uint8_t { start, ceiling, breaker, as_before };

expected foresee(const history& h, const recovery_rules& r, cause why, ledger_time now) {
  if (h.breaker == breaker_state::open && why != cause::ordered && h.open_until
      && now < *h.open_until)
    return expected::as_before;
  if (why == cause::ordered)
    return expected::start;
  if (history::inside(h.starts, r.ceiling.window, now) >= r.ceiling.starts)
    return expected::ceiling;
  if (!costs_budget(why) || h.breaker == breaker_state::open)
    return expected::start;
  if (h.breaker == breaker_state::half_open
      || history::inside(h.charged, r.budget.window, now) >= r.budget.restarts)
    return expected::breaker;
  return expected::start;
}

void live(std::uint64_t seed) {
  std::mt19937_64 rng{seed};
  auto below = [&](std::uint64_t n) { return rng() % n; };
  patient p;
  p.critical = below(4) == 0;
  p.rules.budget = {static_cast<std::uint32_t>(1 + below(5)), milliseconds{50 + below(400)}};
  p.rules.ceiling = {static_cast<std::uint32_t>(1 + below(12)), milliseconds{100 + below(900)}};
  p.rules.breaker = {milliseconds{20 + below(100)}, 2.0, milliseconds{100 + below(400)}};
  p.rules.backoff = {milliseconds{1 + below(10)}, 2.0, milliseconds{64}, 0.1};
  history h;
  std::uint64_t permits = 0;
  for (int i = 0; i < 400; ++i) {
    INFO("seed " << seed << ", step " << i);
    // Often exactly at an edge, or one millisecond off it.
    switch (below(6)) {
      case 0: break;
      case 1: p.now += milliseconds{below(300)}; break;
      case 2:
        if (h.open_until && *h.open_until > p.now)
          p.now = *h.open_until - milliseconds{below(2)};
        break;
      case 3:
        if (!h.charged.empty())
          p.now
            = std::max(p.now, h.charged.front() + p.rules.budget.window - milliseconds{below(2)});
        break;
      default: p.now += milliseconds{below(20)}; break;
    }
    p.random = static_cast<double>(below(1000)) / 1000;
    const auto before = p.ledger;
    if (below(25) == 0 && !h.open_until) { // only what runs can run stable
      forgive(p.ledger);
      h.forget();
      continue;
    }
    if (below(25) == 0) {
      auto room = history::inside(h.starts, p.rules.ceiling.window, p.now) < p.rules.ceiling.starts;
      auto got = reset(p.ledger, p.rules, p.now);
      h.forget();
      if (before.last && std::holds_alternative<refusal>(*before.last)) {
        REQUIRE(got);
        REQUIRE(std::holds_alternative<permit>(*got) == room);
        if (room) {
          h.starts.push_back(p.now);
          ++permits;
          h.open_until.reset();
        } else {
          h.open_until = std::get<refusal>(*got).until;
        }
        ++h.rare[0];
      }
      continue;
    }
    if (below(15) == 0) {
      REQUIRE(settle(p.ledger) == (h.breaker == breaker_state::half_open));
      if (h.breaker == breaker_state::half_open)
        h.forget();
      continue;
    }
    const auto why = below(2) ? cause::crash : every_cause[below(10)];
    const auto next = foresee(h, p.rules, why, p.now);
    const auto got = p.ask(why);
    REQUIRE(got);
    auto* no = std::get_if<refusal>(&*got);
    if (next == expected::start) {
      REQUIRE(std::holds_alternative<permit>(*got));
      auto yes = std::get<permit>(*got);
      REQUIRE(yes.n == ++permits);
      REQUIRE(yes.not_before >= p.now);
      REQUIRE(yes.not_before <= p.now + 71ms);
      auto trial = h.breaker == breaker_state::open;
      if (trial)
        h.breaker = breaker_state::half_open, ++h.rare[1];
      if (why != cause::ordered)
        h.starts.push_back(p.now);
      if (costs_budget(why) && !trial)
        h.charged.push_back(p.now);
      h.open_until.reset();
    } else if (next == expected::as_before) {
      REQUIRE(got == before.last);
      ++h.rare[2];
    } else if (next == expected::ceiling) {
      REQUIRE(no);
      REQUIRE(no->by == rule::ceiling);
      auto oldest = h.starts[h.starts.size() - p.rules.ceiling.starts];
      REQUIRE(no->until == oldest + p.rules.ceiling.window);
      h.open_until = no->until;
      ++h.rare[3];
    } else {
      REQUIRE(no);
      REQUIRE(no->by == rule::breaker);
      auto cap = p.critical ? std::min(p.rules.breaker.cooldown, p.rules.breaker.max)
                            : p.rules.breaker.max;
      h.cooldown = std::min(h.cooldown == 0ms ? p.rules.breaker.cooldown : h.cooldown * 2, cap);
      REQUIRE(no->until == p.now + h.cooldown);
      ++h.rare[h.breaker == breaker_state::half_open ? 4 : 5];
      h.breaker = breaker_state::open;
      h.open_until = no->until;
    }
    REQUIRE(p.ledger.breaker == h.breaker);
    // The promise itself, counted over all that ever happened.
    REQUIRE(history::inside(h.starts, p.rules.ceiling.window, p.now) <= p.rules.ceiling.starts);
    REQUIRE(history::inside(h.charged, p.rules.budget.window, p.now) <= p.rules.budget.restarts);
    REQUIRE(in_window(p.ledger, p.rules, p.now)
            == history::inside(h.charged, p.rules.budget.window, p.now));
    REQUIRE(p.ledger.total >= h.charged.size());
    REQUIRE(std::is_sorted(p.ledger.charged.begin(), p.ledger.charged.end()));
    REQUIRE(std::is_sorted(p.ledger.automatic.begin(), p.ledger.automatic.end()));
    REQUIRE(p.ledger.automatic.size() <= p.rules.ceiling.starts);
  }
  static std::uint64_t rare[6] = {};
  for (int i = 0; i < 6; ++i)
    rare[i] += h.rare[i];
  if (seed == 299) // the storm was real
    for (auto times : rare)
      REQUIRE(times > 100);
}

} // namespace

TEST_CASE("no history spends more than the budget in a window or the ceiling in an hour") {
  for (std::uint64_t seed = 0; seed < 300; ++seed)
    live(seed);
}
