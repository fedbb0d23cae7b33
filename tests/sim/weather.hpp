// What goes wrong in one run of the simulation, and how often. One seed, one weather: a third
// of the seeds is calm, a third has a few faults, a third is a storm, so that each gets its
// share. Faults are switched on one by one: a run without slow calls finds what they would hide.
#pragma once

#include "runtime/model/time.hpp"

#include <cstdint>
#include <random>
#include <string>

namespace davit::sim {

using namespace std::chrono_literals;

/// The one source of chance in a simulation; the same on every standard library.
class dice {
public:
  explicit dice(std::uint64_t seed) : rng_(seed) {}
  std::uint64_t next() { return rng_(); }
  std::uint64_t below(std::uint64_t n) { return n == 0 ? 0 : rng_() % n; }
  double unit() { return static_cast<double>(rng_() >> 11) * 0x1.0p-53; }
  bool hit(double rate) { return rate > 0 && unit() < rate; }
  /// A span in [low, high], to the microsecond.
  nanoseconds between(nanoseconds low, nanoseconds high) {
    if (high <= low)
      return low;
    auto width = std::chrono::duration_cast<std::chrono::microseconds>(high - low).count();
    return low + std::chrono::microseconds{below(static_cast<std::uint64_t>(width) + 1)};
  }
  std::string hex(std::size_t digits) {
    std::string text;
    while (text.size() < digits)
      text += "0123456789abcdef"[below(16)];
    return text;
  }

private:
  std::mt19937_64 rng_;
};

/// Rates are chances per call, or per life where it says so.
struct engine_weather {
  double slow_call = 0; ///< a stage takes up to slow_max more, lock in hand
  nanoseconds slow_max = 5s;
  double lost_reply = 0;    ///< done, but nobody is told: a deadline or a cut connection
  double look_fails = 0;    ///< the inspect after a mutation fails
  double refused_start = 0; ///< a port that is not free, or an error of the runtime: may pass
  double service_hang = 0;  ///< accepts calls, does nothing for a while, then does them all
  nanoseconds hang_max = 20s;
  double service_kill = 0; ///< per stage of a mutation: the service dies there; makes ghosts
  nanoseconds service_down_max = 3s;
  double conmon_death = 0; ///< per life: its monitor dies before it
  double no_exit_code = 0; ///< per life: the exit file was not seen
  double stale = 1;        ///< per death: inspect goes on saying 'running' for a while
  nanoseconds stale_min = 2ms;
  nanoseconds stale_max = 40ms;
  double event_loss = 0;
  nanoseconds event_lag = 250ms;
  double pull_fails = 0; ///< a try, in a way that may pass
  double app_crash = 0;  ///< per life: dies by itself within crash_within, whatever its script
  nanoseconds crash_within = 10min;
};

struct disk_weather {
  double write_fails = 0;
  double sync_fails = 0;
  double file_fails = 0;
  double slow = 0; ///< per operation: takes up to slow_max
  nanoseconds slow_max = 2s;
};

/// Mean times between what happens to the whole host; zero: never.
struct host_weather {
  nanoseconds daemon_crash_every = 0s;
  nanoseconds power_cut_every = 0s;
  nanoseconds wall_jump_every = 0s;
  nanoseconds suspend_every = 0s;
  nanoseconds actor_crash_every = 0s;
  bool has_rtc = true; ///< else the wall clock is wrong after a boot until it is synchronised
  double drift_ppm = 0;
};

struct weather {
  std::string name = "calm";
  engine_weather engine;
  disk_weather disk;
  host_weather host;
};

/// The weather of a seed. Same seed, same weather.
inline weather weather_of(std::uint64_t seed) {
  dice roll(seed * 0x9e3779b97f4a7c15U + 1);
  weather w;
  auto kind = seed % 3;
  if (kind == 0)
    return w;
  bool storm = kind == 2;
  w.name = storm ? "storm" : "breeze";
  auto on = storm ? 0.7 : 0.25;
  auto rate = [&](double most) { return roll.hit(on) ? most * (0.2 + 0.8 * roll.unit()) : 0.0; };
  auto every = [&](nanoseconds low, nanoseconds high) {
    return roll.hit(on) ? roll.between(low, high) : nanoseconds{0};
  };
  w.engine.slow_call = rate(0.2);
  w.engine.lost_reply = rate(0.1);
  w.engine.look_fails = rate(0.1);
  w.engine.refused_start = rate(0.15);
  w.engine.service_hang = rate(0.02);
  w.engine.service_kill = rate(0.05);
  w.engine.conmon_death = rate(0.05);
  w.engine.no_exit_code = rate(0.3);
  w.engine.event_loss = rate(0.3);
  w.engine.pull_fails = rate(0.5);
  w.engine.app_crash = rate(0.5);
  w.disk.write_fails = rate(0.05);
  w.disk.sync_fails = rate(0.05);
  w.disk.file_fails = rate(0.05);
  w.disk.slow = rate(0.2);
  w.host.daemon_crash_every = every(20s, 20min);
  w.host.power_cut_every = every(5min, 3h);
  w.host.wall_jump_every = every(10min, 5h);
  w.host.suspend_every = every(30min, 5h);
  w.host.actor_crash_every = every(1min, 1h);
  w.host.has_rtc = !roll.hit(on);
  w.host.drift_ppm = rate(200);
  return w;
}

} // namespace davit::sim
