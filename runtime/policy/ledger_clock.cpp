#include "runtime/policy/ledger_clock.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace davit::policy {

namespace {

/// later - earlier, at least 0, without overflow.
template <class Time> std::int64_t passed(Time earlier, Time later) {
  const std::int64_t a = earlier.time_since_epoch().count();
  const std::int64_t b = later.time_since_epoch().count();
  if (b <= a)
    return 0;
  // Unsigned subtraction is exact modulo 2^64, and the true difference is positive.
  const auto difference = static_cast<std::uint64_t>(b) - static_cast<std::uint64_t>(a);
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::min(difference, most));
}

} // namespace

ledger_time advance(const clock_anchor& anchor, const clock_sample& now) {
  std::int64_t elapsed = 0; // ms
  if (!now.boot_id.empty() && now.boot_id == anchor.at.boot_id)
    elapsed = passed(anchor.at.boot, now.boot) / 1'000'000;
  else if (anchor.at.synchronised && now.synchronised)
    elapsed = passed(anchor.at.wall, now.wall);
  const std::int64_t base = anchor.ledger.time_since_epoch().count();
  const auto room = base > 0 ? std::numeric_limits<std::int64_t>::max() - base
                             : std::numeric_limits<std::int64_t>::max();
  return anchor.ledger + milliseconds{std::min(elapsed, room)};
}

clock_anchor move(const clock_anchor& anchor, const clock_sample& now) {
  return {now, advance(anchor, now)};
}

} // namespace davit::policy
