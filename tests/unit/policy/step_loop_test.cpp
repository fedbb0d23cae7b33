// Goal: step and ledger together bring one service to where it is wanted after any storm, obey
// every order once, never turn without time passing, and never start more than they may.
// Method: a toy podman that does at once what it is told, or refuses; random ends, crashes of the
// daemon at every point between two acts, reboots, orders, gates and configurations from seeds.
#include "tests/unit/policy/step_scene.hpp"

#include <random>

using namespace davit;
using namespace davit::policy;
using namespace davit::policy::testing;

namespace {

struct box {
  engine_status status = engine_status::absent;
  life which;
  std::optional<std::int32_t> code;
  std::string config_hash;
  bool runs() const { return status == engine_status::running; }
};

struct counts {
  std::uint64_t starts = 0, kills = 0, refusals = 0, crashes = 0, lost = 0, boots = 0;
};

class toy {
public:
  toy(std::uint64_t seed, counts& count) : rng_{seed}, count_{count} {
    w.config_hash = "h1";
    w.goal = goal::up;
    w.order = 1;
    w.grace = one_of<milliseconds>({0ms, 1s, 30s});
    w.restart = one_of({restart_mode::no, restart_mode::on_failure, restart_mode::always,
                        restart_mode::unless_stopped});
    w.ill = one_of({on_unhealthy::none, on_unhealthy::restart});
    rules_.restart = w.restart;
    rules_.budget = {static_cast<std::uint32_t>(1 + below(4)), 2min};
    rules_.ceiling = {static_cast<std::uint32_t>(4 + below(8)), 5min};
    rules_.breaker = {1min, 2.0, 4min};
    rules_.backoff = {1s, 2.0, 20s, 0.1};
  }

  void storm() {
    calm_ = false;
    for (int i = 0; i < 120; ++i) {
      happen();
      settle_down();
    }
  }

  /// No faults any more, and an order of a person: up, down or gone.
  void ends_as(goal g) {
    calm_ = true;
    w.gates.clear();
    w.held.reset();
    w.halt = false;
    w.goal = g;
    ++w.order;
    s.ready = readiness::none;
    for (int i = 0; i < 400; ++i)
      settle_down();
    if (g == goal::up) {
      REQUIRE(podman.runs());
      REQUIRE(podman.config_hash == w.config_hash);
      REQUIRE(m.order_paid >= w.restart_order);
    } else if (g == goal::down) {
      REQUIRE_FALSE(podman.runs());
    } else {
      REQUIRE(podman.status == engine_status::absent);
    }
  }

  want w;
  seen s;
  memo m;
  box podman;

private:
  std::uint64_t below(std::uint64_t n) { return rng_() % n; }
  template <class T> T one_of(std::initializer_list<T> all) {
    return all.begin()[below(all.size())];
  }
  bool fails() { return !calm_ && below(8) == 0; }

  void end(std::optional<std::int32_t> code) {
    if (!podman.runs())
      return;
    podman.status = engine_status::exited;
    podman.code = code;
    s.fresh = false;
    if (podman.which == s.life && !s.ended) {
      s.ended = true;
      s.ended_at = now_.boot;
    }
  }

  /// kill -9 of the daemon: only the ledger and the stop that was begun are remembered.
  void crash(bool reboot) {
    ++(reboot ? count_.boots : count_.crashes);
    auto term = m;
    auto begun = m.term_at && m.term_life != ledger_.charged_life;
    s = {};
    m = {};
    if (begun) {
      m.term_at = term.term_at;
      m.term_life = term.term_life;
      m.term_cause = term.term_cause;
    }
    note();
    if (has_permit()) // spent: nobody knows whether its start was sent
      m.permit.reset();
    m.generation = w.generation;
    if (reboot) {
      end({});
      m.rebooted = true;
      grant(ledger_, now_.ledger);
      note();
      if (has_permit())
        m.permit.reset();
    }
  }
  bool has_permit() const { return m.permit && std::holds_alternative<permit>(*m.permit); }

  void note() {
    m.permit = ledger_.last;
    m.charged_life = ledger_.charged_life;
    m.last_cause = ledger_.last_cause;
    m.order_paid = ledger_.order_paid;
  }

  void happen() {
    switch (below(12)) {
      case 0: return crash(false);
      case 1: return below(4) ? end(137) : crash(true);
      case 2: return end(0);
      case 3: return end(1);
      case 4:
        w.gates
          = below(2) ? std::set<std::string>{"db (service_healthy)"} : std::set<std::string>{};
        return;
      case 5:
        w.goal = one_of({goal::up, goal::up, goal::down});
        ++w.order;
        return;
      case 6: w.restart_order = ++w.order; return;
      case 7:
        w.config_hash = one_of({"h1", "h2", "h3"});
        ++w.order;
        return;
      case 8: ++w.generation; return;
      case 9:
        if (alive(s))
          s.ready = one_of({readiness::ready, readiness::ill});
        return;
      case 10: // podman rm -f, by somebody
        end(137);
        podman = {};
        s.fresh = false;
        return;
      default: w.held = below(3) ? std::nullopt : std::optional{hold{"ada", "", {}}}; return;
    }
  }

