// Goal: the simulation's world is as hard as the real one, in the ways that were measured, and
// repeats itself from its seed; else a green simulation would prove nothing.
// Method: each model alone, driven through the facade or by hand, one measured fact a test.
#include "tests/catch.hpp"
#include "tests/sim/clocks_model.hpp"
#include "tests/sim/disk_model.hpp"
#include "tests/sim/model_engine.hpp"

using namespace davit;
using namespace davit::sim;
namespace ports = davit::ports;

namespace {

ports::create_container make(const std::string& service) {
  ports::create_container r;
  r.what.name = "shop-" + service + "-1";
  r.what.spec.name = service;
  r.what.spec.image = "image";
  r.what.labels = {{label::stack, "shop"}, {label::service, service}};
  r.what.grace = 5s;
  return r;
}

struct bench {
  explicit bench(engine_weather weather = {}, std::uint64_t seed = 1)
    : model(seed, weather), engine(model) {
    model.put_image("image");
    listen();
  }
  void listen() {
    engine_ears ears;
    ears.exited = [this](const life& which, boot_time, const exit_info& exit) {
      deaths.emplace_back(which, exit);
    };
    ears.monitor_lost = [this](const life& which) { lost.push_back(which); };
    model.hear(std::move(ears));
  }
  ports::engine_reply ask(const ports::engine_request& r) { return engine.perform(r, 120s); }
  /// Created, started and watched; its look.
  observation up(const std::string& service) {
    auto made = ask(make(service));
    REQUIRE(made.seen);
    auto begun = ask(ports::start_container{made.seen->id});
    REQUIRE(begun.seen);
    model.watch(begun.seen->current(), begun.seen->pid, begun.seen->conmon_pid);
    return *begun.seen;
  }
  observation look(const std::string& id) {
    auto reply = ask(ports::inspect_container{id});
    REQUIRE(reply.seen);
    return *reply.seen;
  }
  std::uint64_t ran(const std::string& path) const {
    auto found = model.paths().find(path);
    return found == model.paths().end() ? 0 : found->second;
  }
  std::size_t count(fact what) const {
    return static_cast<std::size_t>(std::count_if(model.history().begin(), model.history().end(),
                                                  [&](auto& h) { return h.what == what; }));
  }

  podman_model model;
  model_engine engine;
  std::vector<std::pair<life, exit_info>> deaths;
  std::vector<life> lost;
};

/// What the simplest supervisor would do next for one service: enough to stir every path, and
/// to show that no state of the model is a trap.
void mend(bench& b, const std::string& service) {
  auto seen = b.ask(ports::inspect_container{"shop-" + service + "-1"}).seen;
  if (!seen || seen->process_alive)
    return;
  if (seen->status == engine_status::absent) {
    b.ask(make(service));
    return;
  }
  auto begun = b.ask(ports::start_container{seen->id});
  if (begun.seen && begun.seen->process_alive && !begun.failure)
    b.model.watch(begun.seen->current(), begun.seen->pid, begun.seen->conmon_pid);
  else if (begun.ghost || seen->status == engine_status::initialized
           || (begun.not_started && !seen->conmon_alive))
    b.ask(ports::remove_container{seen->id, 2s, false});
}

struct hour {
  std::vector<happening> history;
  std::map<std::string, std::uint64_t> paths;
  bool mended = false;
};

/// A busy hour under a storm: services that crash and are started again at once, crashes of
/// the daemon, power cuts, an operator's hands; then fair weather.
hour busy_hour(std::uint64_t seed) {
  bench b(weather_of(3 * seed + 2).engine, seed);
  app crashing;
  crashing.uptime_min = 1s;
  crashing.uptime_max = 90s;
  crashing.good_after = 20;
  b.model.script("web", crashing);
  app needy;
  needy.needs = {"web"};
  needy.flap = 40s;
  needy.ignores_term = true;
  b.model.script("db", needy);
  dice hand(seed);
  for (int round = 0; round < 100; ++round) {
    for (std::string service : {"web", "db"}) {
      auto name = "shop-" + service + "-1";
      mend(b, service);
      if (auto* c = b.model.find(name); c && hand.hit(0.05))
        b.model.submit(ports::remove_container{c->id, 2s, false}, 60s, {});
      if (auto* c = b.model.find(name); c && hand.hit(0.05)) {
        b.model.watch({c->id, static_cast<std::int64_t>(hand.next() >> 1)}, 1, 0);
        b.ask(ports::start_container{c->id});
      }
      if (hand.hit(0.02))
        b.model.stop_by_hand(name);
      if (hand.hit(0.01))
        b.model.remove_by_hand(name);
    }
    if (hand.hit(0.05)) {
      b.model.daemon_died();
      b.listen();
    }
    if (hand.hit(0.02)) {
      b.model.power_cut();
      b.listen();
    }
    b.engine.rest(hand.between(1s, 60s));
  }
  b.model.set_weather({});
  b.model.script("web", {});
  b.model.script("db", {});
  b.engine.rest(5min);
  for (int round = 0; round < 10; ++round) {
    mend(b, "web");
    mend(b, "db");
    b.engine.rest(1min);
  }
  return {b.model.history(), b.model.paths(),
          b.model.alive("shop-web-1") && b.model.alive("shop-db-1")};
}

ports::record_batch put(const std::string& key, const std::string& value) {
  return {{ports::family::ledger, key, value}};
}

std::size_t stored(disk_model& disk) { return disk.load(ports::family::ledger, "").value().size(); }

} // namespace

