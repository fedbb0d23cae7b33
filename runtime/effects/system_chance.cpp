#include "runtime/effects/system_chance.hpp"

#include "runtime/record/text.hpp"

namespace davit::effects {

namespace {

std::mt19937_64 seeded() {
  std::random_device source; // getrandom or the CPU's; never a fixed sequence on Linux
  std::seed_seq seed{source(), source(), source(), source(),
                     source(), source(), source(), source()};
  return std::mt19937_64{seed};
}

} // namespace

system_chance::system_chance() : generator_{seeded()} {}

double system_chance::unit() {
  const std::lock_guard lock{mutex_};
  // 53 bits fill a double's mantissa: always below 1, unlike generate_canonical in some releases.
  return static_cast<double>(generator_() >> 11) * 0x1.0p-53;
}

std::string system_chance::id() {
  const std::lock_guard lock{mutex_};
  const auto bits = generator_();
  std::string bytes;
  for (int shift = 0; shift < 48; shift += 8)
    bytes += static_cast<char>((bits >> shift) & 0xff);
  return record::to_hex(bytes);
}

} // namespace davit::effects
