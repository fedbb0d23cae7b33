// Goal: the step does what its table says, row by row, and at its boundaries to the millisecond.
// Method: one scene, a healthy wanted service, changed by as little as the rule needs.
#include "tests/unit/policy/step_scene.hpp"

using namespace davit;
using namespace davit::policy;
using namespace davit::policy::testing;

using rule = refusal::rule;

// ---- 1: something in flight

TEST_CASE("while something is in flight nothing else is done") {
  for (auto v : {verb::create, verb::start, verb::term, verb::kill, verb::remove}) {
    scene at;
    at.w.goal = goal::down;
    at.s.fresh = false;
    at.m.in_flight = v;
    CHECK(idle(at.go()));
  }
  scene at;
  at.m.in_flight = verb::create;
  CHECK(at.go().phase == phase::creating);
  at.m.in_flight = verb::start;
  CHECK(at.go().phase == phase::starting);
  at.m.in_flight = verb::kill;
  CHECK(at.go().phase == phase::stopping);
}

TEST_CASE("while a question is open none is asked") {
  for (auto flag : {&memo::looking, &memo::charging, &memo::committing}) {
    scene at;
    at.s.fresh = false;
    at.m.*flag = true;
    CHECK(idle(at.go()));
    CHECK_FALSE(at.go().phase); // as before
  }
}

TEST_CASE("a retry waits for its time, to the nanosecond of the boot clock") {
  scene at;
  at.s.fresh = false;
  at.m.retry_at = at.now.boot + 1ns;
  CHECK(idle(at.go()));
  CHECK(at.go().look_at == at.m.retry_at);
  at.now.boot += 1ns;
  CHECK(looks(at.go()));
}

// ---- 2: not fresh

TEST_CASE("nothing is decided on old news") {
  scene at;
  at.ended(1);
  at.s.fresh = false;
  CHECK(looks(at.go()));
  at.w.goal = goal::down;
  CHECK(looks(at.go()));
}

// ---- 3: charging a death

TEST_CASE("a death is charged once, with its cause") {
  scene at;
  at.ended(1);
  auto st = at.go();
  CHECK(charges(st, cause::crash, true));
  CHECK(charges(st)->ended == first_life);
  shows(st, phase::crashed, "exit code 1");
  at.charged().permitted();
  CHECK(does(at.go(), verb::start));
}

TEST_CASE("a restart of the same container is another life") {
  scene at;
  at.ended(1).charged();
  at.s.life.started_at = 2000;
  CHECK(charges(at.go(), cause::crash, true));
}

TEST_CASE("every sign of an end is a death, and a container that never ran has none") {
  for (auto status : {engine_status::exited, engine_status::stopped, engine_status::created}) {
    scene at;
    at.s.status = status;
    CHECK(charges(at.go()));
    at.s.life.started_at = 0;
    CHECK_FALSE(death_uncharged(at.s, at.m));
  }
  scene heard; // the pidfd outranks what podman still says
  heard.s.ended = true;
  CHECK_FALSE(alive(heard.s));
  CHECK(charges(heard.go()));
  scene vanished;
  vanished.ended({});
  vanished.s.status = engine_status::absent;
  CHECK(charges(vanished.go(), cause::crash, true));
}

TEST_CASE("what ended because we asked is ours, whatever its code") {
  for (auto why : {cause::ours, cause::ill, cause::dependency}) {
    for (auto code : {0, 1, 137, 143}) {
      scene at;
      at.stopping_since(1s, why).ended(code);
      at.s.by_hand = true;
      at.m.rebooted = true;
      at.w.gates = {"db (service_healthy)"};
      auto st = at.go();
      CHECK(charges(st, why, true));
      shows(st, phase::stopped, "stopped as asked");
    }
  }
  scene other; // an order to stop an earlier life explains nothing
  other.stopping_since(1s).ended(1);
  other.m.term_life.started_at = 999;
  CHECK(charges(other.go(), cause::crash, true));
}

TEST_CASE("after our KILL the word is killed") {
  scene at;
  at.w.goal = goal::down;
  at.stopping_since(31s).ended(137);
  at.m.killed_at = at.now.ledger - 1s;
  auto st = at.go();
  CHECK(charges(st, cause::ours, false));
  shows(st, phase::stopped, "killed: it did not end within its grace");
}

