// http and tcp probes without a process in the container: the socket is made inside the
// container's network namespace by the calling thread, which then returns to its own.
#pragma once

#include "runtime/ports/prober.hpp"

namespace davit::effects {

/// Needs CAP_SYS_ADMIN in the host's user namespace (root). A server that listens on the
/// container's own 127.0.0.1 is reached.
class namespace_prober final : public ports::prober {
public:
  namespace_prober();
  ~namespace_prober() override;
  namespace_prober(const namespace_prober&) = delete;
  namespace_prober& operator=(const namespace_prober&) = delete;

  ports::probe_answer probe(const ports::probe_request& request) override;

private:
  int own_ = -1; ///< our own network namespace, to return to
};

} // namespace davit::effects
