// Every clock of a host that may be wrong, suspended, or started anew.
//
// Underneath runs true time, which never goes back and which the models of podman and disk use:
//
//   monotonic = what CAF's virtual clock says; starts anew with a boot, stands still in suspend
//   boot      = monotonic + the time suspended since the boot
//   true      = true time of the boot + boot
//   wall      = true + what it is off by + drift
#pragma once

#include "runtime/ports/clocks.hpp"
#include "tests/sim/weather.hpp"

namespace davit::sim {

class clocks_model : public ports::clocks {
public:
  /// No bug may hide behind t == 0: a boot begins here.
  static constexpr mono_time first{std::chrono::minutes{1}};

  /// The wall clock of a host without a clock chip starts at the epoch of its image.
  explicit clocks_model(std::uint64_t seed, bool has_rtc = true, double drift_ppm = 0);

  /// Moves to a reading of the monotonic clock. Going back is ignored.
  void run_to(mono_time now);
  /// The host sleeps: all but the monotonic clock go on.
  void suspend(nanoseconds how_long);
  /// Someone sets the wall clock, or a time server does; `synchronised` as the kernel says.
  void set_wall_wrong_by(nanoseconds off, bool synchronised);
  /// Off for so long, then a new boot: another boot id, clocks from `first`.
  void new_boot(nanoseconds off_for);

  ports::clock_reading read() override;
  boot_time truth() const { return truth_of(mono_); }
  /// When, on the monotonic clock of this boot, true time will be `when`.
  mono_time mono_at(boot_time when) const;
  std::int64_t wall_ns() const;
  std::uint64_t boots() const { return boots_; }

private:
  boot_time truth_of(mono_time t) const { return booted_ + (t - first) + suspended_; }

  dice dice_;
  bool has_rtc_;
  double drift_ppm_;
  mono_time mono_ = first;
  nanoseconds suspended_{0};
  boot_time booted_{std::chrono::hours{1}}; ///< in true time
  nanoseconds off_by_{0};
  bool synchronised_ = true;
  boot_time set_at_{}; ///< drift counts from here
  std::string boot_id_;
  std::uint64_t boots_ = 1;
};

} // namespace davit::sim
