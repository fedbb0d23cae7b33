// The clocks of the house, as types that cannot be mixed up. None of them is ever read here:
// time comes in as an argument.
#pragma once

#include <chrono>

namespace davit {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

/// Counts while the machine runs; stands still in suspend (CLOCK_MONOTONIC).
/// Timers and stable running.
using mono_time = std::chrono::steady_clock::time_point;

/// Counts since boot, suspend included (CLOCK_BOOTTIME). Deadlines that must not stretch.
struct boot_clock {
  using duration = nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<boot_clock>;
  static constexpr bool is_steady = true;
};
using boot_time = boot_clock::time_point;

/// Davit's own count of time, the only one that durable records use: boot time within a
/// boot; across boots the wall clock's difference, and only where it can be trusted.
struct ledger_clock {
  using duration = milliseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<ledger_clock>;
  static constexpr bool is_steady = true;
};
using ledger_time = ledger_clock::time_point;

/// What a person's watch says. For display and for files, never for a decision.
using wall_time = std::chrono::time_point<std::chrono::system_clock, milliseconds>;

/// One instant on each clock.
struct moment {
  mono_time mono{};
  boot_time boot{};
  ledger_time ledger{};
  wall_time wall{};
};

} // namespace davit
