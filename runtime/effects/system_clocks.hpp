// The clocks of the machine.
#pragma once

#include "runtime/ports/clocks.hpp"

#include <string>

namespace davit::effects {

class system_clocks final : public ports::clocks {
public:
  /// Reads the boot id once: it cannot change under a living process.
  system_clocks();
  ports::clock_reading read() override;

private:
  std::string boot_id_; ///< empty where the kernel does not tell
};

} // namespace davit::effects
