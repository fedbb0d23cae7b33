// Looks whether a service answers on a port inside its container's network namespace,
// without a process in the container.
#pragma once

#include "runtime/model/rules.hpp"

#include <string>

namespace davit::ports {

struct probe_request {
  std::string id;       ///< of the container, for the guard against a reused pid
  std::int32_t pid = 0; ///< its main process: names the network namespace
  probe_spec what;
};

struct probe_answer {
  enum class kind : std::uint8_t {
    well,           ///< tcp: it accepted; http: a status from 200 to 399
    ill,            ///< it refused, answered otherwise, or not within the timeout
    could_not_look, ///< the namespace is gone, or we lack what it takes: says nothing of it
  };
  kind saw = kind::could_not_look;
  std::string words; ///< "connection refused", "HTTP 503"; at most one line
};

/// Sharing: any thread; blocks for at most `what.timeout` and a little. Never throws.
struct prober {
  virtual ~prober() = default;
  virtual probe_answer probe(const probe_request& request) = 0;
};

} // namespace davit::ports