TEST_CASE("one seed is one history") {
  auto first = busy_hour(7);
  CHECK(first.history.size() > 50);
  CHECK(first.history == busy_hour(7).history);
  CHECK(first.history != busy_hour(8).history);
}

TEST_CASE("the storms are real, and leave nothing that cannot be mended") {
  std::map<std::string, std::uint64_t> paths;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    auto one = busy_hour(seed);
    INFO("seed " << seed);
    CHECK(one.mended);
    for (auto& [path, times] : one.paths)
      paths[path] += times;
    // A process that began ends once at most, and no later one began before.
    std::map<std::string, std::uint64_t> running;
    for (auto& h : one.history) {
      if (h.what == fact::start)
        CHECK(running.emplace(h.id, h.life_no).second);
      if (h.what == fact::end) {
        CHECK(running[h.id] == h.life_no);
        running.erase(h.id);
      }
    }
  }
  for (std::string path :
       {"slow_call",         "lost_reply",        "look_failed",       "start_refused",
        "service_hang",      "service_kill",      "service_down",      "ghost_created",
        "ghost_initialized", "ghost_stopping",    "conmon_death",      "death_without_conmon",
        "exit_without_code", "start_304_dead",    "start_304_alive",   "start_ghost",
        "start_improper",    "watch_of_the_dead", "pid_reused",        "need_not_met",
        "event_lost",        "power_cut",         "reply_to_the_dead", "deadline"}) {
    INFO(path);
    CHECK(paths[path] > 0);
  }
}

TEST_CASE("a container is created, runs, ends and goes") {
  bench b;
  auto seen = b.up("web");
  CHECK(seen.status == engine_status::running);
  CHECK(seen.process_alive);
  CHECK(seen.conmon_alive);
  CHECK(b.ask(ports::signal_container{seen.id, "SIGTERM"}).failure == std::nullopt);
  b.engine.rest(1s);
  auto after = b.look(seen.id);
  CHECK(after.status == engine_status::exited);
  CHECK(after.exit.code == 143);
  CHECK(after.started_at == seen.started_at);
  REQUIRE(b.deaths.size() == 1);
  CHECK(b.deaths[0].first == seen.current());
  CHECK(b.deaths[0].second.code == 143);
  auto gone = b.ask(ports::remove_container{seen.id, 0ms, false});
  REQUIRE(gone.seen);
  CHECK(gone.seen->status == engine_status::absent);
  CHECK_FALSE(b.ask(ports::remove_container{seen.id, 0ms, false}).failure);
}

