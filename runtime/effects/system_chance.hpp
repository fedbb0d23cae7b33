// Chance, from the kernel's own.
#pragma once

#include "runtime/ports/clocks.hpp"

#include <mutex>
#include <random>
#include <string>

namespace davit::effects {

class system_chance final : public ports::chance {
public:
  system_chance();
  double unit() override;
  std::string id() override;

private:
  std::mutex mutex_;
  std::mt19937_64 generator_; ///< guarded by mutex_
};

} // namespace davit::effects
