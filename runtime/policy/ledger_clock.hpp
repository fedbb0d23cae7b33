// Davit's own count of time: what windows, budgets and breakers are measured on.
//
// Within one boot it follows CLOCK_BOOTTIME. Across boots nobody counted; the wall clock's
// difference is taken, but only where the kernel called it right at both ends. A host
// without a real-time clock thus neither forgives nor punishes by accident.
#pragma once

#include "runtime/model/time.hpp"

#include <string>

namespace davit::policy {

/// One reading of the clocks that survive the daemon.
struct clock_sample {
  std::string boot_id; ///< another one means: the host was started anew; empty: unknown
  boot_time boot{};
  wall_time wall{};
  bool synchronised = false; ///< the kernel says the wall clock is right
  friend bool operator==(const clock_sample&, const clock_sample&) = default;
};

/// What the ledger clock showed at one sample; kept in the store.
struct clock_anchor {
  clock_sample at;
  ledger_time ledger{};
  friend bool operator==(const clock_anchor&, const clock_anchor&) = default;
};

/// What the ledger clock shows at `now`: never less than the anchor, and it does not overflow.
/// An unknown boot id counts as another boot.
ledger_time advance(const clock_anchor& anchor, const clock_sample& now);

/// The same as an anchor to measure on from. Take one at every start of the daemon, and from
/// time to time: what passed since the last stored one is what a crash with an unset clock
/// forgets.
clock_anchor move(const clock_anchor& anchor, const clock_sample& now);

} // namespace davit::policy
