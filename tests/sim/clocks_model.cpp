// The arithmetic of the clocks; see the header for how they hang together.
#include "tests/sim/clocks_model.hpp"

#include <algorithm>

namespace davit::sim {

namespace {

constexpr nanoseconds true_wall_epoch = std::chrono::seconds{1'770'000'000};

} // namespace

clocks_model::clocks_model(std::uint64_t seed, bool has_rtc, double drift_ppm)
  : dice_(seed), has_rtc_(has_rtc), drift_ppm_(drift_ppm), boot_id_(dice_.hex(32)) {
  set_at_ = booted_;
}

void clocks_model::run_to(mono_time now) { mono_ = std::max(mono_, now); }

void clocks_model::suspend(nanoseconds how_long) { suspended_ += how_long; }

void clocks_model::set_wall_wrong_by(nanoseconds off, bool synchronised) {
  off_by_ = off;
  synchronised_ = synchronised;
  set_at_ = truth();
}

void clocks_model::new_boot(nanoseconds off_for) {
  auto died = truth();
  auto wall = wall_ns();
  booted_ = died + off_for;
  mono_ = first;
  suspended_ = nanoseconds{0};
  boot_id_ = dice_.hex(32);
  ++boots_;
  synchronised_ = false;
  if (!has_rtc_) {
    // As fake-hwclock does it: goes on from what was last written, minutes before the end.
    auto saved = nanoseconds{wall} - dice_.between(0s, 30min);
    set_wall_wrong_by(saved - true_wall_epoch - booted_.time_since_epoch(), false);
  }
}

mono_time clocks_model::mono_at(boot_time when) const {
  return first + (when - booted_ - suspended_);
}

std::int64_t clocks_model::wall_ns() const {
  auto t = truth();
  auto drift = static_cast<std::int64_t>(static_cast<double>((t - set_at_).count()) * drift_ppm_
                                         / 1'000'000.0);
  return (true_wall_epoch + t.time_since_epoch() + off_by_).count() + drift;
}

ports::clock_reading clocks_model::read() {
  ports::clock_reading r;
  r.mono = mono_;
  r.boot = boot_time{mono_.time_since_epoch() + suspended_};
  r.wall = wall_time{std::chrono::duration_cast<milliseconds>(nanoseconds{wall_ns()})};
  r.synchronised = synchronised_;
  r.boot_id = boot_id_;
  return r;
}

} // namespace davit::sim
