// The restart ledger of one service: what may start again, when, and what it costs.
// Pure: time and chance come in as arguments, the verdict goes out as a value.
//
//   closed --budget spent--> open --until--> half_open --ready through the window--> closed
//                             ^ wait doubles    |          (a new window begins)
//                             `----- death -----'
#pragma once

#include "runtime/model/life.hpp"
#include "runtime/model/rules.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>

namespace davit::policy {

/// Why a start is asked for.
enum class cause : std::uint8_t {
  ordered,      ///< a person or an operation asked for it
  crash,        ///< ended by itself with a failure, or nobody knows how
  ill,          ///< we ended it because its health check failed
  clean,        ///< ended by itself with 0
  start_failed, ///< the engine refused to create or start it
  lost,         ///< a permit whose life was never seen
  by_hand,      ///< somebody stopped it through podman
  ours,         ///< we ended it to change it
  dependency,   ///< it fell with a dependency, or was restarted for one
  boot,         ///< the machine went down under it
};
const char* to_string(cause c);
std::optional<cause> cause_from(const std::string& text);

/// Whether a start for this cause costs restart budget.
constexpr bool costs_budget(cause c) {
  return c == cause::crash || c == cause::ill || c == cause::clean || c == cause::start_failed
         || c == cause::lost;
}

/// Allows one start, not earlier than `not_before`. Pays for one life.
struct permit {
  std::uint64_t n = 0;
  ledger_time not_before{};
  friend bool operator==(const permit&, const permit&) = default;
};

/// No start before `until`. Which rule said so decides what happens then.
struct refusal {
  enum class rule : std::uint8_t {
    breaker, ///< then one trial start
    ceiling, ///< then the same charge once more
    trial,   ///< never by itself: the operation that tries the service decides
    ill,     ///< never by itself: `on_unhealthy: stop`, an operator releases it
    retries, ///< never by itself: `restart: on-failure:N` is used up
  };
  rule by = rule::breaker;
  ledger_time until{};
  std::string reason; ///< names the counter
  friend bool operator==(const refusal&, const refusal&) = default;
};
const char* to_string(refusal::rule rule);

using verdict = std::variant<permit, refusal>;

enum class breaker_state : std::uint8_t { closed, open, half_open };
const char* to_string(breaker_state state);

struct charge_request {
  cause why = cause::ordered;
  life ended;                 ///< the life that ended; empty for a start that nothing preceded
  std::uint64_t order = 0;    ///< the order that this start would obey
  std::string trial;          ///< the operation that tries this service, or empty
  bool fatal = false;         ///< start_failed: no retry can help
  bool stop_when_ill = false; ///< `on_unhealthy: stop`: after ill, an operator releases it
  bool wants_permit = true;   ///< false: only the death is recorded
  std::string completed_hash; ///< a job ended well: the configuration under which it did
  bool operator==(const charge_request&) const = default;
};

/// What is durable about the restarts of one service.
/// @invariant the deques are sorted; nothing in them lies outside its window after a charge.
struct restart_ledger {
  std::uint64_t permits = 0; ///< the number of the last one released
  std::uint64_t total = 0;   ///< charged restarts since the service was installed
  std::uint32_t streak = 0;  ///< charged restarts since the last forgiveness: the backoff's step
  std::deque<ledger_time> charged;   ///< since the last reset, inside the budget's window
  std::deque<ledger_time> automatic; ///< starts of any cause, inside the ceiling's window
  breaker_state breaker = breaker_state::closed;
  milliseconds cooldown{0}; ///< the breaker's present wait
  life charged_life;        ///< the last life whose end is recorded
  std::uint64_t order_paid = 0;
  std::string trial; ///< the operation whose restarts trial_restarts counts
  std::uint32_t trial_restarts = 0;
  cause last_cause = cause::ordered;
  std::optional<verdict> last; ///< what the last charge was answered; absent: no permit is out
  std::string completed_hash;  ///< the configuration under which a job was completed
  friend bool operator==(const restart_ledger&, const restart_ledger&) = default;
};

/// Restarts that a trial tolerates: most compose files converge by crashing until the
/// database answers.
inline constexpr std::uint32_t trial_restarts_max = 3;

/// Records a death and decides about the next start.
/// @param random  in [0, 1), spreads the backoff.
/// @pre `now` never runs backwards between calls.
/// @returns nothing where no permit was wanted.
std::optional<verdict> charge(restart_ledger& ledger, const recovery_rules& rules, bool critical,
                              const charge_request& request, ledger_time now, double random);

/// The service ran ready for `stable_after`: counters begin anew.
void forgive(restart_ledger& ledger);

/// A half-open trial passed its window (or a job completed): the breaker closes.
/// @returns whether anything changed.
bool settle(restart_ledger& ledger);

/// A dependency recovered by a charged restart of its own: as forgive, and what was refused
/// is decided anew. The ceiling stays. @returns the verdict in force now, if any.
std::optional<verdict> reset(restart_ledger& ledger, const recovery_rules& rules, ledger_time now);

/// An event that grants an open breaker its trial at once: a reboot, another configuration.
void grant(restart_ledger& ledger, ledger_time now);

/// How many charged restarts lie inside the budget's window.
std::uint32_t in_window(const restart_ledger& ledger, const recovery_rules& rules, ledger_time now);

/// The wait before restart number `streak` + 1 since the last forgiveness.
milliseconds backoff(const backoff_rules& rules, std::uint32_t streak, double random);

} // namespace davit::policy
