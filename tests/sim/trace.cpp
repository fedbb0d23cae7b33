#include "tests/sim/trace.hpp"

#include <iostream>

namespace davit::sim {

namespace {

/// The simulation's true time begins with the first boot at one hour.
std::string stamp(boot_time at) {
  auto us = std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count()
            - 3'600'000'000;
  auto fraction = std::to_string(1'000'000 + us % 1'000'000).substr(1);
  return std::to_string(us / 1'000'000) + '.' + fraction + "  ";
}

} // namespace

void trace::add(boot_time at, std::string line) {
  line.insert(0, stamp(at));
  for (unsigned char c : line)
    digest_ = (digest_ ^ c) * 0x100000001b3U; // FNV-1a
  ++size_;
  if (aloud_)
    std::cerr << line << '\n';
  lines_.push_back(std::move(line));
  if (lines_.size() > kept)
    lines_.pop_front();
}

std::string trace::tail() const {
  std::string out;
  for (auto& line : lines_)
    out += line + '\n';
  return out;
}

} // namespace davit::sim
