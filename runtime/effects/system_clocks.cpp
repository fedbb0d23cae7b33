#include "runtime/effects/system_clocks.hpp"

#include "runtime/effects/durable_file.hpp"

#include <sys/timex.h>
#include <time.h>

namespace davit::effects {

namespace {

nanoseconds read_clock(clockid_t id) {
  timespec now{};
  ::clock_gettime(id, &now); // cannot fail for the clocks we name, on any Linux we run on
  return seconds{now.tv_sec} + nanoseconds{now.tv_nsec};
}

/// The kernel's word for a wall clock that something keeps right: NTP or PTP. chrony and
/// systemd-timesyncd both set it.
bool wall_is_synchronised() {
  timex state{};
  state.modes = 0; // only read
  const int answer = ::adjtimex(&state);
  return answer >= 0 && answer != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

} // namespace

system_clocks::system_clocks() {
  auto text = read_whole("/proc/sys/kernel/random/boot_id", 256);
  if (!text)
    return; // the ledger clock takes an unknown boot id for another boot
  boot_id_ = text->substr(0, text->find('\n'));
}

ports::clock_reading system_clocks::read() {
  ports::clock_reading out;
  out.mono
    = mono_time{std::chrono::duration_cast<mono_time::duration>(read_clock(CLOCK_MONOTONIC))};
  out.boot = boot_time{read_clock(CLOCK_BOOTTIME)};
  out.wall = wall_time{std::chrono::floor<milliseconds>(read_clock(CLOCK_REALTIME))};
  out.synchronised = wall_is_synchronised();
  out.boot_id = boot_id_;
  return out;
}

} // namespace davit::effects
