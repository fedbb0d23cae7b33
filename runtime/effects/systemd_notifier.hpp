// Speaks to the systemd that started us, over $NOTIFY_SOCKET. Silent where there is none.
#pragma once

#include "runtime/ports/notifier.hpp"

namespace davit::effects {

class systemd_notifier final : public ports::notifier {
public:
  void ready() override;
  void stopping() override;
  void watchdog() override;
  void status(const std::string& text) override;
  /// A third of WatchdogSec: two beats may be lost before systemd acts.
  std::optional<milliseconds> watchdog_interval() override;
};

} // namespace davit::effects
