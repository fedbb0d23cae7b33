// The service manager that started us (systemd's sd_notify).
#pragma once

#include "runtime/model/time.hpp"

#include <optional>
#include <string>

namespace davit::ports {

/// Sharing: any thread. Does nothing where no service manager listens; never fails.
struct notifier {
  virtual ~notifier() = default;
  virtual void ready() = 0;
  virtual void stopping() = 0;
  virtual void watchdog() = 0;
  virtual void status(const std::string& text) = 0;
  /// How often to call watchdog(): a third of what the manager bears with. Absent: it does not
  /// watch us.
  virtual std::optional<milliseconds> watchdog_interval() = 0;
};

} // namespace davit::ports
