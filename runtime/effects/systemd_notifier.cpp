#include "runtime/effects/systemd_notifier.hpp"

#include <systemd/sd-daemon.h>

#include <algorithm>

namespace davit::effects {

// sd_notify's own failures are not told on: there is nobody else to tell, and a manager that
// does not hear us acts by its own watchdog.

void systemd_notifier::ready() { ::sd_notify(0, "READY=1"); }

void systemd_notifier::stopping() { ::sd_notify(0, "STOPPING=1"); }

void systemd_notifier::watchdog() { ::sd_notify(0, "WATCHDOG=1"); }

void systemd_notifier::status(const std::string& text) {
  // One assignment a line: a newline in the text would be another message.
  std::string line = "STATUS=" + text;
  std::replace(line.begin(), line.end(), '\n', ' ');
  ::sd_notify(0, line.c_str());
}

std::optional<milliseconds> systemd_notifier::watchdog_interval() {
  std::uint64_t usec = 0;
  const int wanted = ::sd_watchdog_enabled(0, &usec);
  if (wanted <= 0)
    return std::nullopt;
  const auto third = static_cast<std::int64_t>(usec / 3'000);
  return milliseconds{std::max<std::int64_t>(third, 1)};
}

} // namespace davit::effects
