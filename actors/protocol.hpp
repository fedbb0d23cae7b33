// The message protocol: every atom and every actor interface, and nothing else.
#pragma once

#include "actors/carried.hpp"
#include "actors/messages.hpp"
#include "actors/operations.hpp"
#include "runtime/ports/prober.hpp"

#include <caf/replies_to.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#define DAVIT_MESSAGE_TYPES(X)                 \
  X(carried<davit::actors::engine_job>)        \
  X(carried<davit::ports::engine_reply>)       \
  X(carried<davit::actors::disk_job>)          \
  X(carried<davit::actors::disk_reply>)        \
  X(carried<davit::ports::record_batch>)       \
  X(carried<davit::actors::health_note>)       \
  X(carried<davit::actors::ledger_note>)       \
  X(carried<davit::actors::tracker_rules>)     \
  X(carried<davit::policy::charge_request>)    \
  X(carried<davit::actors::container_order>)   \
  X(carried<davit::actors::container_report>)  \
  X(carried<davit::actors::stack_order>)       \
  X(carried<davit::actors::operation_request>) \
  X(carried<davit::actors::operation_note>)    \
  X(carried<davit::operation_status>)          \
  X(carried<davit::stack_status>)              \
  X(carried<davit::host_status>)               \
  X(carried<davit::why>)                       \
  X(carried<davit::plan>)                      \
  X(carried<davit::stack>)                     \
  X(carried<davit::ports::probe_request>)      \
  X(carried<davit::ports::probe_answer>)       \
  X(carried<davit::healthcheck>)               \
  X(carried<davit::probe_spec>)

#define DAVIT_ALLOW(type) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(davit::actors::type)
DAVIT_MESSAGE_TYPES(DAVIT_ALLOW)
#undef DAVIT_ALLOW
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(davit::life)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(davit::exit_info)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(davit::mono_time)

CAF_BEGIN_TYPE_ID_BLOCK(davit, caf::first_custom_type_id)

// CAF 0.17 packs an atom into 64 bits: at most ten characters.
CAF_ADD_ATOM(davit, davit::actors, work_atom, "work")
CAF_ADD_ATOM(davit, davit::actors, ask_atom, "ask")
CAF_ADD_ATOM(davit, davit::actors, leave_atom, "leave")
CAF_ADD_ATOM(davit, davit::actors, halt_atom, "halt")
CAF_ADD_ATOM(davit, davit::actors, status_atom, "status")
CAF_ADD_ATOM(davit, davit::actors, commit_atom, "commit")
CAF_ADD_ATOM(davit, davit::actors, flush_atom, "flush")
CAF_ADD_ATOM(davit, davit::actors, watch_atom, "watch")
CAF_ADD_ATOM(davit, davit::actors, forget_atom, "forget")
CAF_ADD_ATOM(davit, davit::actors, exited_atom, "exited")
CAF_ADD_ATOM(davit, davit::actors, touched_atom, "touched")
CAF_ADD_ATOM(davit, davit::actors, gap_atom, "gap")
CAF_ADD_ATOM(davit, davit::actors, reach_atom, "reach")
CAF_ADD_ATOM(davit, davit::actors, probe_atom, "probe")
CAF_ADD_ATOM(davit, davit::actors, health_atom, "health")
CAF_ADD_ATOM(davit, davit::actors, load_atom, "load")
CAF_ADD_ATOM(davit, davit::actors, charge_atom, "charge")
CAF_ADD_ATOM(davit, davit::actors, rules_atom, "rules")
CAF_ADD_ATOM(davit, davit::actors, ready_atom, "ready")
CAF_ADD_ATOM(davit, davit::actors, unready_atom, "unready")
CAF_ADD_ATOM(davit, davit::actors, reset_atom, "reset")
CAF_ADD_ATOM(davit, davit::actors, wake_atom, "wake")
CAF_ADD_ATOM(davit, davit::actors, term_atom, "term")
CAF_ADD_ATOM(davit, davit::actors, want_atom, "want")
CAF_ADD_ATOM(davit, davit::actors, tick_atom, "tick")
CAF_ADD_ATOM(davit, davit::actors, report_atom, "report")
CAF_ADD_ATOM(davit, davit::actors, apply_atom, "apply")
CAF_ADD_ATOM(davit, davit::actors, why_atom, "why")
CAF_ADD_ATOM(davit, davit::actors, submit_atom, "submit")
CAF_ADD_ATOM(davit, davit::actors, opstat_atom, "opstat")
CAF_ADD_ATOM(davit, davit::actors, opnote_atom, "opnote")
CAF_ADD_ATOM(davit, davit::actors, plan_atom, "plan")
CAF_ADD_ATOM(davit, davit::actors, find_atom, "find")
CAF_ADD_ATOM(davit, davit::actors, prep_atom, "prep")
CAF_ADD_ATOM(davit, davit::actors, clean_atom, "clean")
CAF_ADD_ATOM(davit, davit::actors, alive_atom, "alive")

