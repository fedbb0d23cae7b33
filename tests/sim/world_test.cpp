// Goal: whatever podman, the disk, the clocks, the operator and kill -9 do, the daemon keeps
// its invariants (design section 6), and when the storm is over the host is as it should be.
// Method: the real actors over models, one history per seed; the invariants are checked after
// every step, from what really happened. A failure prints its seed, and the seed replays it.
#include "tests/catch.hpp"
#include "tests/sim/world.hpp"

#include <cstdlib>
#include <iostream>

using namespace davit;
using namespace davit::sim;
using davit::actors::operation_kind;

namespace {

world::options fair(shape s) { return {weather{}, s, false, true, false}; }

/// Installed and settled; fails with the story where it is not.
void settle_in(world& w) {
  w.run_for(1s);
  w.install(w.layout().model);
  CHECK(w.run_until([&] { return w.reached() && w.report("web"); }, 10min));
  INFO(w.missing() << '\n' << w.story().tail());
  REQUIRE(w.wrong().empty());
  REQUIRE(w.reached());
}

constexpr std::size_t failures_shown = 20;
/// Fewer need not meet every rare path.
constexpr std::uint64_t enough_histories = 1000;

/// What must have happened somewhere in all the histories, or they prove nothing about it:
/// the races of design section 3, each kind of fault, each rule of the policy.
constexpr const char* rare_paths[] = {
  // races between what happens and what is told
  "exit_overtook_start", "pid_reused", "start_304_dead", "exit_without_code",
  "start_proved_not_done", "event_lost", "reply_to_the_dead", "lost_reply", "look_failed",
  "deadline", "death_without_conmon", "conmon_death", "unknown_create", "unknown_start",
  "unknown_term", "unknown_kill", "unknown_remove",
  // leftovers of torn starts and stops
  "ghost_created", "ghost_initialized", "ghost_stopping", "start_ghost", "start_improper",
  // crashes at the worst of moments
  "crash_between_charge_and_start", "crash_between_term_record_and_signal", "crash_during_create",
  "crash_during_start", "crash_during_remove", "crash_during_term", "power_cut_during_stop",
  "batches_lost", "resumed_in_trial", "resumed_in_reverting", "operation_never_began",
  "daemon_crash", "power_cut", "suspend", "wall_jump", "host_shutdown", "killed_container",
  "killed_tracker", "killed_stack", "actor_restarted",
  // the store and podman in trouble
  "store_slow", "store_failed", "service_hang", "service_kill", "service_down", "slow_call",
  "start_refused", "start_fatal", "pull_failed",
  // rules of the policy
  "permit_lost", "refused_by_breaker", "refused_by_ceiling", "refused_by_trial",
  "refused_by_retries", "breaker_half_open", "half_open_held", "half_open_failed", "forgiven",
  "reset_by_dependency", "charge_crash", "charge_clean", "charge_ill", "charge_start_failed",
  "charge_lost", "charge_ours", "charge_dependency", "charge_boot", "charge_ordered",
  "operation_undone",
  // an operator, and somebody's hands
  "asked_install", "asked_uninstall", "asked_start", "asked_stop", "asked_restart", "stop_by_hand",
  "remove_by_hand"};

/// "1000": that many from 1 on; "7..9": those; the default is what CI can bear.
std::pair<std::uint64_t, std::uint64_t> seeds_asked_for() {
  const char* one = std::getenv("DAVIT_SIM_SEED");
  const char* many = std::getenv("DAVIT_SIM_SEEDS");
  std::string text = one ? one : many ? many : "1000";
  auto dots = text.find("..");
  if (dots != std::string::npos)
    return {std::stoull(text.substr(0, dots)), std::stoull(text.substr(dots + 2))};
  auto n = std::stoull(text);
  return {one ? n : 1, n};
}

/// A whole history, and whether every invariant held in it.
std::unique_ptr<world> lived(std::uint64_t seed, bool aloud = false) {
  world::options how;
  how.aloud = aloud;
  auto w = std::make_unique<world>(seed, how);
  w->live();
  return w;
}

/// All histories that were asked for, lived once for every test that asks about them.
struct record_of_all {
  std::uint64_t histories = 0;
  std::map<std::string, std::uint64_t> paths;
  std::vector<std::string> failures; ///< the first with its story
};

record_of_all live_all() {
  record_of_all all;
  auto [from, to] = seeds_asked_for();
  auto aloud = std::getenv("DAVIT_SIM_ALOUD") != nullptr;
  for (auto seed = from; seed <= to && all.failures.size() < failures_shown; ++seed) {
    auto w = lived(seed, aloud);
    ++all.histories;
    for (auto& [name, n] : w->paths())
      all.paths[name] += n;
    if (w->wrong().empty())
      continue;
    std::string what = "seed " + std::to_string(seed) + " (" + to_string(shape_of(seed)) + ", "
                       + weather_of(seed).name + "): " + w->wrong().front();
    if (all.failures.empty())
      what += "\nits last steps:\n" + w->story().tail()
              + "replay: DAVIT_SIM_SEED=" + std::to_string(seed)
              + " build/dev/tests/sim \"every history keeps the invariants\"";
    all.failures.push_back(std::move(what));
  }
  return all;
}

const record_of_all& everything() {
  static const auto all = live_all();
  return all;
}

} // namespace

TEST_CASE("every history keeps the invariants", "[world][seeds]") {
  auto& all = everything();
  for (auto& failure : all.failures)
    UNSCOPED_INFO(failure);
  CHECK(all.failures.empty());
}

TEST_CASE("the storm was real: every rare path ran", "[world][seeds]") {
  auto& all = everything();
  if (std::getenv("DAVIT_SIM_PATHS"))
    for (auto& [name, n] : all.paths)
      std::cout << name << ' ' << n << '\n';
  if (all.histories < enough_histories && all.failures.empty())
    return; // a replay of a few seeds proves nothing about all
  for (auto* path : rare_paths) {
    INFO(path);
    CHECK(all.paths.contains(path));
  }
}

TEST_CASE("one seed is one history of the whole host", "[world]") {
  for (std::uint64_t seed : {2, 5, 11, 17, 23}) {
    auto first = lived(seed);
    auto second = lived(seed);
    CHECK(first->story().size() == second->story().size());
    CHECK(first->story().digest() == second->story().digest());
  }
}

TEST_CASE("in fair weather a stack installs, a crash is restarted, an uninstall leaves nothing",
          "[world]") {
  for (auto s : {shape::single, shape::chain, shape::diamond, shape::job, shape::follows}) {
    world w{1, fair(s)};
    DYNAMIC_SECTION(to_string(s)) {
      settle_in(w);
      auto first = w.out().podman.find(w.container_of("web"))->app->number;
      w.out().podman.kill_process(w.container_of("web"), 1);
      CHECK_FALSE(w.out().podman.alive(w.container_of("web")));
      CHECK(w.run_until([&] { return w.out().podman.alive(w.container_of("web")); }, 1s));
      CHECK(w.out().podman.find(w.container_of("web"))->app->number != first);
      w.run_for(1min);
      w.ask(operation_kind::uninstall);
      CHECK(w.run_until([&] { return w.daemon()->host()->stacks.empty(); }, 5min));
      CHECK(w.out().podman.containers().empty());
      CHECK_FALSE(w.out().podman.has_network("shop_default"));
      INFO(w.story().tail());
      CHECK(w.wrong().empty());
    }
  }
}
