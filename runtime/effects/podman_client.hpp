// The engine port over podman's REST API.
//
//   mutation ──▶ POST / DELETE ──▶ an inspect by the same thread ──▶ reply.seen
//                     └─ no answer: timeout, the outcome is unknown, seen is what the look saw
//
// podman goes on with a mutation when its caller has gone, so no deadline here undoes anything.
#pragma once

#include "runtime/effects/podman_job.hpp"
#include "runtime/ports/engine.hpp"

namespace davit::effects {

/// Sharing: any thread. The process must ignore SIGPIPE and share podman's pid namespace:
/// what lives is told by the kernel, not by podman.
class podman_engine final : public ports::engine, public ports::log_source {
public:
  /// `socket` is the path of podman's API socket. Nothing is called yet.
  explicit podman_engine(std::string socket) : http_{std::move(socket)} {}

  ports::engine_reply perform(const ports::engine_request& request, milliseconds deadline) override;
  result<std::shared_ptr<ports::byte_stream>> logs(const std::string& id,
                                                   const ports::log_options& options) override;

private:
  podman::http http_;
  podman::unfinished_checks checks_;
};

} // namespace davit::effects
