// Scenes for the tests of the step: one service that is wanted and runs, and what may befall it.
#pragma once

#include "runtime/policy/step.hpp"
#include "tests/catch.hpp"

namespace davit::policy::testing {

using namespace std::chrono_literals;

inline constexpr boot_time boot_now{1h};
inline constexpr ledger_time ledger_now{100h};
inline const life first_life{"c1", 1000};

/// Wanted up under `restart: always`, order 1 paid, running, without a check.
struct scene {
  want w;
  seen s;
  memo m;
  now_is now{boot_now, ledger_now};

  scene() {
    w.config_hash = "h1";
    w.goal = goal::up;
    w.restart = restart_mode::always;
    w.order = 1;
    w.grace = 30s;
    s.fresh = true;
    s.status = engine_status::running;
    s.life = first_life;
    s.pid = 42;
    s.config_hash = "h1";
    s.ready = readiness::none;
    m.order_paid = 1;
  }

  /// Its process ended, and podman says so.
  scene& ended(std::optional<std::int32_t> code) {
    s.ended = true;
    s.ended_at = now.boot;
    s.status = engine_status::exited;
    s.pid = 0;
    s.conmon_alive = false;
    s.exit_known = code.has_value();
    s.exit.code = code;
    return *this;
  }
  /// And the ledger knows.
  scene& charged(cause why = cause::crash) {
    m.charged_life = s.life;
    m.last_cause = why;
    return *this;
  }
  scene& created() {
    s.status = engine_status::created;
    s.life = {"c1", 0};
    s.pid = 0;
    s.config_hash = "h1";
    return *this;
  }
  scene& absent() {
    s = {};
    s.fresh = true;
    return *this;
  }
  scene& permitted(milliseconds wait = 0ms) {
    m.permit = permit{1, now.ledger + wait};
    return *this;
  }
  scene& refused(refusal::rule by, milliseconds wait) {
    m.permit = refusal{by, now.ledger + wait, "10 of 10 restarts in 30 min"};
    return *this;
  }
  scene& stopping_since(milliseconds ago, cause why = cause::ours) {
    m.term_at = now.ledger - ago;
    m.term_life = s.life;
    m.term_cause = why;
    m.term_sent = true;
    return *this;
  }
  scene& job() {
    w.goal = goal::completed;
    w.restart = restart_mode::no;
    return *this;
  }
  void pass(milliseconds time) {
    now.boot += time;
    now.ledger += time;
  }

  step go() const { return decide(w, s, m, now); }
};

inline bool idle(const step& st) { return std::holds_alternative<act_none>(st.act); }
inline bool looks(const step& st) { return std::holds_alternative<act_look>(st.act); }
inline bool does(const step& st, verb v) {
  auto* it = std::get_if<act_do>(&st.act);
  return it && it->verb == v;
}
inline const act_charge* charges(const step& st) { return std::get_if<act_charge>(&st.act); }

/// Charges this cause and says whether it wants to go on.
inline bool charges(const step& st, cause why, bool wants_permit) {
  auto* it = charges(st);
  return it && it->why == why && it->wants_permit == wants_permit;
}

inline void shows(const step& st, phase p, const std::string& reason) {
  REQUIRE(st.phase);
  CHECK(to_string(*st.phase) == std::string{to_string(p)});
  CHECK(st.reason == reason);
}

} // namespace davit::policy::testing