TEST_CASE("a life that a reboot ended is charged to the reboot") {
  scene at;
  at.ended(1);
  at.m.rebooted = true;
  at.s.by_hand = true;
  CHECK(charges(at.go(), cause::boot, true));
}

TEST_CASE("what a reboot ended is stopped, unless podman still knows how it ended") {
  scene at;
  at.ended({});
  at.m.rebooted = true;
  const std::string words = "ended by a restart of the machine";
  CHECK(charges(at.go(), cause::boot, true));
  shows(at.go(), phase::stopped, words);
  at.w.restart = restart_mode::no; // and so it stays, for this daemon and the next
  at.charged(cause::boot);
  shows(at.go(), phase::stopped, words);
  at.m.rebooted = false;
  shows(at.go(), phase::stopped, words);
  at.m.charged_life.started_at = 500; // of an earlier life
  CHECK(at.go().phase == phase::crashed);
  at.m.rebooted = true;
  at.ended(3);
  shows(at.go(), phase::crashed, "exit code 3");
}

TEST_CASE("a stop by hand is no crash") {
  scene at;
  at.ended(143);
  at.s.by_hand = true;
  at.w.gates = {"db (service_healthy)"};
  auto st = at.go();
  CHECK(charges(st, cause::by_hand, true));
  shows(st, phase::stopped, "stopped through podman by somebody else; use `davit stop`");
}

TEST_CASE("a crash while a dependency is down is the dependency's") {
  scene at;
  at.ended(1);
  at.w.gates = {"db (service_healthy)"};
  CHECK(charges(at.go(), cause::dependency, true));
  // A gate that only says 'not looked at yet' explains no death.
  at.w.blameless = true;
  CHECK(charges(at.go(), cause::crash, true));
}

TEST_CASE("an exit 0 by itself is clean, with a memory fault it is not") {
  scene at;
  at.ended(0);
  CHECK(charges(at.go(), cause::clean, true));
  CHECK(at.go().phase == phase::exited);
  at.s.exit.oom = true;
  CHECK(charges(at.go(), cause::crash, true));
  CHECK(at.go().phase == phase::killed);
}

TEST_CASE("the exit code is waited for only where a rule needs it, and no longer than 2 s") {
  auto waits = [](scene at) {
    at.ended({});
    auto first = at.go();
    CHECK(idle(first));
    CHECK(first.look_at == at.now.boot + 10ms);
    at.pass(1999ms);
    CHECK(idle(at.go()));
    at.pass(1ms);
    auto last = at.go();
    REQUIRE(charges(last));
    CHECK(charges(last)->why == cause::crash);
    shows(last, phase::crashed, "ended, and nobody could tell how");
  };
  scene on_failure;
  on_failure.w.restart = restart_mode::on_failure;
  waits(on_failure);
  waits(scene{}.job());
  scene trial;
  trial.w.trial = "op-1";
  waits(trial);

  for (auto mode : {restart_mode::always, restart_mode::unless_stopped, restart_mode::no}) {
    scene at;
    at.w.restart = mode;
    at.ended({});
    CHECK(charges(at.go(), cause::crash, mode != restart_mode::no));
  }
  on_failure.stopping_since(1s).ended({}); // asked to stop: the code says nothing
  CHECK(charges(on_failure.go(), cause::ours, true));
  scene known;
  known.w.restart = restart_mode::on_failure;
  known.ended(1);
  CHECK(charges(known.go(), cause::crash, true));
}

TEST_CASE("restart: decides who goes on after an end of its own") {
  auto wants = [](restart_mode mode, std::optional<int> code) {
    scene at;
    at.w.restart = mode;
    at.ended(code);
    at.pass(2s);
    auto st = at.go();
    REQUIRE(charges(st));
    return charges(st)->wants_permit;
  };
  CHECK_FALSE(wants(restart_mode::no, 0));
  CHECK_FALSE(wants(restart_mode::no, 1));
  CHECK_FALSE(wants(restart_mode::no, {}));
  CHECK_FALSE(wants(restart_mode::on_failure, 0));
  CHECK(wants(restart_mode::on_failure, 1));
  CHECK(wants(restart_mode::on_failure, {}));
  for (auto mode : {restart_mode::always, restart_mode::unless_stopped})
    for (auto code : {0, 1})
      CHECK(wants(mode, code));
}

