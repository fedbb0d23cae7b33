// Goal: a start waits for exactly what its manifest asks, and a stop for exactly what needs it.
// Method: each condition against each state of a dependency; small stacks, a service at a time.
#include "runtime/policy/gates.hpp"
#include "tests/catch.hpp"

using namespace davit;
using namespace davit::policy;

namespace {

using names = std::set<std::string>;

service& add(stack& st, const std::string& name, restart_mode mode = restart_mode::always) {
  auto& s = st.services[name];
  s.name = name;
  s.davit.recovery.restart = mode;
  return s;
}

void needs(stack& st, const std::string& name, const std::string& other, depend_on how,
           bool required = true) {
  auto& edge = st.services.at(name).depends_on[other];
  edge.condition = how;
  edge.required = required;
}

member running(readiness how) {
  member m;
  m.known = m.alive = true;
  m.ready = how;
  return m;
}

member_of table(const std::map<std::string, member>& all) {
  return [all](const std::string& name) {
    auto found = all.find(name);
    return found == all.end() ? member{} : found->second;
  };
}

} // namespace

TEST_CASE("started is satisfied by what runs, was completed, or ended well") {
  CHECK_FALSE(satisfied(depend_on::started, {}));
  for (auto how :
       {readiness::unknown, readiness::none, readiness::starting, readiness::ready, readiness::ill})
    CHECK(satisfied(depend_on::started, running(how)));
  member done;
  done.completed = true;
  CHECK(satisfied(depend_on::started, done));
  member over;
  over.has_ended_well = true;
  CHECK(satisfied(depend_on::started, over));
  member stuck;
  stuck.known = stuck.stuck = true;
  CHECK_FALSE(satisfied(depend_on::started, stuck));
}

TEST_CASE("healthy is satisfied by what is ready now, or has no check and runs") {
  CHECK(satisfied(depend_on::healthy, running(readiness::ready)));
  CHECK(satisfied(depend_on::healthy, running(readiness::none)));
  for (auto how : {readiness::unknown, readiness::starting, readiness::ill})
    CHECK_FALSE(satisfied(depend_on::healthy, running(how)));
  auto dead = running(readiness::ready); // was ready, and is gone
  dead.alive = false;
  CHECK_FALSE(satisfied(depend_on::healthy, dead));
  member done;
  done.completed = done.has_ended_well = true;
  CHECK_FALSE(satisfied(depend_on::healthy, done));
}

TEST_CASE("completed is satisfied by nothing but completion") {
  CHECK_FALSE(satisfied(depend_on::completed, running(readiness::ready)));
  member over;
  over.has_ended_well = true;
  CHECK_FALSE(satisfied(depend_on::completed, over));
  member done;
  done.completed = true;
  CHECK(satisfied(depend_on::completed, done));
}

TEST_CASE("the gates name what is missing and how") {
  stack st;
  add(st, "db");
  add(st, "cache");
  add(st, "migrate", restart_mode::no);
  auto& web = add(st, "web");
  needs(st, "web", "db", depend_on::healthy);
  needs(st, "web", "cache", depend_on::started);
  needs(st, "web", "migrate", depend_on::completed);
  CHECK(start_gates(st, web, table({}))
        == names{"cache (service_started)", "db (service_healthy)",
                 "migrate (service_completed_successfully)"});
  CHECK(start_gates(
          st, web,
          table({{"db", running(readiness::starting)}, {"cache", running(readiness::starting)}}))
        == names{"db (service_healthy)", "migrate (service_completed_successfully)"});
  member done;
  done.completed = true;
  CHECK(start_gates(st, web,
                    table({{"db", running(readiness::ready)},
                           {"cache", running(readiness::none)},
                           {"migrate", done}}))
          .empty());
  CHECK(start_gates(st, st.services.at("db"), table({})).empty());
}

TEST_CASE("what is not required is waited for while it may come, and not when it is stuck") {
  stack st;
  add(st, "vpn");
  auto& web = add(st, "web");
  needs(st, "web", "vpn", depend_on::healthy, false);
  needs(st, "web", "from-a-profile-that-is-off", depend_on::started, false);
  CHECK(start_gates(st, web, table({})) == names{"vpn (service_healthy)"});
  member stuck;
  stuck.known = stuck.stuck = true;
  CHECK(start_gates(st, web, table({{"vpn", stuck}})).empty());
  needs(st, "web", "vpn", depend_on::healthy, true);
  CHECK(start_gates(st, web, table({{"vpn", stuck}})) == names{"vpn (service_healthy)"});
}

TEST_CASE("a service waits for the life whose namespace it shares") {
  for (auto mode : {&service::network_mode, &service::ipc, &service::pid}) {
    stack st;
    add(st, "vpn");
    auto& app = add(st, "app");
    app.*mode = "service:vpn";
    CHECK(start_gates(st, app, table({})) == names{"vpn (its namespace)"});
    CHECK(start_gates(st, app, table({{"vpn", running(readiness::ill)}})).empty());
    member done; // a namespace needs a process, not a success
    done.completed = done.has_ended_well = true;
    CHECK(start_gates(st, app, table({{"vpn", done}})) == names{"vpn (its namespace)"});
    app.*mode = "host";
    CHECK(start_gates(st, app, table({})).empty());
  }
}

TEST_CASE("a stop waits for live dependents that go down as well, and for no other") {
  stack st;
  add(st, "db");
  for (auto* name : {"api", "web", "job", "stays"}) {
    add(st, name);
    needs(st, name, "db", depend_on::started, false);
  }
  auto& probe = add(st, "probe");
  probe.network_mode = "service:db";
  add(st, "stranger");
  auto going = running(readiness::ready);
  going.goes_down = true;
  auto gone = going;
  gone.alive = false;
  auto look = table({{"api", going},
                     {"web", going},
                     {"job", gone},
                     {"stays", running(readiness::ready)},
                     {"probe", going},
                     {"stranger", going},
                     {"db", going}});
  CHECK(stop_gates(st, "db", look) == names{"api", "probe", "web"});
  CHECK(stop_gates(st, "web", look).empty());
  CHECK(stop_gates(st, "unknown", look).empty());
}

TEST_CASE("a job is what somebody waits for to complete and nothing restarts for ever") {
  for (auto mode : {restart_mode::no, restart_mode::on_failure, restart_mode::always,
                    restart_mode::unless_stopped}) {
    auto ends = mode == restart_mode::no || mode == restart_mode::on_failure;
    stack st;
    add(st, "migrate", mode);
    add(st, "web");
    add(st, "api");
    CHECK_FALSE(is_job(st, "migrate"));
    needs(st, "api", "migrate", depend_on::started);
    CHECK_FALSE(is_job(st, "migrate"));
    needs(st, "web", "migrate", depend_on::completed, false);
    CHECK(is_job(st, "migrate") == ends);
    CHECK_FALSE(is_job(st, "web"));
    CHECK_FALSE(is_job(st, "unknown"));
  }
}
