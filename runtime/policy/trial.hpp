// Judges the trial of an operation: whether what it wants holds, cannot hold, or needs time.
#pragma once

#include "runtime/model/stack.hpp"
#include "runtime/model/status.hpp"

#include <map>
#include <optional>
#include <string>
#include <variant>

namespace davit::policy {

/// What an operation saw of one service so far.
struct trial_member {
  bool job = false;
  bool alive = false;
  bool completed = false;
  bool stuck = false;   ///< nothing will change by itself
  bool gated = false;   ///< a gate holds its start
  bool started = false; ///< it was seen alive, or done, at least once
  readiness ready = readiness::unknown;
  phase shown = phase::pending;
  std::string words;                    ///< phase, exit and refusal, for the report of a failure
  std::optional<boot_time> alive_since; ///< of the present life
  std::optional<boot_time> ready_since; ///< of the present readiness
};

struct trial_pending {
  std::optional<boot_time> judge_at; ///< absent: only news can change it
  std::string waiting_for;           ///< in words, for the progress
};
struct trial_passed {};
struct trial_failed {
  std::string service;
  std::string why;
};
using trial_verdict = std::variant<trial_pending, trial_passed, trial_failed>;

/// How much has to hold before an operation is done.
enum class trial_until : std::uint8_t {
  begun,   ///< every service that no gate holds has started
  started, ///< every service has started
  held,    ///< every service was ready for its post-start window, every job completed
};

trial_verdict judge(const stack& st, const std::map<std::string, trial_member>& members,
                    trial_until until, boot_time now);

/// start_period of the check or probe that decides readiness.
milliseconds start_period(const service& s);

} // namespace davit::policy