TEST_CASE("right after a death inspect is stale and a start does nothing") {
  engine_weather w;
  w.stale_min = w.stale_max = 40ms;
  bench b(w);
  auto seen = b.up("web");
  b.model.kill_process("shop-web-1", 3);
  auto stale = b.look(seen.id);
  CHECK(stale.status == engine_status::running);
  CHECK(stale.pid == seen.pid);
  CHECK_FALSE(stale.process_alive);
  auto again = b.ask(ports::start_container{seen.id});
  REQUIRE(again.failure);
  CHECK(again.failure->code == errc::refused);
  CHECK(again.not_started);
  CHECK(b.count(fact::start) == 1);
  b.engine.rest(100ms);
  CHECK(b.look(seen.id).exit.code == 3);
  auto third = b.ask(ports::start_container{seen.id});
  CHECK_FALSE(third.not_started);
  CHECK(third.seen->started_at != seen.started_at);
  CHECK(b.count(fact::start) == 2);
}

TEST_CASE("a service that dies in a start leaves ghosts that only a removal mends") {
  engine_weather w;
  w.service_kill = 0.5;
  auto met = std::map<std::string, int>{};
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    bench b(w, seed);
    auto made = b.ask(make("web"));
    REQUIRE(made.seen);
    auto id = made.seen->id;
    auto begun = b.ask(ports::start_container{id});
    if (!begun.failure)
      continue;
    CHECK(begun.failure->code == errc::timeout); // the outcome is unknown
    b.model.set_weather({});
    b.engine.rest(5s);
    auto seen = b.look(id);
    auto ghost = seen.status == engine_status::initialized ? "initialized" : "created";
    ++met[ghost];
    CHECK(b.model.alive("shop-web-1") == (seen.status == engine_status::initialized));
    CHECK(b.ask(ports::start_container{id}).ghost == (seen.status == engine_status::created));
    CHECK_FALSE(b.ask(ports::remove_container{id, 1s, false}).failure);
    CHECK(b.ask(make("web")).seen->id != id);
  }
  CHECK(met["initialized"] > 0);
  CHECK(met["created"] > 0);
}

TEST_CASE("a removal that is cut off in its grace leaves it stopping") {
  bench b;
  app stubborn;
  stubborn.ignores_term = true;
  b.model.script("web", stubborn);
  auto seen = b.up("web");
  std::optional<ports::engine_reply> reply;
  b.model.submit(ports::remove_container{seen.id, 10s, false}, 60s,
                 [&](auto r) { reply = std::move(r); });
  b.engine.rest(1s);
  b.model.kill_service(100ms);
  b.engine.rest(20s);
  REQUIRE(reply);
  CHECK(reply->failure->code == errc::timeout);
  auto left = b.look(seen.id);
  CHECK(left.status == engine_status::stopping);
  CHECK(left.process_alive);
  CHECK(b.ask(ports::start_container{seen.id}).not_started);
  CHECK_FALSE(b.ask(ports::signal_container{seen.id, "SIGKILL"}).failure);
  b.engine.rest(1s);
  CHECK(b.look(seen.id).status == engine_status::exited);
}

TEST_CASE("a dead monitor makes podman say 'running' for ever") {
  bench b;
  auto seen = b.up("web");
  b.model.kill_conmon("shop-web-1");
  b.engine.rest(1s);
  CHECK(b.lost == std::vector<life>{seen.current()});
  b.model.kill_process("shop-web-1", 1);
  b.engine.rest(1h);
  auto after = b.look(seen.id);
  CHECK(after.status == engine_status::running);
  CHECK_FALSE(after.process_alive);
  CHECK_FALSE(after.conmon_alive);
  REQUIRE(b.deaths.size() == 1);
  CHECK_FALSE(b.deaths[0].second.code);
  CHECK(b.ask(ports::start_container{seen.id}).not_started);
}