TEST_CASE("an order that is not paid yet outweighs restart:") {
  scene at;
  at.w.restart = restart_mode::no;
  at.w.order = 2;
  at.ended(0);
  CHECK(charges(at.go(), cause::clean, true));
}

TEST_CASE("what goes down wants no permit") {
  for (auto g : {goal::down, goal::absent}) {
    scene at;
    at.w.goal = g;
    at.ended(1);
    CHECK(charges(at.go(), cause::crash, false));
  }
  scene halted;
  halted.w.halt = true;
  halted.ended(1);
  CHECK(charges(halted.go(), cause::crash, false));
}

TEST_CASE("a refused create or start is an attempt that ended") {
  scene at;
  at.created();
  at.m.attempt_failed = true;
  at.m.attempt_error = "no such image";
  auto st = at.go();
  CHECK(charges(st, cause::start_failed, true));
  CHECK(charges(st)->ended == life{});
  shows(st, phase::crashed, "could not be started: no such image");
  at.w.gates = {"db (service_started)"};
  CHECK(charges(at.go(), cause::dependency, true));
  at.w.blameless = true;
  CHECK(charges(at.go(), cause::start_failed, true));
  at.w.goal = goal::down;
  CHECK(charges(at.go(), cause::start_failed, false));
}

TEST_CASE("the death of a life comes before the failure of an attempt") {
  scene at;
  at.ended(1);
  at.m.attempt_failed = true;
  CHECK(charges(at.go(), cause::crash, true));
}

// ---- 4: held

TEST_CASE("a hold freezes everything that we would do by ourselves") {
  auto frozen = [](scene at) {
    at.w.held = hold{"ada", "a backup", {}};
    auto st = at.go();
    CHECK(idle(st));
    shows(st, phase::held, "held by ada: a backup");
  };
  frozen(scene{});
  frozen(scene{}.absent());
  frozen(scene{}.created().permitted());
  frozen(scene{}.ended(1).charged().permitted());
  frozen(scene{}.refused(rule::breaker, 0ms).ended(1).charged());
  scene changed;
  changed.w.config_hash = "h2";
  frozen(changed);
  scene ill;
  ill.w.ill = on_unhealthy::restart;
  ill.s.ready = readiness::ill;
  frozen(ill);
  scene ghost;
  ghost.s.conmon_alive = false;
  frozen(ghost);
  scene ordered;
  ordered.w.order = 2;
  frozen(ordered.created());
}

TEST_CASE("down, absent and the end of the host pass a hold, and deaths are still charged") {
  for (auto g : {goal::down, goal::absent}) {
    scene at;
    at.w.held = hold{"ada", "", {}};
    at.w.goal = g;
    CHECK(does(at.go(), verb::term));
  }
  scene halted;
  halted.w.held = hold{"ada", "", {}};
  halted.w.halt = true;
  CHECK(does(halted.go(), verb::term));
  scene died;
  died.w.held = hold{"ada", "", {}};
  died.ended(1);
  CHECK(charges(died.go(), cause::crash, true));
  scene refused;
  refused.w.held = hold{"ada", "", {}};
  refused.created();
  refused.m.attempt_failed = true;
  CHECK(charges(refused.go(), cause::start_failed, true));
}

// ---- 5: ghosts

TEST_CASE("a torn start is removed and created anew") {
  scene at;
  at.created();
  at.s.status = engine_status::initialized;
  CHECK(does(at.go(), verb::remove));
  scene refused;
  refused.created();
  refused.s.ghost_start = true;
  CHECK(does(refused.go(), verb::remove));
}

