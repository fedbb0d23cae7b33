// The step: what one container needs next, from what is wanted, what is seen and what is
// remembered. Pure and total; the table is design section 3, and the rules below carry its
// numbers. The first rule that matches wins.
//
//   1 in flight   2 not fresh: look   3 charge a death   4 held   5 ghost   6 must go down
//   7 alive   8 finished or forbidden   9 gates   10 create   11 permit, backoff, start
#pragma once

#include "runtime/model/status.hpp"
#include "runtime/policy/restart.hpp"

#include <set>

namespace davit::policy {

enum class goal : std::uint8_t { up, down, absent, completed };
const char* to_string(goal g);

/// An operator's freeze.
struct hold {
  std::string author;
  std::string reason;
  std::optional<wall_time> until;
  friend bool operator==(const hold&, const hold&) = default;
};

/// What is wanted of one container. Written by its stack.
struct want {
  std::string config_hash;
  policy::goal goal = goal::down;
  bool halt = false;                ///< the host goes down; never stored
  std::string trial;                ///< the operation that tries this configuration, or empty
  std::set<std::string> gates;      ///< what a start waits for, in words
  bool blameless = false;           ///< no dependency is known to be down: no gate explains a death
  std::set<std::string> stop_gates; ///< live dependents that stop first
  std::optional<policy::hold> held;
  std::uint64_t order = 0;         ///< the latest order of a person or an operation
  std::uint64_t restart_order = 0; ///< a life started under an older order must end
  std::uint64_t generation = 0;    ///< rises when a life that this one is bound to is over
  std::string bound_id;            ///< the container whose namespace it shares, or empty
  restart_mode restart = restart_mode::no;
  on_unhealthy ill = on_unhealthy::none;
  milliseconds grace = default_grace;
  bool operator==(const want&) const = default;
};

/// What was last seen. Folded from looks, deaths and probes, never from hopes.
struct seen {
  bool fresh = false; ///< nothing has happened since the look, as far as anybody knows
  engine_status status = engine_status::absent;
  davit::life life;
  std::int32_t pid = 0;
  bool ended = false;   ///< the life's process is gone, whatever status says: pidfd, or exited
  boot_time ended_at{}; ///< when that was heard
  bool exit_known = false;
  exit_info exit;
  bool by_hand = false; ///< podman showed `stopping` while nobody here stopped it
  bool conmon_alive = true;
  bool ghost_start = false; ///< the engine refused to start it as a leftover of a torn start
  bool foreign = false;     ///< our name, not our labels: never touched
  std::string config_hash;
  std::string bound_id;
  readiness ready = readiness::unknown;
  bool operator==(const seen&) const = default;
};

enum class verb : std::uint8_t { create, start, term, kill, remove };
const char* to_string(verb v);

/// What this container remembers between messages.
struct memo {
  std::optional<verdict> permit; ///< what the tracker said last; spent by a start
  life charged_life;
  cause last_cause = cause::ordered; ///< of the last charge
  std::uint64_t order_paid = 0;
  std::uint64_t generation = 0; ///< want.generation when the present life began
  std::optional<verb> in_flight;
  bool looking = false;    ///< a look is on its way
  bool charging = false;   ///< the tracker is asked
  bool committing = false; ///< term_at is being made durable
  std::optional<ledger_time> term_at;
  life term_life; ///< whose end was ordered at term_at
  cause term_cause = cause::ours;
  bool term_sent = false; ///< false after a load: the signal goes out again
  std::optional<ledger_time> killed_at;
  bool attempt_failed = false; ///< a create or start was refused and is not charged yet
  bool attempt_fatal = false;
  std::string attempt_error;
  bool rebooted = false;             ///< loaded after a boot; until the first permit
  std::optional<boot_time> retry_at; ///< no act before: a start that proved not to have
                                     ///< happened, a look that failed
  std::string completed_hash;        ///< the configuration under which the job was completed
  bool operator==(const memo&) const = default;
};

struct now_is {
  boot_time boot{};
  ledger_time ledger{};
};

struct act_none {
  bool operator==(const act_none&) const = default;
};
struct act_look {
  bool operator==(const act_look&) const = default;
};
struct act_charge {
  cause why = cause::ordered;
  davit::life ended;
  bool wants_permit = true;
  bool operator==(const act_charge&) const = default;
};
struct act_do {
  policy::verb verb = verb::create;
  cause why = cause::ours; ///< term: what the death will be charged as
  bool operator==(const act_do&) const = default;
};
using act = std::variant<act_none, act_look, act_charge, act_do>;

struct step {
  policy::act act;
  std::optional<davit::phase> phase; ///< absent: as before
  std::string reason;                ///< one sentence, for a person
  std::optional<boot_time> look_at;  ///< decide again then; only with act_none
};

/// For a rule that needs the exit code: one look every `exit_look_every`, for at most
/// `exit_look_for`; conmon's exit file follows a death in 3 ms, 36 at most.
inline constexpr milliseconds exit_look_every = 10ms;
inline constexpr milliseconds exit_look_for = 2s;
/// Right after a death podman still shows the old life (2 to 40 ms, seen); beyond this it
/// will for ever.
inline constexpr milliseconds stale_for = 2s;
/// A KILL that changed nothing is sent again after this long.
inline constexpr milliseconds kill_again_after = 10s;
/// The wait before a start that proved not to have happened is sent again.
inline constexpr milliseconds start_again_after = 5ms;

step decide(const want& want, const seen& seen, const memo& memo, const now_is& now);

/// Whether the process runs, as far as anybody knows.
bool alive(const seen& seen);
/// Whether a life ended that the ledger does not know of.
bool death_uncharged(const seen& seen, const memo& memo);

} // namespace davit::policy
