// One daemon per state directory. The kernel drops the lock with the process, so nothing is
// left to clean up after kill -9.
#pragma once

#include "runtime/effects/durable_file.hpp"
#include "runtime/model/result.hpp"

#include <string>

namespace davit::effects {

/// Held as long as the object lives. DIR/lock says in words who holds it.
class state_lock {
public:
  /// Makes the directory (0700) if only it is missing, not its parents.
  /// Errors: conflict (names the process that holds it), denied, no_space, io, not_found.
  static result<state_lock> take(const std::string& dir);

private:
  explicit state_lock(descriptor file) : file_{std::move(file)} {}
  descriptor file_;
};

/// What DIR/lock says: "process 1234, since 2026-01-31T12:00:00.000Z"; empty: nothing.
/// Only true while somebody holds the lock.
std::string lock_holder(const std::string& dir);

/// The refusal that a second daemon on `dir` gets, whichever of its locks it met first.
error held_by_another(const std::string& dir);

} // namespace davit::effects