TEST_CASE("a container whose monitor died is ended like any other, then removed") {
  for (auto status : {engine_status::running, engine_status::stopping, engine_status::paused}) {
    scene at;
    at.s.status = status;
    at.s.conmon_alive = false;
    CHECK(does(at.go(), verb::term));
    at.stopping_since(29999ms);
    CHECK(idle(at.go()));
    at.pass(1ms);
    CHECK(does(at.go(), verb::kill));
    at.s.ended = true;
    at.s.ended_at = at.now.boot;
    at.charged();
    at.permitted();
    at.pass(1999ms); // podman may only be late
    CHECK_FALSE(does(at.go(), verb::remove));
    at.pass(1ms);
    CHECK(does(at.go(), verb::remove));
  }
}

TEST_CASE("a ghost is removed even where nothing is to run: podman would call it alive for ever") {
  scene torn;
  torn.w.goal = goal::down;
  torn.created();
  torn.s.status = engine_status::initialized;
  CHECK(does(torn.go(), verb::remove));
  scene dead;
  dead.w.goal = goal::down;
  dead.ended(137).charged();
  dead.s.status = engine_status::running;
  dead.pass(2s);
  CHECK(does(dead.go(), verb::remove));
}

TEST_CASE("a container that runs is not removed, whatever was said of it before") {
  scene at;
  at.s.ghost_start = true;
  CHECK(idle(at.go()));
}

TEST_CASE("a container that ended as it should is no ghost without its monitor") {
  scene at;
  at.ended(1).charged().permitted();
  at.pass(1h);
  CHECK(does(at.go(), verb::start));
}

// ---- 6: what must go

TEST_CASE("what must not run gets the stop signal") {
  auto ends = [](const scene& at, cause why) {
    auto st = at.go();
    REQUIRE(does(st, verb::term));
    CHECK(std::get<act_do>(st.act).why == why);
    CHECK(st.phase == phase::stopping);
  };
  for (auto g : {goal::down, goal::absent}) {
    scene at;
    at.w.goal = g;
    ends(at, cause::ours);
  }
  scene halted;
  halted.w.halt = true;
  ends(halted, cause::ours);
  scene changed;
  changed.w.config_hash = "h2";
  ends(changed, cause::ours);
  scene reordered;
  reordered.w.order = reordered.w.restart_order = 2;
  ends(reordered, cause::ours);
  scene unbound;
  unbound.w.bound_id = "owner2";
  unbound.s.bound_id = "owner1";
  ends(unbound, cause::ours);
  scene outlived;
  outlived.w.generation = 1;
  ends(outlived, cause::dependency);
  for (auto what : {on_unhealthy::restart, on_unhealthy::stop}) {
    scene ill;
    ill.w.ill = what;
    ill.s.ready = readiness::ill;
    ends(ill, cause::ill);
  }
}

TEST_CASE("what was asked for already, and what is only unwell, goes on running") {
  scene at;
  at.w.restart_order = 1;
  at.w.generation = at.m.generation = 3;
  at.w.bound_id = at.s.bound_id = "owner1";
  CHECK(idle(at.go()));
  at.s.ready = readiness::ill; // on_unhealthy: none
  auto st = at.go();
  CHECK(idle(st));
  shows(st, phase::running, "runs, but its health check fails");
}

TEST_CASE("a stop waits for what depends on it, unless it is ill") {
  scene at;
  at.w.goal = goal::down;
  at.w.stop_gates = {"api", "web"};
  auto st = at.go();
  CHECK(idle(st));
  shows(st, phase::stopping, "stops after api, web");
  at.w.ill = on_unhealthy::restart;
  at.s.ready = readiness::ill;
  CHECK(does(at.go(), verb::term));
}

TEST_CASE("the kill comes when the grace is over on the ledger clock, and not before") {
  scene at;
  at.w.goal = goal::down;
  at.w.grace = 600s;
  at.stopping_since(0ms);
  auto st = at.go();
  CHECK(idle(st));
  CHECK(st.look_at == at.now.boot + 600s);
  shows(st, phase::stopping, "has 600 s left to stop");
  at.now.boot += 24h; // another clock's time is no grace
  CHECK(idle(at.go()));
  at.now.ledger += 599'001ms;
  CHECK(at.go().reason == "has 1 s left to stop");
  CHECK(at.go().look_at == at.now.boot + 999ms);
  at.now.ledger += 998ms;
  CHECK(idle(at.go()));
  at.now.ledger += 1ms;
  CHECK(does(at.go(), verb::kill));
}

