// Hears of deaths: one thread over the pidfds of all running containers.
#pragma once

#include "runtime/model/life.hpp"

namespace davit::ports {

struct exit_sink {
  virtual ~exit_sink() = default;
  /// The main process of this life is gone. Called from the watcher's own thread, once a
  /// life, in well under a millisecond; `exit.code` is absent where conmon's exit file told
  /// nothing yet.
  virtual void exited(const life& which, mono_time at, const exit_info& exit) = 0;
};

/// Sharing: any thread may call; calls return at once and never throw.
struct exit_watcher {
  virtual ~exit_watcher() = default;
  /// Watches `pid` as the main process of `which`. A pid that is dead, or that belongs to
  /// another container by now, is reported as exited at once. Watching a life twice is fine.
  virtual void watch(const life& which, std::int32_t pid, std::int32_t conmon_pid) = 0;
  /// No further report for any life of this container.
  virtual void forget(const std::string& id) = 0;
};

} // namespace davit::ports
