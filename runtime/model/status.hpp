// What people see: phases, health, and the status of a service, a stack and the host.
#pragma once

#include "runtime/model/life.hpp"

#include <optional>
#include <string>
#include <vector>

namespace davit {

/// Design section 4. Order has no meaning.
enum class phase : std::uint8_t {
  pending,
  pulling,
  creating,
  starting,
  running,
  waiting,
  backing_off,
  broken,
  held,
  stopping,
  stopped,
  exited,
  completed,
  crashed,
  killed,
  unreachable,
  unknown,
};

constexpr const char* to_string(phase p) {
  switch (p) {
    case phase::pending: return "pending";
    case phase::pulling: return "pulling";
    case phase::creating: return "creating";
    case phase::starting: return "starting";
    case phase::running: return "running";
    case phase::waiting: return "waiting";
    case phase::backing_off: return "backing_off";
    case phase::broken: return "broken";
    case phase::held: return "held";
    case phase::stopping: return "stopping";
    case phase::stopped: return "stopped";
    case phase::exited: return "exited";
    case phase::completed: return "completed";
    case phase::crashed: return "crashed";
    case phase::killed: return "killed";
    case phase::unreachable: return "unreachable";
    case phase::unknown: return "unknown";
  }
  return "unknown";
}

/// Whether a running service does its work. `none`: it has no check, running is enough.
enum class readiness : std::uint8_t { unknown, none, starting, ready, ill };

constexpr const char* to_string(readiness r) {
  switch (r) {
    case readiness::unknown: return "unknown";
    case readiness::none: return "none";
    case readiness::starting: return "starting";
    case readiness::ready: return "ready";
    case readiness::ill: return "ill";
  }
  return "unknown";
}

struct restart_counts {
  std::uint32_t window = 0; ///< charged restarts inside the budget's window
  std::uint64_t total = 0;  ///< all charged restarts since the service was installed
  friend bool operator==(const restart_counts&, const restart_counts&) = default;
};

/// One row of `davit status`; the JSON contract is in runtime/api. Absent is null there.
struct service_status {
  std::string name;
  davit::phase phase = davit::phase::pending;
  readiness health = readiness::unknown;
  std::string container_id;
  std::optional<std::int32_t> pid;
  std::optional<std::int32_t> exit_code; ///< of the last life that ended
  std::string exit_reason;               ///< in words; empty where nothing ended yet
  restart_counts restarts;
  std::optional<wall_time> next_attempt_at;
  std::vector<std::string> waiting_for; ///< "db (service_healthy)"
  std::string reason;                   ///< why the phase is what it is, one sentence
  std::string image;
  std::optional<wall_time> since; ///< when this phase began
  std::vector<port_mapping> ports;
  friend bool operator==(const service_status&, const service_status&) = default;
};

struct stack_status {
  std::string name;
  std::string revision;
  std::string goal;                     ///< up, down
  std::vector<service_status> services; ///< by name
  friend bool operator==(const stack_status&, const stack_status&) = default;
};

struct host_status {
  std::vector<stack_status> stacks; ///< by name
  std::string store_state;          ///< ok, slow, failed
  std::string store_reason;
  std::string engine_state; ///< ok, slow, unreachable
  std::string engine_reason;
  std::vector<observation> orphans; ///< carry our labels, wanted by no stack
};

/// One line of the event feed, `davit events`. Kinds are snake_case words:
/// phase, exit, charge, refusal, operation, engine, store, orphan, warning.
struct event {
  std::uint64_t seq = 0;
  wall_time at{};
  std::string stack;
  std::string service;
  std::string kind;
  std::string text; ///< one sentence, no secrets
  friend bool operator==(const event&, const event&) = default;
};

/// An operation as a caller follows it.
struct operation_status {
  std::string id;
  std::string kind; ///< install, uninstall, start, stop, restart
  std::string stack;
  std::string phase; ///< staged, trial, committed, reverting, reverted, failed
  bool done = false;
  bool ok = false;
  bool partial = false;              ///< done in part: exit code 4
  std::string error;                 ///< what failed and why, where !ok
  std::vector<std::string> progress; ///< lines, oldest first
  friend bool operator==(const operation_status&, const operation_status&) = default;
};

} // namespace davit