TEST_CASE("no grace at all is obeyed after the signal is out") {
  scene at;
  at.w.goal = goal::down;
  at.w.grace = 0ms;
  CHECK(does(at.go(), verb::term));
  at.stopping_since(0ms);
  CHECK(does(at.go(), verb::kill));
}

TEST_CASE("a kill that changed nothing is repeated after 10 s") {
  scene at;
  at.w.goal = goal::down;
  at.stopping_since(30s);
  at.m.killed_at = at.now.ledger;
  CHECK(idle(at.go()));
  CHECK(at.go().look_at == at.now.boot + 10s);
  at.pass(9999ms);
  CHECK(idle(at.go()));
  at.pass(1ms);
  CHECK(does(at.go(), verb::kill));
}

TEST_CASE("a stop that a crash of ours cut short is signalled again, and its grace goes on") {
  scene at;
  at.w.goal = goal::down;
  at.stopping_since(29s);
  at.m.term_sent = false;
  CHECK(does(at.go(), verb::term));
  at.m.term_sent = true;
  CHECK(idle(at.go()));
  at.pass(1s);
  CHECK(does(at.go(), verb::kill));
}

TEST_CASE("a signal to an earlier life is none to this one") {
  scene at;
  at.w.goal = goal::down;
  at.stopping_since(1h);
  at.s.life.started_at = 2000;
  CHECK(does(at.go(), verb::term));
}

TEST_CASE("what is down stays, what is absent or changed is removed") {
  scene down;
  down.w.goal = goal::down;
  down.stopping_since(1s).ended(0).charged(cause::ours);
  CHECK(idle(down.go()));
  shows(down.go(), phase::stopped, "stopped as asked");
  down.w.goal = goal::absent;
  CHECK(does(down.go(), verb::remove));
  CHECK(down.go().reason == "is removed");
  scene gone;
  gone.w.goal = goal::absent;
  gone.absent();
  CHECK(idle(gone.go()));
  shows(gone.go(), phase::stopped, "stopped");
  scene changed;
  changed.ended(1).charged().permitted();
  changed.w.config_hash = "h2";
  CHECK(does(changed.go(), verb::remove));
  CHECK(changed.go().reason == "is created anew: its configuration changed");
  scene unbound;
  unbound.ended(1).charged().permitted();
  unbound.w.bound_id = "owner2";
  unbound.s.bound_id = "owner1";
  CHECK(does(unbound.go(), verb::remove));
  scene halted;
  halted.w.halt = true;
  halted.ended(1).charged();
  CHECK(idle(halted.go()));
}

TEST_CASE("a completed job that goes down is still completed") {
  scene at;
  at.ended(0).charged(cause::clean);
  at.w.goal = goal::down;
  at.m.completed_hash = "h1";
  shows(at.go(), phase::completed, "completed");
}

// ---- 7: alive

TEST_CASE("gates never stop a live container") {
  scene at;
  at.w.gates = {"db (service_healthy)"};
  at.w.stop_gates = {"web"};
  CHECK(idle(at.go()));
  shows(at.go(), phase::running, "");
  at.refused(rule::breaker, 1h);
  CHECK(idle(at.go()));
}

TEST_CASE("a live container shows what it does") {
  scene at;
  at.s.ready = readiness::starting;
  shows(at.go(), phase::running, "runs, not ready yet");
  at.s.ready = readiness::ready;
  shows(at.go(), phase::running, "");
  at.s.status = engine_status::paused;
  shows(at.go(), phase::running, "paused through podman");
  at.s.status = engine_status::stopping;
  shows(at.go(), phase::stopping, "somebody stops it through podman");
  CHECK(at.go().look_at == at.now.boot + 1s);
  at.s.status = engine_status::removing;
  shows(at.go(), phase::stopping, "is removed by somebody");
  CHECK(at.go().look_at == at.now.boot + 1s);
}

// ---- 8: finished

