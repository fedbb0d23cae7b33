// The engine: whatever runs containers. podman in production, a scripted one in tests.
//
// One call, many requests: the request is a value, so that lanes, slots and deadlines can be
// tested without an engine, and the simulation can answer at the same seam.
#pragma once

#include "runtime/model/life.hpp"
#include "runtime/model/result.hpp"
#include "runtime/model/stack.hpp"

#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace davit::ports {

// ---- mutations of one container; the answer carries an inspect made after them
struct create_container {
  blueprint what;
};
struct start_container {
  std::string id;
};
/// Sends a signal to the main process. `signal` is a name ("SIGTERM") or a number.
/// Where the monitor is dead the signal goes by pidfd.
struct signal_container {
  std::string id;
  std::string signal;
};
/// Removes it and its anonymous volumes unless keep_anonymous. A live one is ended first:
/// its stop signal, `grace`, KILL; the deadline must leave room for that. Never removes
/// dependents: with any it fails with conflict. Absent already: fine.
struct remove_container {
  std::string id;
  milliseconds grace{0};
  bool keep_anonymous = false;
};
struct rename_container {
  std::string id;
  std::string name;
};

// ---- looks
/// By full id, or by exact name (never by id prefix).
struct inspect_container {
  std::string id_or_name;
};
/// Every container whose label `key` equals `value`. Slow: takes every container's lock.
struct list_containers {
  std::string key;
  std::string value;
};
/// Runs the container's own health check once. Answers with `healthy`. A check that does not
/// end within `timeout` is not healthy; while it still runs another request fails with busy,
/// so that checks never pile up. An engine that does not answer is a timeout, never ill.
struct run_healthcheck {
  std::string id;
  milliseconds timeout;
};
struct ping {};

// ---- images
struct inspect_image {
  std::string reference;
};
/// Tries once. `stall`: longest time without progress.
struct pull_image {
  std::string reference;
  milliseconds stall;
  bool always = false;
  std::string platform{}; ///< os/arch[/variant]; empty: the host's
};

// ---- networks and volumes; creating what is there is no error, `created` says which
struct create_network {
  network what;
  string_map labels;
};
struct remove_network {
  std::string name;
}; ///< absent: fine. Never forced
struct create_volume {
  volume what;
  string_map labels;
};
struct remove_volume {
  std::string name;
}; ///< absent: fine. Never forced

using engine_request
  = std::variant<create_container, start_container, signal_container, remove_container,
                 rename_container, inspect_container, list_containers, run_healthcheck, ping,
                 inspect_image, pull_image, create_network, remove_network, create_volume,
                 remove_volume>;

/// What a request did. `failure` absent: it was done.
///
/// Legal errors: not_found (container, image or network), conflict (name or port or address
/// in use, has dependents, a signal to what does not run), refused (podman said no; `message`
/// has its words), invalid (a setting podman or the runtime cannot take: will not pass by
/// itself), no_space, denied, unreachable (nobody answers: nothing was done), timeout (outcome
/// unknown), busy.
struct engine_reply {
  std::optional<error> failure;
  /// After any mutation of a container, and for inspect: what a look by the same worker saw
  /// afterwards. Absent where that look failed: the outcome is then unknown.
  std::optional<observation> seen;
  std::vector<observation> list; ///< of list_containers
  bool created = false;          ///< of create_network, create_volume: it was not there before
  bool healthy = false;          ///< of run_healthcheck
  std::string output;            ///< of run_healthcheck: last output, cut to 4 KiB
  std::string image_id;          ///< of inspect_image, pull_image
  /// start only: the answer proves that no process was started under it ("304" with an old
  /// dead pid, "state improper"): the permit may be used again.
  bool not_started = false;
  /// start only: refused because of a leftover of a torn start or stop (a container that the
  /// runtime knows and podman does not, a state that no start leaves): only remove helps.
  bool ghost = false;
  /// create, start, pull: the same request will fail for ever (command not found, no such
  /// image, bad setting): no retry helps.
  bool fatal = false;
};

/// Sharing: any number of threads may call at once; each call blocks until it is done or
/// `deadline` from its beginning has passed. Never throws.
struct engine {
  virtual ~engine() = default;
  virtual engine_reply perform(const engine_request& request, milliseconds deadline) = 0;
};

/// Lines of a container's log, or of anything else that a caller follows.
struct byte_stream {
  virtual ~byte_stream() = default;
  /// Waits up to `patience`. Absent: the end. Empty: nothing yet.
  virtual std::optional<std::string> next(milliseconds patience) = 0;
};

struct log_options {
  bool follow = false;
  std::optional<std::uint32_t> tail; ///< last lines; absent: all
  bool timestamps = false;
};

struct log_source {
  virtual ~log_source() = default;
  /// Errors: not_found, unreachable, timeout, refused (log driver none).
  virtual result<std::shared_ptr<byte_stream>> logs(const std::string& id,
                                                    const log_options& options)
    = 0;
};

/// Something may have happened to this container: a reason to look, never a fact.
struct event_sink {
  virtual ~event_sink() = default;
  virtual void touched(const std::string& id) = 0;
  /// The stream broke and is back, or never was there: anything may have been missed.
  virtual void gap() = 0;
  /// podman's service answers, or does not. Only changes are told.
  virtual void reachable(bool yes) = 0;
};

} // namespace davit::ports
