// Hears of deaths: one thread over the pidfds of all running containers.
#pragma once

#include "runtime/model/life.hpp"

namespace davit::ports {

struct exit_sink {
  virtual ~exit_sink() = default;
  /// The main process of this life is gone. Called from the watcher's own thread, once a
  /// life. `at` is when it was heard, well under a millisecond after the death; the call
  /// itself waits for conmon's exit file, a few milliseconds and 200 at most, because until
  /// then podman would not start it again either. `exit.code` is absent where that file told
  /// nothing.
  virtual void exited(const life& which, mono_time at, const exit_info& exit) = 0;
  /// The monitor of a life that still runs is gone: podman will never hear of its end.
  virtual void monitor_lost(const life& which) { static_cast<void>(which); }
};

/// Sharing: any thread may call; calls return at once and never throw.
struct exit_watcher {
  virtual ~exit_watcher() = default;
  /// Watches `pid` as the main process of `which`. A pid that is dead, or that belongs to
  /// another container by now, is reported as exited at once. Watching a life twice is fine:
  /// it is told once.
  virtual void watch(const life& which, std::int32_t pid, std::int32_t conmon_pid) = 0;
  /// No further report for any life of this container; one that is being made may still end.
  virtual void forget(const std::string& id) = 0;
};

} // namespace davit::ports