TEST_CASE("a completed job is not run again, for a start, a boot or a dependent") {
  scene at;
  at.job();
  at.m.completed_hash = "h1";
  at.m.rebooted = true;
  CHECK(idle(at.absent().go()));
  shows(at.go(), phase::completed, "completed");
  CHECK(idle(at.created().go()));
  shows(at.go(), phase::completed, "completed");
  at.w.order = 5;
  CHECK(idle(at.go()));
  at.w.gates = {"db (service_healthy)"};
  CHECK(at.go().phase == phase::completed);
}

TEST_CASE("a completed job runs again under another configuration or when it is restarted") {
  scene at;
  at.job().created();
  at.m.completed_hash = "h0";
  CHECK(charges(at.go(), cause::lost, true));
  at.m.completed_hash = "h1";
  at.w.order = at.w.restart_order = 2;
  CHECK(charges(at.go(), cause::ordered, true));
  at.m.order_paid = 2;
  at.permitted();
  CHECK(does(at.go(), verb::start));
}

TEST_CASE("a job that ended well is completed, whatever else was down at that moment") {
  scene at;
  at.job().ended(0);
  CHECK(charges(at.go(), cause::clean, false));
  shows(at.go(), phase::completed, "completed");
  at.w.gates = {"db (service_healthy)"};
  CHECK(charges(at.go(), cause::clean, false));
  at.m.rebooted = true;
  CHECK(charges(at.go(), cause::clean, false));
  at.s.by_hand = true; // a program that somebody stopped has not done its work
  CHECK_FALSE(charges(at.go(), cause::clean, false));
}

TEST_CASE("a job that failed is left, and one that a reboot interrupted is run again") {
  scene failed;
  failed.job().ended(3);
  CHECK(charges(failed.go(), cause::crash, false));
  failed.charged();
  CHECK(idle(failed.go()));
  shows(failed.go(), phase::crashed, "exit code 3");
  CHECK_FALSE(failed.go().look_at);

  scene interrupted;
  interrupted.job().ended(137);
  interrupted.m.rebooted = true;
  CHECK(charges(interrupted.go(), cause::boot, true));
  interrupted.charged(cause::boot).permitted();
  CHECK(does(interrupted.go(), verb::start));
}

TEST_CASE("what restart: forbids is left as it ended") {
  auto left = [](restart_mode mode, int code, phase p) {
    scene at;
    at.w.restart = mode;
    at.ended(code).charged();
    auto st = at.go();
    CHECK(idle(st));
    CHECK(st.phase == p);
    CHECK_FALSE(st.look_at);
  };
  left(restart_mode::no, 0, phase::stopped);
  left(restart_mode::no, 1, phase::crashed);
  left(restart_mode::on_failure, 0, phase::exited);
}

TEST_CASE("an order starts what restart: forbids, once") {
  for (auto code : {0, 1}) {
    scene at;
    at.w.restart = restart_mode::no;
    at.ended(code).charged();
    at.w.order = 2;
    CHECK(charges(at.go(), cause::ordered, true));
    at.m.order_paid = 2; // paid by the charge: the permit is out
    at.permitted();
    CHECK(does(at.go(), verb::start));
  }
  scene job; // `davit start` after a migration failed
  job.job().ended(1).charged();
  job.w.order = job.m.order_paid = 2;
  job.permitted();
  CHECK(does(job.go(), verb::start));
}

TEST_CASE("an order whose permit a crash of ours lost is still obeyed") {
  scene at;
  at.w.restart = restart_mode::no;
  at.ended(1).charged(cause::ordered); // the last charge was the order's, not the death's
  CHECK(charges(at.go(), cause::lost, true));
  at.charged(cause::lost).permitted();
  CHECK(does(at.go(), verb::start));
}