TEST_CASE("what a dead daemon asked for still happens, and nobody is told") {
  bench b;
  auto id = b.ask(make("web")).seen->id;
  auto told = false;
  b.model.submit(ports::start_container{id}, 60s, [&](auto) { told = true; });
  b.model.daemon_died();
  b.engine.rest(1s);
  CHECK(b.model.alive("shop-web-1"));
  CHECK_FALSE(told);
  b.model.kill_process("shop-web-1", 1);
  b.engine.rest(1s);
  CHECK(b.deaths.empty());
}

TEST_CASE("a call to a hanging service times out and is done later all the same") {
  bench b;
  auto id = b.ask(make("web")).seen->id;
  b.model.hang_service(30s);
  auto reply = b.engine.perform(ports::start_container{id}, 10s);
  REQUIRE(reply.failure);
  CHECK(reply.failure->code == errc::timeout);
  CHECK_FALSE(b.model.alive("shop-web-1"));
  b.engine.rest(30s);
  CHECK(b.model.alive("shop-web-1"));
}

TEST_CASE("one stuck container holds up the list, not the others") {
  bench b;
  app stubborn;
  stubborn.ignores_term = true;
  b.model.script("web", stubborn);
  auto web = b.up("web");
  auto db = b.up("db");
  b.model.submit(ports::remove_container{web.id, 10s, false}, 1min, {});
  b.engine.rest(100ms);
  auto asked = b.model.now();
  b.look(db.id);
  CHECK(b.model.now() - asked < 100ms);
  b.ask(ports::list_containers{label::stack, "shop"});
  CHECK(b.model.now() - asked > 9s);
}

TEST_CASE("after a power cut what ran is 'created' and looks as if it never had") {
  bench b;
  ports::create_network net;
  net.what.name = "shop_default";
  b.ask(net);
  auto web = b.up("web");
  auto db = b.up("db");
  b.model.kill_process("shop-db-1", 7);
  b.engine.rest(1s);
  b.model.power_cut();
  b.listen();
  b.engine.rest(1min);
  auto after = b.look(web.id);
  CHECK(after.status == engine_status::created);
  CHECK(after.pid == 0);
  CHECK(after.exit == exit_info{});
  CHECK(b.look(db.id).exit.code == 7);
  CHECK(b.model.has_network("shop_default"));
  CHECK(b.deaths.size() == 1); // of db, before the cut
  CHECK_FALSE(b.ask(ports::start_container{web.id}).not_started);
}

TEST_CASE("two changes of one container at a time are noticed") {
  bench b;
  auto seen = b.up("web");
  b.model.submit(ports::signal_container{seen.id, "SIGHUP"}, 10s, {});
  CHECK(b.model.overlaps().empty());
  b.model.submit(ports::signal_container{seen.id, "SIGHUP"}, 10s, {});
  CHECK(b.model.overlaps().size() == 1);
  CHECK(b.model.most_in_flight() == 2);
}

TEST_CASE("a port belongs to one running container, and a job keeps its script") {
  bench b;
  app job;
  job.uptime_min = 2s;
  job.exit_codes = {0};
  b.model.script("job", job);
  auto first = make("job");
  first.what.spec.ports.push_back({"", 80, 8080, "tcp"});
  auto second = make("web");
  second.what.spec.ports = first.what.spec.ports;
  auto job_id = b.ask(first).seen->id;
  auto web_id = b.ask(second).seen->id;
  b.ask(ports::start_container{job_id});
  auto refused = b.ask(ports::start_container{web_id});
  REQUIRE(refused.failure);
  CHECK(refused.failure->code == errc::conflict);
  b.engine.rest(3s);
  CHECK(b.look(job_id).exit.code == 0);
  CHECK_FALSE(b.ask(ports::start_container{web_id}).failure);
}

