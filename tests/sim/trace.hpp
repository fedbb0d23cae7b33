// What happened in one history: the last lines to print with a failure, and a digest of all.
#pragma once

#include "runtime/model/time.hpp"

#include <cstdint>
#include <deque>
#include <string>

namespace davit::sim {

class trace {
public:
  static constexpr std::size_t kept = 60;

  void add(boot_time at, std::string line);
  /// One number for the whole history: two runs of one seed must agree.
  std::uint64_t digest() const { return digest_; }
  std::uint64_t size() const { return size_; }
  /// The last lines, each with its true time since the beginning.
  std::string tail() const;
  /// Every line goes to standard error as well: to read one seed as a story.
  void speak(bool aloud) { aloud_ = aloud; }

private:
  std::deque<std::string> lines_;
  std::uint64_t digest_ = 0xcbf29ce484222325U;
  std::uint64_t size_ = 0;
  bool aloud_ = false;
};

} // namespace davit::sim
