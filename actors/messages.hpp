// What travels between actors, as plain values. The interfaces are in protocol.hpp.
#pragma once

#include "runtime/model/status.hpp"
#include "runtime/policy/restart.hpp"
#include "runtime/policy/step.hpp"
#include "runtime/ports/engine.hpp"
#include "runtime/ports/store.hpp"
#include "runtime/record/revision.hpp"

#include <map>
#include <variant>

namespace davit::actors {

// ---- to and from the workers: the simulation's seam

struct engine_job {
  ports::engine_request request;
  milliseconds deadline{0}; ///< 0: the default of its kind
};

namespace disk {
struct write {
  std::vector<ports::record_batch> batches;
};
struct sync {};
struct load {
  ports::family in;
  std::string prefix;
};
struct load_current {};
struct load_revision {
  std::string stack;
  std::string revision;
};
struct list_revisions {
  std::string stack;
};
struct put_revision {
  ports::revision_file file;
};
/// put_revision and then select it, in one go.
struct make_current {
  ports::revision_file file;
};
struct select_revision {
  std::string stack;
  std::string revision;
};
struct remove_revision {
  std::string stack;
  std::string revision;
};
struct put_secret {
  std::string stack;
  std::string name;
  std::string content;
  std::uint32_t mode;
};
} // namespace disk

using disk_job
  = std::variant<disk::write, disk::sync, disk::load, disk::load_current, disk::load_revision,
                 disk::list_revisions, disk::put_revision, disk::make_current,
                 disk::select_revision, disk::remove_revision, disk::put_secret>;

struct disk_reply {
  std::optional<error> failure;
  std::map<std::string, std::string> records;
  std::vector<ports::revision_file> files;
  std::vector<std::string> names;
  std::vector<error> trouble;
};

// ---- the store

/// How far a commit got when its caller was answered.
enum class durability : std::uint8_t {
  synced,  ///< survives a power cut
  written, ///< survives kill -9; the disk is slow
  memory,  ///< survives nothing: the store failed, and everything says so
};

/// What the caller waits for.
enum class patience : std::uint8_t {
  synced, ///< at most permit_patience, then `written` will do
  none,   ///< for records that nobody waits for
};

struct health_note {
  std::string state; ///< ok, slow, failed, unreachable
  std::string reason;
};

// ---- the engine

/// Whose work it is: one of the slots for mutations is never given to an operation.
enum class origin : std::uint8_t { recovery, operation };

// ---- the tracker

/// What a container needs to know of its ledger.
struct ledger_note {
  std::optional<policy::verdict> verdict;
  life charged_life;
  policy::cause last_cause = policy::cause::ordered;
  std::uint64_t order_paid = 0;
  std::string completed_hash;
  restart_counts counts;
  policy::breaker_state breaker = policy::breaker_state::closed;
  std::uint32_t starts = 0;           ///< automatic ones inside the ceiling's window
  std::uint32_t trial_restarts = 0;   ///< charged during the present trial
  bool rebooted = false;              ///< on load only: the machine was started anew since
  std::optional<ledger_time> term_at; ///< on load only: a stop was begun and never finished
  life term_life;
  policy::cause term_cause = policy::cause::ours;
};

struct tracker_rules {
  recovery_rules recovery;
  bool critical = false;
  milliseconds post_start_window = 30s;
  bool operator==(const tracker_rules&) const = default;
};

// ---- the container

/// What a stack wants of one container.
struct container_order {
  policy::want want;
  blueprint plan; ///< labels complete, config hash included
};

/// What a container tells its stack whenever any of it changed.
struct container_report {
  service_status status;
  davit::life life; ///< present or last
  bool alive = false;
  bool settled = false;   ///< it has looked since it was loaded, and nothing is in flight
  bool gone = false;      ///< no container of ours exists
  bool removing = false;  ///< its container must go; whoever shares its namespace goes first
  bool completed = false; ///< its job is done under the present configuration
  bool stuck = false;     ///< nothing will change by itself: refused, forbidden, finished
  bool recovered = false; ///< this life was paid for by a charged restart
  std::uint32_t trial_restarts = 0;
  std::string revision;         ///< of the want that this report answers to
  bool wanted_up = false;       ///< likewise its goal
  std::uint64_t order = 0;      ///< likewise
  std::uint64_t order_paid = 0; ///< the latest order that a start obeyed
  std::string refusal;          ///< why no start follows, where it does not
  bool operator==(const container_report&) const = default;
};

// ---- the stack

/// A stack as it is wanted: everything that its revision file holds.
using stack_order = record::revision;
using service_order = record::service_order;

} // namespace davit::actors