TEST_CASE("a crash of ours in the middle of a restart or an upgrade leaves nothing down") {
  for (auto mode : {restart_mode::no, restart_mode::on_failure}) {
    for (auto why : {cause::ours, cause::ill, cause::start_failed}) {
      scene at; // its end was ours; the term was forgotten with the charge
      at.w.restart = mode;
      at.ended(0).charged(why);
      CHECK(charges(at.go(), cause::lost, true));
      at.w.config_hash = "h2";
      CHECK(does(at.go(), verb::remove));
      at.s.status = engine_status::absent;
      CHECK(does(at.go(), verb::create));
    }
    for (auto why : {cause::clean, cause::by_hand}) {
      scene at;
      at.w.restart = mode;
      at.ended(0).charged(why);
      CHECK(idle(at.go()));
    }
  }
}

TEST_CASE("a reboot excuses the life that it ended, and no later one") {
  scene job; // run again after the boot, then failed by itself
  job.job().ended(3);
  job.m.last_cause = cause::boot;
  job.m.charged_life = {"c1", 500};
  CHECK(charges(job.go(), cause::crash, false));
  scene service;
  service.w.restart = restart_mode::on_failure;
  service.ended(0);
  service.m.last_cause = cause::boot;
  service.m.charged_life = {"c1", 500};
  CHECK(charges(service.go(), cause::clean, false));
  // Its own end by the boot is excused for as long as its start is due.
  scene again;
  again.job().ended(137).charged(cause::boot);
  CHECK(charges(again.go(), cause::lost, true));
}

TEST_CASE("what somebody removed after its end is not run again against restart:") {
  scene at;
  at.w.restart = restart_mode::no;
  at.ended(0).charged(cause::clean);
  at.s.status = engine_status::absent; // podman container prune
  CHECK(idle(at.go()));
  shows(at.go(), phase::stopped, "ended by itself with exit code 0");
  at.w.order = 2;
  CHECK(does(at.go(), verb::create));
  at.m.order_paid = 2;
  at.permitted();
  CHECK(does(at.go(), verb::create));
  scene always;
  always.ended(0).charged(cause::clean).permitted();
  always.s.status = engine_status::absent;
  CHECK(does(always.go(), verb::create));
}

TEST_CASE("a machine that was restarted leaves restart: no alone") {
  scene at;
  at.w.restart = restart_mode::no;
  at.m.rebooted = true;
  at.absent();
  shows(at.go(), phase::stopped, "the machine was restarted, and `restart: no` says to leave it");
  CHECK(idle(at.go()));
  at.w.order = 2;
  CHECK(does(at.go(), verb::create));
  at.m.order_paid = 2;
  at.created().permitted();
  CHECK(does(at.go(), verb::start));
  scene never_begun; // its first order was never obeyed
  never_begun.w.restart = restart_mode::no;
  never_begun.m.rebooted = true;
  never_begun.m.order_paid = 0;
  never_begun.absent();
  CHECK(does(never_begun.go(), verb::create));
}

TEST_CASE("stopped by us it starts again under any restart:") {
  for (auto mode : {restart_mode::no, restart_mode::on_failure, restart_mode::always}) {
    scene at;
    at.w.restart = mode;
    at.stopping_since(1s).ended(0);
    CHECK(charges(at.go(), cause::ours, true));
    at.charged(cause::ours).permitted();
    CHECK(does(at.go(), verb::start));
  }
}

// ---- 9: gates

TEST_CASE("nothing is created or started while a gate is closed") {
  auto waits = [](scene at) {
    at.w.gates = {"cache (service_started)", "db (service_healthy)"};
    auto st = at.go();
    CHECK(idle(st));
    CHECK_FALSE(st.look_at); // a timer never opens a gate
    shows(st, phase::waiting, "waits for cache (service_started), db (service_healthy)");
  };
  waits(scene{}.absent());
  waits(scene{}.created().permitted());
  waits(scene{}.ended(1).charged().permitted(5s));
  waits(scene{}.ended(1).charged().refused(rule::breaker, 0ms));
  scene ordered;
  ordered.w.order = 2;
  waits(ordered.created());
}

// ---- 10 and 11: create, permit, start

TEST_CASE("a container is created first, then paid for, then started") {
  scene at;
  at.m.order_paid = 0;
  at.absent();
  CHECK(does(at.go(), verb::create));
  at.created();
  auto st = at.go();
  CHECK(charges(st, cause::ordered, true));
  CHECK(charges(st)->ended == life{});
  CHECK(st.phase == phase::starting);
  at.m.order_paid = 1;
  at.permitted();
  CHECK(does(at.go(), verb::start));
}

