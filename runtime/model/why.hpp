// The answer to `davit why`: what a service does, by which rule, and what would change it.
#pragma once

#include "runtime/model/status.hpp"

namespace davit {

/// The tracker's numbers, each beside the limit that it is held against.
struct why_counters {
  std::uint32_t restarts = 0; ///< charged inside the budget's window
  std::uint32_t restarts_allowed = 0;
  milliseconds restart_window{0};
  std::uint32_t starts = 0; ///< automatic starts of any cause inside the ceiling's window
  std::uint32_t starts_allowed = 0;
  milliseconds start_window{0};
  std::uint64_t total = 0; ///< charged restarts since the service was installed
  std::string breaker;     ///< closed, open, half_open
  friend bool operator==(const why_counters&, const why_counters&) = default;
};

struct last_exit {
  std::optional<std::int32_t> code;
  bool oom = false;
  std::string reason; ///< in words
  std::optional<wall_time> at;
  friend bool operator==(const last_exit&, const last_exit&) = default;
};

struct why {
  std::string service;
  davit::phase phase = davit::phase::unknown;
  std::string reason; ///< one sentence
  std::string rule;   ///< the rule of the policy that decides now; empty: none does
  why_counters counters;
  std::optional<wall_time> next_attempt_at;
  std::vector<std::string> waiting_for;
  std::optional<davit::last_exit> last_exit; ///< absent: no life of it ended yet
  std::string advice;                        ///< what an operator can do; may be empty
  friend bool operator==(const why&, const why&) = default;
};

} // namespace davit