CAF_END_TYPE_ID_BLOCK(davit)

namespace davit::actors {

using engine_ask = carried<engine_job>;
using engine_answer = carried<ports::engine_reply>;
using disk_ask = carried<disk_job>;
using disk_answer = carried<disk_reply>;
using batch = carried<ports::record_batch>;

/// A WORKER of the engine: one blocking call at a time. Always answers.
using engine_worker = caf::typed_actor<caf::replies_to<work_atom, engine_ask>::with<engine_answer>>;

/// The WORKER of the disk: database and files, one job at a time, in order. Always answers.
using disk_worker = caf::typed_actor<caf::replies_to<work_atom, disk_ask>::with<disk_answer>>;

/// The WORKER of the probes: looks once. Always answers.
using probe_worker = caf::typed_actor<
  caf::replies_to<work_atom, carried<ports::probe_request>>::with<carried<ports::probe_answer>>>;

/// The STORE: group commit over one disk worker.
using store_actor = caf::typed_actor<
  // Makes a batch durable. Answers when it is as durable as the patience (an enum's number)
  // asks, or as it can be: a durability as its number.
  caf::replies_to<commit_atom, batch, std::uint8_t>::with<std::uint8_t>,
  // Any other job of the disk, in its turn.
  caf::replies_to<ask_atom, disk_ask>::with<disk_answer>,
  // How it is: ok, slow, failed.
  caf::replies_to<status_atom>::with<carried<health_note>>,
  // The watchdog's question.
  caf::replies_to<alive_atom>::with<bool>,
  // INTERNAL: the group waited for its turn behind the commits already queued.
  caf::reacts_to<flush_atom>,
  // INTERNAL: the patience of this group's callers is over.
  caf::reacts_to<tick_atom, std::uint64_t>>;

/// The ENGINE: lanes and slots over blocking workers. Always answers, within the deadline
/// of the request's kind.
using engine_actor = caf::typed_actor<
  // One request, for recovery or for an operation (an origin's number).
  caf::replies_to<ask_atom, engine_ask, std::uint8_t>::with<engine_answer>,
  // No new mutation from here on: each is answered `busy`.
  caf::reacts_to<leave_atom>,
  // podman's service answers, or does not: told by the event stream.
  caf::reacts_to<reach_atom, bool>, caf::replies_to<status_atom>::with<carried<health_note>>,
  caf::replies_to<alive_atom>::with<bool>>;

/// The PROBES: schedules every health check and tells transitions.
using probes_actor = caf::typed_actor<
  // Checks this life from now on with podman's health check, as often as it says.
  caf::reacts_to<probe_atom, life, carried<healthcheck>, caf::actor>,
  // Checks this life from now on with a probe of our own.
  caf::reacts_to<probe_atom, life, carried<probe_spec>, std::int32_t, caf::actor>,
  // No further checks of this container.
  caf::reacts_to<forget_atom, std::string>, caf::replies_to<alive_atom>::with<bool>,
  // INTERNAL: the next check of this container is due.
  caf::reacts_to<tick_atom, std::string, std::uint64_t>>;

/// The EXITS: pidfds of the running containers; passes each death on to its container.
using exits_actor = caf::typed_actor<
  // Watches a life: its pid, its monitor's pid, and who wants to hear of its end.
  caf::reacts_to<watch_atom, life, std::int32_t, std::int32_t, caf::actor>,
  caf::reacts_to<forget_atom, std::string>,
  // From the watcher's thread: the monitor of this container is gone.
  caf::reacts_to<touched_atom, std::string>,
  // From the watcher's thread: this life is over since then, with this exit.
  caf::reacts_to<exited_atom, life, mono_time, exit_info>, caf::replies_to<alive_atom>::with<bool>>;

/// The EVENTS: podman's event stream, only ever a reason to look.
using events_actor = caf::typed_actor<
  // Who wants to look when something happened to this container.
  caf::reacts_to<watch_atom, std::string, caf::actor>, caf::reacts_to<forget_atom, std::string>,
  caf::reacts_to<touched_atom, std::string>,
  // Anything may have been missed: everybody looks.
  caf::reacts_to<gap_atom>, caf::reacts_to<reach_atom, bool>,
  caf::replies_to<alive_atom>::with<bool>>;

/// A RESTART TRACKER: the ledger of one service.
using tracker_actor = caf::typed_actor<
  // Reads the ledger from the store.
  caf::replies_to<load_atom>::with<carried<ledger_note>>,
  // Records a death and decides; answers once the charge is durable.
  caf::replies_to<charge_atom, carried<policy::charge_request>>::with<carried<ledger_note>>,
  // A stop begins: durable before the signal. `ended`: its life and what it will count as.
  caf::replies_to<term_atom, carried<policy::charge_request>>::with<carried<ledger_note>>,
  caf::reacts_to<rules_atom, carried<tracker_rules>>,
  // The present life became ready; it is no longer. Stable running is measured between.
  caf::reacts_to<ready_atom>, caf::reacts_to<unready_atom>,
  // A dependency recovered: counters begin anew, what was refused is decided again.
  caf::replies_to<reset_atom>::with<carried<ledger_note>>,
  // Removes the ledger from the store.
  caf::replies_to<forget_atom>::with<bool>,
  caf::replies_to<status_atom>::with<carried<ledger_note>>,
  // INTERNAL: ready for the post-start window (1), for stable_after (2), in this epoch.
  caf::reacts_to<tick_atom, int, std::uint64_t>>;

/// A CONTAINER: owns what is wanted and what is seen of one service.
using container_actor = caf::typed_actor<
  caf::reacts_to<want_atom, carried<container_order>>,
  // The main process of this life is gone.
  caf::reacts_to<exited_atom, life, mono_time, exit_info>,
  // Something may have happened: look.
  caf::reacts_to<touched_atom>,
  // A health check of this life changed its mind: a readiness as its number, and its words.
  caf::reacts_to<health_atom, life, std::uint8_t, std::string>,
  // A dependency is ready again: do not wait any longer.
  caf::reacts_to<wake_atom>,
  // A dependency recovered by a charged restart of its own.
  caf::reacts_to<reset_atom>, caf::replies_to<why_atom>::with<carried<why>>,
  // INTERNAL: the timer of this epoch.
  caf::reacts_to<tick_atom, std::uint64_t>>;

/// A STACK: the dependency-aware parent of its containers.
using stack_actor = caf::typed_actor<
  // Wants this from now on: durable before it answers. False: it could not be kept.
  caf::replies_to<apply_atom, carried<stack_order>>::with<carried<disk_reply>>,
  // As apply, for a revision that was just read from the disk.
  caf::reacts_to<load_atom, carried<stack_order>>,
  // Makes images, networks and volumes of the order in force be there. Answers with what it
  // made and what failed.
  caf::replies_to<prep_atom>::with<carried<operation_note>>,
  // Removes networks and, where true, volumes; then its files and ledgers.
  caf::replies_to<clean_atom, bool>::with<carried<operation_note>>,
  // Keeps its files as they are but stops watching: everything of it ends.
  caf::reacts_to<leave_atom>,
  // From a container: its report changed.
  caf::reacts_to<report_atom, std::string, carried<container_report>>,
  // Who hears of every report from now on (an operation); replaced by the next.
  caf::reacts_to<watch_atom, caf::actor>,
  // The host goes down: stop everything in order, without wanting it.
  caf::reacts_to<halt_atom>, caf::replies_to<status_atom>::with<carried<stack_status>>,
  // The order in force.
  caf::replies_to<want_atom>::with<carried<stack_order>>,
  caf::replies_to<why_atom, std::string>::with<carried<why>>,
  caf::replies_to<alive_atom>::with<bool>,
  // Answers once every container has been looked at: what runs is adopted.
  caf::replies_to<work_atom>::with<bool>,
  // INTERNAL: what was put off under this number is due.
  caf::reacts_to<tick_atom, std::uint64_t>>;

/// An OPERATION: writes what is wanted, and watches.
using operation_actor = caf::typed_actor<
  // Begins, or goes on where the journal says that it was.
  caf::reacts_to<work_atom>,
  // From the stack: a container's report changed.
  caf::reacts_to<report_atom, std::string, carried<container_report>>,
  // INTERNAL: a deadline, or the quiet window, of this epoch.
  caf::reacts_to<tick_atom, std::uint64_t>>;

/// The HOST: all stacks and operations, and the watchdog.
using host_actor = caf::typed_actor<
  // Loads everything that is wanted; answers once what runs is adopted.
  caf::replies_to<load_atom>::with<bool>,
  // Begins an operation; its id, or why not (error words in `error`).
  caf::replies_to<submit_atom, carried<operation_request>>::with<carried<operation_status>>,
  caf::replies_to<opstat_atom, std::string>::with<carried<operation_status>>,
  // From an operation: how far it is.
  caf::reacts_to<opnote_atom, carried<operation_note>>,
  caf::replies_to<plan_atom, carried<stack>>::with<carried<plan>>,
  caf::replies_to<status_atom>::with<carried<host_status>>,
  caf::replies_to<why_atom, std::string, std::string>::with<carried<why>>,
  caf::reacts_to<halt_atom>,
  // INTERNAL: the watchdog's round, and a stack whose settling is awaited no longer.
  caf::reacts_to<tick_atom, std::uint64_t>>;

} // namespace davit::actors
