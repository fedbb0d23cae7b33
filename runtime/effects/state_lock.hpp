// One daemon per state directory. The kernel drops the lock with the process, so nothing is
// left to clean up after kill -9. The store takes it; a daemon whose store has failed takes it
// by itself.
#pragma once

#include "runtime/effects/durable_file.hpp"
#include "runtime/model/result.hpp"

#include <string>

namespace davit::effects {

/// Held as long as the object lives. DIR/lock says in words who holds it: "process 1234, since
/// 2026-01-31T12:00:00.000Z"; only true while somebody does.
class state_lock {
public:
  /// Makes the directory (0700) if only it is missing, not its parents.
  /// Errors: conflict (names the process that holds it), denied, no_space, io, not_found.
  static result<state_lock> take(const std::string& dir);

private:
  explicit state_lock(descriptor file) : file_{std::move(file)} {}
  descriptor file_;
};

} // namespace davit::effects