TEST_CASE("a daemon's crash keeps what was written, a power cut what was synced") {
  auto lost = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    disk_model disk(seed, {});
    boot_time now{1h};
    auto done = [&] { disk.advance_to(now += disk.take_delay()); };
    disk.advance_to(now);
    REQUIRE(disk.write({put("a", "1"), put("b", "1")}));
    done();
    REQUIRE(disk.sync());
    done();
    REQUIRE(disk.write({put("c", "1"), put("d", "1")}));
    done();
    disk.daemon_died();
    CHECK(stored(disk) == 4);
    disk.power_cut();
    auto kept = disk.load(ports::family::ledger, "").value();
    CHECK(kept.count("a") == 1);
    CHECK(kept.count("b") == 1);
    CHECK(kept.count("d") <= kept.count("c")); // a prefix
    lost += kept.size() < 4;
    auto again = kept.size();
    disk.power_cut();
    CHECK(stored(disk) == again);
  }
  CHECK(lost > 0);
}

TEST_CASE("a crash in the middle of a write or a sync may undo it") {
  std::set<std::size_t> written;
  std::set<std::size_t> synced;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    disk_model disk(seed, {});
    REQUIRE(disk.write({put("a", "1"), put("b", "1")}));
    disk.daemon_died();
    written.insert(stored(disk));
    disk_model other(seed, {});
    REQUIRE(other.write({put("a", "1")}));
    REQUIRE(other.sync());
    other.power_cut();
    synced.insert(stored(other));
  }
  CHECK(written == std::set<std::size_t>{0, 1, 2});
  CHECK(synced == std::set<std::size_t>{0, 1});
}

TEST_CASE("a selected revision survives the power, once it was answered") {
  disk_model disk(3, {});
  REQUIRE(disk.put({"shop", "000001", "one"}));
  REQUIRE(disk.select("shop", "000001"));
  disk.advance_to(boot_time{disk.take_delay()});
  REQUIRE(disk.put({"shop", "000002", "two"}));
  disk.power_cut();
  std::vector<error> trouble;
  auto current = disk.load_current(trouble).value();
  REQUIRE(current.size() == 1);
  CHECK(current[0].content == "one");
  CHECK(disk.select("shop", "000009").error().code == errc::not_found);
  disk.damage("shop");
  CHECK(disk.load_current(trouble).value().empty());
  CHECK(trouble.size() == 1);
}

TEST_CASE("a failed write is whole in each batch") {
  disk_weather w;
  w.write_fails = 1;
  disk_model disk(1, w);
  ports::record_batch two{{ports::family::ledger, "x", "1"}, {ports::family::audit, "x", "1"}};
  CHECK_FALSE(disk.write({two, two}));
  CHECK(stored(disk) == disk.load(ports::family::audit, "").value().size());
}

TEST_CASE("the clocks part in suspend, jumps and a boot") {
  clocks_model clocks(1, false);
  auto before = clocks.read();
  clocks.run_to(clocks_model::first + 1h);
  clocks.suspend(2h);
  auto slept = clocks.read();
  CHECK(slept.mono - before.mono == 1h);
  CHECK(slept.boot - before.boot == 3h);
  CHECK(slept.wall - before.wall == 3h);
  CHECK(clocks.mono_at(clocks.truth()) == slept.mono);
  clocks.set_wall_wrong_by(-24h, true);
  CHECK(clocks.read().wall - slept.wall == -24h);
  CHECK(clocks.read().boot == slept.boot);
  auto truth = clocks.truth();
  clocks.new_boot(1h);
  auto booted = clocks.read();
  CHECK(booted.boot_id != before.boot_id);
  CHECK(booted.boot < slept.boot);
  CHECK_FALSE(booted.synchronised);
  CHECK(clocks.truth() - truth == 1h);
}

TEST_CASE("calm and storm both get their share of the seeds") {
  std::map<std::string, int> met;
  for (std::uint64_t seed = 0; seed < 30; ++seed)
    ++met[weather_of(seed).name];
  CHECK(met == std::map<std::string, int>{{"calm", 10}, {"breeze", 10}, {"storm", 10}});
  CHECK(weather_of(5).engine.slow_call == weather_of(5).engine.slow_call);
}
