// Goal: an operation is done when what it wants holds, fails when it cannot, and says what it
// waits for until then.
// Method: one service at the edges of its two windows; then stacks where services disagree.
#include "runtime/policy/trial.hpp"
#include "tests/catch.hpp"

using namespace davit;
using namespace davit::policy;
using namespace std::chrono_literals;

namespace {

constexpr boot_time now{1h};

using members = std::map<std::string, trial_member>;

stack of(std::initializer_list<const char*> names) {
  stack st;
  for (auto* name : names) {
    auto& s = st.services[name];
    s.name = name;
    s.davit.recovery.restart = restart_mode::always;
  }
  return st;
}

trial_member running(nanoseconds alive_for) {
  trial_member m;
  m.alive = m.started = true;
  m.alive_since = now - alive_for;
  m.ready = readiness::starting;
  m.shown = phase::running;
  m.words = "running: not ready yet";
  return m;
}
trial_member ready(nanoseconds ready_for, readiness how = readiness::ready) {
  auto m = running(ready_for + 1s);
  m.ready = how;
  m.ready_since = now - ready_for;
  return m;
}
trial_member stuck(phase shown, const std::string& words) {
  trial_member m;
  m.stuck = m.started = true;
  m.shown = shown;
  m.words = words;
  return m;
}

bool passed(const trial_verdict& v) { return std::holds_alternative<trial_passed>(v); }
bool pending(const trial_verdict& v, const std::string& what, std::optional<boot_time> when) {
  auto* it = std::get_if<trial_pending>(&v);
  return it && it->waiting_for == what && it->judge_at == when;
}
bool failed(const trial_verdict& v, const std::string& service, const std::string& why) {
  auto* it = std::get_if<trial_failed>(&v);
  return it && it->service == service && it->why == why;
}

trial_verdict held(const stack& st, const members& all) {
  return judge(st, all, trial_until::held, now);
}

} // namespace

TEST_CASE("a service passes when it was ready through its window, to the nanosecond") {
  auto st = of({"web"});
  for (auto how : {readiness::ready, readiness::none}) {
    CHECK(pending(held(st, {{"web", ready(30s - 1ns, how)}}), "web to stay up", now + 1ns));
    CHECK(passed(held(st, {{"web", ready(30s, how)}})));
  }
  st.services.at("web").davit.post_start_window = 0s;
  CHECK(passed(held(st, {{"web", ready(0s)}})));
}

TEST_CASE("a service that is not ready at its deadline has failed, to the nanosecond") {
  auto st = of({"web"});
  CHECK(pending(held(st, {{"web", running(120s - 1ns)}}), "web to be ready", now + 1ns));
  CHECK(failed(held(st, {{"web", running(120s)}}), "web",
               "was not ready within 120 s: running: not ready yet"));
  auto ill = running(120s);
  ill.ready = readiness::ill;
  CHECK(
    failed(held(st, {{"web", ill}}), "web", "was not ready within 120 s: running: not ready yet"));
}

TEST_CASE("the start period is added to the deadline: the probe's, else the check's") {
  auto st = of({"web"});
  auto& web = st.services.at("web");
  CHECK(start_period(web) == 0ms);
  web.healthcheck.emplace();
  CHECK(start_period(web) == 0ms);
  web.healthcheck->start_period = 10s;
  CHECK(start_period(web) == 10s);
  CHECK(pending(held(st, {{"web", running(120s)}}), "web to be ready", now + 10s));
  CHECK(failed(held(st, {{"web", running(130s)}}), "web",
               "was not ready within 130 s: running: not ready yet"));
  web.davit.probe.emplace().start_period = 60s;
  CHECK(start_period(web) == 60s);
}

TEST_CASE("what is down but may come is waited for without a deadline of its own") {
  auto st = of({"web"});
  CHECK(pending(held(st, {}), "web to start", {}));
  trial_member crashed;
  crashed.started = true;
  crashed.shown = phase::backing_off;
  CHECK(pending(held(st, {{"web", crashed}}), "web to start", {}));
  auto was_ready = ready(1h);
  was_ready.alive = false;
  CHECK(pending(held(st, {{"web", was_ready}}), "web to start", {}));
}

TEST_CASE("what is stuck has failed in any mode, with its own words") {
  auto st = of({"web"});
  for (auto until : {trial_until::begun, trial_until::started, trial_until::held})
    CHECK(failed(judge(st, {{"web", stuck(phase::broken, "broken: 3 times")}}, until, now), "web",
                 "broken: 3 times"));
  auto alive = ready(30s); // to be settled while alive is no failure
  alive.stuck = true;
  CHECK(passed(held(st, {{"web", alive}})));
}

