// Time and chance, handed in so that both can be simulated.
#pragma once

#include "runtime/model/time.hpp"

#include <string>

namespace davit::ports {

/// One reading of every clock at once.
struct clock_reading {
  mono_time mono{};
  boot_time boot{};
  wall_time wall{};
  bool synchronised = false; ///< the kernel says the wall clock is right (adjtimex)
  std::string boot_id;       ///< another one means: the host was started anew
};

/// Sharing: any thread.
struct clocks {
  virtual ~clocks() = default;
  virtual clock_reading read() = 0;
};

/// Sharing: any thread.
struct chance {
  virtual ~chance() = default;
  virtual double unit() = 0;    ///< [0, 1)
  virtual std::string id() = 0; ///< 12 hex digits, unique on this host
};

} // namespace davit::ports
