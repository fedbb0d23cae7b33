// Goal: in no state whatever, possible or not, does the step do harm: it starts nothing behind a
// gate or without a permit, kills nothing before its grace, and leaves what is not ours alone.
// Method: states drawn from seeds, field by field, mostly at the edges; each promise is checked
// on its own, without regard to the order of the rules.
#include "tests/unit/policy/step_scene.hpp"

#include <random>

using namespace davit;
using namespace davit::policy;
using namespace davit::policy::testing;

namespace {

struct draw {
  std::mt19937_64 rng;

  std::uint64_t below(std::uint64_t n) { return rng() % n; }
  bool rarely() { return below(6) == 0; }
  bool half() { return below(2) == 0; }
  template <class T> T one_of(std::initializer_list<T> all) {
    return all.begin()[below(all.size())];
  }
  /// At the edge, one millisecond off it, or anywhere.
  milliseconds around(milliseconds edge) {
    return one_of({edge, edge - 1ms, edge + 1ms, 0ms, edge / 2, edge * 2});
  }

  scene state() {
    scene at;
    at.w.goal = one_of({goal::up, goal::up, goal::down, goal::absent, goal::completed});
    at.w.halt = rarely();
    at.w.trial = rarely() ? "op-1" : "";
    if (rarely())
      at.w.gates = {"db (service_healthy)"};
    at.w.blameless = half();
    if (rarely())
      at.w.stop_gates = {"web"};
    if (rarely())
      at.w.held = hold{"ada", "a backup", {}};
    at.w.order = below(3);
    at.w.restart_order = below(at.w.order + 1);
    at.w.generation = rarely();
    at.w.bound_id = rarely() ? "owner1" : "";
    at.w.restart = one_of({restart_mode::no, restart_mode::on_failure, restart_mode::always,
                           restart_mode::unless_stopped});
    at.w.ill = one_of({on_unhealthy::none, on_unhealthy::restart, on_unhealthy::stop});
    at.w.grace = one_of<milliseconds>({0ms, 1ms, 30s, 600s});
    at.s.fresh = !rarely();
    at.s.status = one_of({engine_status::absent, engine_status::created, engine_status::initialized,
                          engine_status::running, engine_status::running, engine_status::paused,
                          engine_status::stopping, engine_status::stopped, engine_status::exited,
                          engine_status::removing, engine_status::unknown});
    at.s.life.started_at = one_of({0, 1000, 2000});
    at.s.ended = half();
    at.s.ended_at = at.now.boot - around(2s);
    at.s.exit_known = half();
    if (half())
      at.s.exit.code = one_of({0, 1, 137, 143});
    at.s.exit.oom = rarely();
    at.s.by_hand = rarely();
    at.s.conmon_alive = !rarely();
    at.s.ghost_start = rarely();
    at.s.foreign = rarely();
    at.s.config_hash = rarely() ? "h2" : "h1";
    at.s.bound_id = half() ? "owner1" : "";
    at.s.ready = one_of(
      {readiness::unknown, readiness::none, readiness::starting, readiness::ready, readiness::ill});
    auto wait = around(5s);
    if (half())
      at.permitted(wait - 5s);
    else if (half())
      at.refused(one_of({refusal::rule::breaker, refusal::rule::ceiling, refusal::rule::trial,
                         refusal::rule::ill, refusal::rule::retries}),
                 wait - 5s);
    if (half())
      at.m.charged_life = at.s.life;
    at.m.last_cause = one_of({cause::ordered, cause::crash, cause::boot, cause::clean});
    at.m.order_paid = below(3);
    if (rarely())
      at.m.in_flight = one_of({verb::create, verb::start, verb::term, verb::kill, verb::remove});
    at.m.looking = below(20) == 0;
    at.m.charging = below(20) == 0;
    at.m.committing = below(20) == 0;
    if (half()) {
      at.stopping_since(around(at.w.grace));
      at.m.term_sent = half();
      if (rarely())
        at.m.term_life.started_at = 3000;
      if (half())
        at.m.killed_at = at.now.ledger - around(10s);
    }
    at.m.attempt_failed = rarely();
    at.m.rebooted = rarely();
    if (rarely())
      at.m.retry_at = at.now.boot + around(1s) - 1s;
    at.m.completed_hash = rarely() ? "h1" : "";
    return at;
  }
};

/// Counts what was seen, so that a promise about it means something.
struct tally {
  std::uint64_t looks = 0, charges = 0, acts[5] = {};
};

void check(const scene& at, tally& count) {
  const auto st = at.go();
  auto& [w, s, m, now] = at;
  const auto down = w.goal == goal::down || w.goal == goal::absent || w.halt;
  const auto busy = m.in_flight || m.looking || m.charging || m.committing
                    || (m.retry_at && *m.retry_at > now.boot);
  const auto runs = !s.ended && !s.foreign
                    && (s.status == engine_status::running || s.status == engine_status::paused
                        || s.status == engine_status::stopping);
  if (busy)
    REQUIRE(idle(st));
  else if (!s.fresh)
    REQUIRE(looks(st));
  if (idle(st)) {
    if (st.look_at)
      REQUIRE(*st.look_at > now.boot); // or it would turn without end
    return;
  }
  REQUIRE_FALSE(st.look_at);
  if (looks(st)) {
    REQUIRE_FALSE(s.fresh);
    ++count.looks;
    return;
  }
  if (auto* what = charges(st)) {
    ++count.charges;
    if (what->wants_permit)
      REQUIRE_FALSE(down);
    if (!what->ended.id.empty()) {
      REQUIRE(what->ended == s.life);
      REQUIRE_FALSE(what->ended == m.charged_life);
      REQUIRE_FALSE(runs);
      REQUIRE_FALSE(s.foreign);
      return;
    }
    // No life ended: an attempt did, or a start is to be paid for.
    if (!m.attempt_failed) {
      REQUIRE_FALSE(down);
      REQUIRE_FALSE(w.held);
      REQUIRE_FALSE(runs);
      REQUIRE(w.gates.empty());
    }
    return;
  }
  const auto v = std::get<act_do>(st.act).verb;
  ++count.acts[static_cast<int>(v)];
  if (v != verb::create)
    REQUIRE_FALSE(s.foreign);
  if (w.held)
    REQUIRE(down);
  REQUIRE_FALSE(m.attempt_failed);
  switch (v) {
    case verb::start: {
      REQUIRE(w.gates.empty());
      REQUIRE_FALSE(down);
      REQUIRE_FALSE(runs);
      REQUIRE(s.status != engine_status::absent);
      REQUIRE(s.config_hash == w.config_hash);
      REQUIRE(m.permit);
      REQUIRE(std::holds_alternative<permit>(*m.permit));
      REQUIRE(std::get<permit>(*m.permit).not_before <= now.ledger);
      REQUIRE_FALSE(death_uncharged(s, m));
      break;
    }
    case verb::create:
      REQUIRE(w.gates.empty());
      REQUIRE_FALSE(down);
      REQUIRE((s.foreign || s.status == engine_status::absent));
      break;
    case verb::kill:
      REQUIRE(runs);
      REQUIRE(m.term_at);
      REQUIRE(m.term_sent);
      REQUIRE(m.term_life == s.life);
      REQUIRE(now.ledger - *m.term_at >= w.grace);
      break;
    case verb::term: REQUIRE(runs); break;
    case verb::remove:
      REQUIRE_FALSE(runs);
      REQUIRE(s.status != engine_status::absent);
      REQUIRE_FALSE(death_uncharged(s, m));
      break;
  }
}

} // namespace

TEST_CASE("in no state at all does the step do harm") {
  tally count;
  draw any{std::mt19937_64{2}};
  for (int i = 0; i < 300'000; ++i) {
    INFO("state " << i);
    check(any.state(), count);
  }
  CHECK(count.looks > 1000);
  CHECK(count.charges > 1000);
  for (auto times : count.acts)
    CHECK(times > 100);
}