TEST_CASE("a job passes by completing and by nothing else") {
  auto st = of({"migrate"});
  st.services.at("migrate").davit.recovery.restart = restart_mode::no;
  auto job = ready(1h, readiness::none);
  job.job = true;
  CHECK(pending(held(st, {{"migrate", job}}), "migrate to complete", {}));
  auto failed_job = stuck(phase::crashed, "exit code 3");
  failed_job.job = true;
  CHECK(failed(held(st, {{"migrate", failed_job}}), "migrate", "exit code 3"));
  auto stopped = stuck(phase::stopped, "stopped as asked");
  stopped.job = true;
  CHECK(failed(held(st, {{"migrate", stopped}}), "migrate", "stopped as asked"));
  job.alive = false;
  job.completed = true;
  CHECK(passed(held(st, {{"migrate", job}})));
}

TEST_CASE("a service that may end passes by ending well, if it ever ran") {
  for (auto mode : {restart_mode::no, restart_mode::on_failure, restart_mode::always,
                    restart_mode::unless_stopped}) {
    auto may = mode == restart_mode::no || mode == restart_mode::on_failure;
    auto st = of({"init"});
    st.services.at("init").davit.recovery.restart = mode;
    for (auto shown : {phase::stopped, phase::exited})
      CHECK(passed(held(st, {{"init", stuck(shown, "")}})) == may);
    CHECK_FALSE(passed(held(st, {{"init", stuck(phase::crashed, "")}})));
    auto never = stuck(phase::stopped, "");
    never.started = false;
    CHECK_FALSE(passed(held(st, {{"init", never}})));
  }
}

TEST_CASE("started asks for a start of every service, begun only of those without a gate") {
  auto st = of({"db", "web"});
  members all{{"db", running(0s)}, {"web", {}}};
  all["web"].gated = true;
  CHECK(passed(judge(st, all, trial_until::begun, now)));
  CHECK(pending(judge(st, all, trial_until::started, now), "web to start", {}));
  all["web"].gated = false;
  CHECK(pending(judge(st, all, trial_until::begun, now), "web to start", {}));
  all["web"].started = true; // once is enough: it may have ended since
  CHECK(passed(judge(st, all, trial_until::started, now)));
  CHECK(pending(held(st, all), "db to be ready, web to start", now + 120s));
}

TEST_CASE("one failure decides, else everything that is waited for is named") {
  auto st = of({"api", "db", "web"});
  members all{{"api", ready(10s)}, {"db", running(20s)}, {"web", ready(25s)}};
  CHECK(pending(held(st, all), "api to stay up, db to be ready, web to stay up", now + 5s));
  all["web"] = stuck(phase::broken, "broken");
  CHECK(failed(held(st, all), "web", "broken"));
  CHECK(passed(held(stack{}, all)));
}

TEST_CASE("what waits for a dependency that is over fails, and says for whom") {
  auto st = of({"db", "web"});
  auto& db = st.services.at("db").davit.recovery.restart;
  db = restart_mode::no;
  auto& edge = st.services.at("web").depends_on["db"];
  edge.condition = depend_on::healthy;
  members all{{"db", stuck(phase::stopped, "stopped: ended by itself")}, {"web", {}}};
  all["web"].gated = true;
  const std::string why = "waits for db, which is stopped: ended by itself";
  CHECK(failed(held(st, all), "web", why));
  SECTION("only when the operation is to hold") {
    CHECK(passed(judge(st, all, trial_until::begun, now)));
  }
  SECTION("not while the dependency may still come") {
    all["db"].stuck = false;
    CHECK(pending(held(st, all), "db to start, web to start", {}));
  }
  SECTION("not where it was completed, or its end is all that was asked for") {
    all["db"].completed = true;
    CHECK(pending(held(st, all), "web to start", {}));
    all["db"].completed = false;
    edge.condition = depend_on::started;
    CHECK(pending(held(st, all), "web to start", {}));
    db = restart_mode::on_failure; // there an end opens no gate
    CHECK(failed(held(st, all), "web", why));
  }
  SECTION("not where it is not required, or holds nothing back") {
    edge.required = false;
    CHECK(pending(held(st, all), "web to start", {}));
    edge.required = true;
    all["web"] = ready(30s);
    CHECK(passed(held(st, all)));
  }
}