TEST_CASE("without a permit the cause is the order, the reboot, or a permit that was lost") {
  scene at;
  at.created();
  CHECK(charges(at.go(), cause::lost, true));
  at.m.rebooted = true;
  CHECK(charges(at.go(), cause::boot, true));
  at.w.order = 2;
  CHECK(charges(at.go(), cause::ordered, true));
}

TEST_CASE("a permit is used when its wait is over, to the millisecond of the ledger clock") {
  scene at;
  at.ended(1).charged().permitted(5s);
  auto st = at.go();
  CHECK(idle(st));
  CHECK(st.look_at == at.now.boot + 5s);
  shows(st, phase::backing_off, "waits before its next restart");
  at.now.boot += 1h;
  CHECK(idle(at.go()));
  at.now.ledger += 4999ms;
  CHECK(idle(at.go()));
  at.now.ledger += 1ms;
  CHECK(does(at.go(), verb::start));
}

TEST_CASE("the wait comes before the creation too") {
  scene at;
  at.absent();
  at.permitted(5s);
  CHECK(at.go().phase == phase::backing_off);
  at.pass(5s);
  CHECK(does(at.go(), verb::create));
}

TEST_CASE("a refusal by breaker or ceiling is asked again when its time has passed") {
  for (auto by : {rule::breaker, rule::ceiling}) {
    scene at;
    at.ended(1).charged(cause::start_failed).refused(by, 15min);
    auto st = at.go();
    CHECK(idle(st));
    CHECK(st.look_at == at.now.boot + 15min);
    shows(st, phase::broken, "10 of 10 restarts in 30 min");
    at.now.ledger += 15min - 1ms;
    CHECK(idle(at.go()));
    at.now.ledger += 1ms;
    CHECK(charges(at.go(), cause::start_failed, true)); // the original cause
    CHECK(charges(at.go())->ended == life{});
  }
}

TEST_CASE("a final refusal waits for a person, without a timer") {
  for (auto by : {rule::trial, rule::ill, rule::retries}) {
    scene at;
    at.ended(1).charged().refused(by, 24h * 365 * 900);
    auto st = at.go();
    CHECK(idle(st));
    CHECK_FALSE(st.look_at);
    CHECK(st.phase == phase::broken);
  }
}

TEST_CASE("an order passes a refusal and a wait") {
  for (auto by : {rule::breaker, rule::ceiling, rule::trial, rule::ill, rule::retries}) {
    scene at;
    at.ended(1).charged().refused(by, 1h);
    at.w.order = 2;
    CHECK(charges(at.go(), cause::ordered, true));
  }
  scene waiting;
  waiting.ended(1).charged().permitted(5min);
  waiting.w.order = 2;
  CHECK(charges(waiting.go(), cause::ordered, true));
}

TEST_CASE("somebody else's container under our name is never touched") {
  for (auto g : {goal::up, goal::down, goal::absent, goal::completed}) {
    scene at;
    at.w.goal = g;
    at.s.foreign = true;
    at.s.config_hash = "";
    at.s.conmon_alive = false;
    CHECK_FALSE(alive(at.s));
    auto st = at.go();
    CHECK((idle(st) || does(st, verb::create))); // the engine says that the name is taken
    at.s.status = engine_status::initialized;
    CHECK((idle(at.go()) || does(at.go(), verb::create)));
  }
}

TEST_CASE("goals and verbs have fixed words") {
  CHECK(to_string(goal::up) == std::string{"up"});
  CHECK(to_string(goal::down) == std::string{"down"});
  CHECK(to_string(goal::absent) == std::string{"absent"});
  CHECK(to_string(goal::completed) == std::string{"completed"});
  CHECK(to_string(verb::create) == std::string{"create"});
  CHECK(to_string(verb::start) == std::string{"start"});
  CHECK(to_string(verb::term) == std::string{"term"});
  CHECK(to_string(verb::kill) == std::string{"kill"});
  CHECK(to_string(verb::remove) == std::string{"remove"});
}
