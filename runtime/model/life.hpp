// What can be seen of one container: its lives, its exits, and one look at it.
#pragma once

#include "runtime/model/service.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace davit {

/// One run of a container's main process. A restart keeps the id, so the id alone names no
/// life; the pid is only a handle and may be reused by the kernel.
struct life {
  std::string id;              ///< full container id, 64 hex digits
  std::int64_t started_at = 0; ///< podman's StartedAt, nanoseconds since the epoch
  friend auto operator<=>(const life&, const life&) = default;
};

/// How a life ended. An absent code means that nobody could tell.
struct exit_info {
  std::optional<std::int32_t> code; ///< 0 to 255; 128 + signal where a signal ended it
  bool oom = false;                 ///< the kernel or the cgroup says so
  friend bool operator==(const exit_info&, const exit_info&) = default;
};

/// podman's own word for a container's state, ghosts included.
enum class engine_status : std::uint8_t {
  absent,
  created,
  initialized,
  running,
  paused,
  stopping,
  stopped,
  exited,
  removing,
  unknown,
};

constexpr const char* to_string(engine_status status) {
  switch (status) {
    case engine_status::absent: return "absent";
    case engine_status::created: return "created";
    case engine_status::initialized: return "initialized";
    case engine_status::running: return "running";
    case engine_status::paused: return "paused";
    case engine_status::stopping: return "stopping";
    case engine_status::stopped: return "stopped";
    case engine_status::exited: return "exited";
    case engine_status::removing: return "removing";
    case engine_status::unknown: return "unknown";
  }
  return "unknown";
}

/// One inspect. `absent` is an answer, not an error; everything else is empty then.
struct observation {
  std::string id;
  std::string name;
  engine_status status = engine_status::absent;
  std::int32_t pid = 0; ///< 0 unless running
  std::int32_t conmon_pid = 0;
  bool conmon_alive = false;    ///< its monitor still runs; meaningful with pid != 0 or running
  bool process_alive = false;   ///< the kernel still knows `pid` as a process of this container
  std::int64_t started_at = 0;  ///< ns since the epoch; 0: never
  std::int64_t finished_at = 0; ///< ns since the epoch; 0: never
  exit_info exit;               ///< of the last life; only where status says it ended
  std::string health;           ///< podman's aggregate: "", starting, healthy, unhealthy
  bool has_healthcheck = false; ///< the image's own counts
  healthcheck check;            ///< what is in force, where has_healthcheck
  std::string image;            ///< as it was asked for
  std::string image_id;
  std::string stop_signal;
  string_map labels;
  std::vector<port_mapping> ports; ///< as bound, random ones resolved
  string_map volumes;              ///< podman's name of each volume, anonymous ones too, by target

  bool alive() const {
    return status == engine_status::running || status == engine_status::paused
           || status == engine_status::stopping;
  }
  life current() const { return {id, started_at}; }
};

/// Labels that Davit puts on what it creates.
namespace label {
inline constexpr const char* stack = "io.davit.stack";
inline constexpr const char* service = "io.davit.service";
inline constexpr const char* revision = "io.davit.revision";
inline constexpr const char* config_hash = "io.davit.config-hash";
inline constexpr const char* operation = "io.davit.operation";
inline constexpr const char* bound_id = "io.davit.bound-id"; ///< whose namespace it shares
inline constexpr const char* host = "io.davit.host";         ///< which state directory owns it
} // namespace label

/// A container as it is to be created: every name resolved, every default decided.
struct blueprint {
  std::string name;
  service spec; ///< networks by podman's names, mounts with real sources, grants as binds
  string_map labels;
  milliseconds grace = default_grace; ///< becomes stop_timeout, in whole seconds upwards
  std::string cgroup_parent;          ///< empty: podman's default
  std::int64_t log_bytes = default_log_bytes;
};

} // namespace davit