  /// Acts until there is nothing to do, then lets the time pass that the step asks for.
  void settle_down() {
    for (int i = 0;; ++i) {
      REQUIRE(i < 16); // a livelock
      auto st = decide(w, s, m, now_);
      if (auto* none = std::get_if<act_none>(&st.act); none) {
        auto wait = st.look_at ? *st.look_at - now_.boot : boot_clock::duration{5s};
        pass(std::chrono::ceil<milliseconds>(wait));
        if (!st.look_at || !s.exit_known)
          s.fresh = false;
        return;
      }
      act(st);
      if (!calm_ && below(20) == 0)
        crash(false);
    }
  }

  void pass(milliseconds time) {
    REQUIRE(time > 0ms);
    now_.boot += time;
    now_.ledger += time;
    if (signalled_ && below(2)) {
      end(one_of({0, 143}));
      signalled_ = false;
    }
  }

  void act(const step& st) {
    if (std::holds_alternative<act_look>(st.act))
      return look();
    if (auto* what = std::get_if<act_charge>(&st.act))
      return charge_it(*what);
    switch (std::get<act_do>(st.act).verb) {
      case verb::create: return create();
      case verb::start: return start();
      case verb::term: return term(std::get<act_do>(st.act).why);
      case verb::kill: return kill();
      case verb::remove:
        REQUIRE_FALSE(podman.runs());
        podman = {};
        return look();
    }
  }

  void look() {
    auto known = podman.which == s.life;
    if (podman.status == engine_status::absent) {
      s.ended = s.ended || s.life.started_at != 0;
      s.status = engine_status::absent;
    } else {
      if (!known) {
        s = {};
        s.ready = readiness::none;
      }
      s.life = podman.which;
      s.status = podman.status;
      s.config_hash = podman.config_hash;
      if (podman.status == engine_status::exited) {
        s.ended = true;
        s.exit_known = podman.code.has_value();
        s.exit.code = podman.code;
      }
    }
    s.fresh = true;
  }

  void charge_it(const act_charge& what) {
    charge_request request;
    request.why = what.why;
    request.ended = what.ended;
    request.order = w.order;
    request.wants_permit = what.wants_permit;
    auto got = charge(ledger_, rules_, false, request, now_.ledger, 0.5);
    count_.refusals += got && std::holds_alternative<refusal>(*got);
    count_.lost += what.why == cause::lost;
    m.attempt_failed = false;
    note();
  }

  void create() {
    REQUIRE(podman.status == engine_status::absent);
    if (fails()) {
      m.attempt_failed = true;
      return;
    }
    podman = {engine_status::created, {"c" + std::to_string(++names_), 0}, {}, w.config_hash};
    look();
  }

  void start() {
    REQUIRE(w.gates.empty());
    REQUIRE_FALSE(podman.runs());
    REQUIRE(has_permit());
    m.permit.reset();
    if (fails()) {
      m.attempt_failed = true;
      return;
    }
    // Each start is one that the ledger allowed, and no permit pays twice.
    ++count_.starts;
    REQUIRE(ledger_.permits > spent_);
    spent_ = ledger_.permits;
    podman.status = engine_status::running;
    podman.which.started_at = ++started_;
    podman.code.reset();
    m.rebooted = false;
    m.term_at.reset();
    m.killed_at.reset();
    m.generation = w.generation;
    signalled_ = false;
    look();
  }

  void term(cause why) {
    REQUIRE(podman.runs());
    if (!m.term_at || m.term_life != s.life) {
      m.term_at = now_.ledger;
      m.term_life = s.life;
      m.term_cause = why;
      m.killed_at.reset();
    }
    m.term_sent = true;
    signalled_ = true;
  }

  void kill() {
    ++count_.kills;
    REQUIRE(m.term_life == podman.which);
    REQUIRE(now_.ledger - *m.term_at >= w.grace);
    m.killed_at = now_.ledger;
    end(137);
  }

  std::mt19937_64 rng_;
  counts& count_;
  recovery_rules rules_;
  restart_ledger ledger_;
  now_is now_{boot_now, ledger_now};
  std::uint64_t names_ = 0;
  std::int64_t started_ = 0;
  std::uint64_t spent_ = 0;
  bool signalled_ = false;
  bool calm_ = false;
};

} // namespace

TEST_CASE("after any storm a service is where it was last wanted") {
  counts count;
  for (std::uint64_t seed = 0; seed < 600; ++seed) {
    INFO("seed " << seed);
    toy one{seed, count};
    one.storm();
    one.ends_as(goal::up);
    one.storm();
    one.ends_as(seed % 2 ? goal::down : goal::absent);
  }
  // The storm was real.
  CHECK(count.starts > 10'000);
  CHECK(count.kills > 1'000);
  CHECK(count.refusals > 1'000);
  CHECK(count.crashes > 1'000);
  CHECK(count.boots > 500);
  CHECK(count.lost > 1'000);
}
