// Carries the API: HTTP/1.1 over a Unix socket or a loopback port, to a front end.
//
//   accept thread ──▶ a thread per connection, at most `connections` ──▶ front_end::handle
//         └──▶ the rest: 503, Retry-After, closed
//
// cpp-httplib reads and writes the protocol; sockets, threads, limits and the end are ours,
// because its own listener refuses bursts, ignores the size of chunked bodies, hands out no
// peer credentials, and takes seconds to stop.
#pragma once

#include "runtime/model/result.hpp"
#include "runtime/model/time.hpp"
#include "runtime/ports/front_end.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace davit::effects {

struct http_limits {
  std::size_t connections = 256; ///< served at once; an idle one counts
  std::size_t streams = 64;      ///< of these: logs and events that are followed
  std::size_t head_bytes = 32U * 1024;
  std::size_t body_bytes = 8U * 1024 * 1024;
  milliseconds head_patience{5'000};  ///< from the first byte to the end of the head
  milliseconds body_patience{30'000}; ///< the body as a whole
  milliseconds idle_patience{10'000}; ///< between two requests of one connection
};

/// What happened since the start.
struct http_counts {
  std::uint64_t served = 0;  ///< answers of the front end
  std::uint64_t refused = 0; ///< connections and streams beyond the limits
  std::uint64_t faults = 0;  ///< exceptions that a front end or a stream let out
};

/// Sharing: any thread.
class http_server {
public:
  /// Serves from the moment it returns.
  /// Errors: invalid (the URL), conflict (somebody listens there: who), denied, io.
  static result<std::unique_ptr<http_server>>
  start(const std::string& url, std::shared_ptr<ports::front_end> front, http_limits limits = {});

  ~http_server(); ///< stops
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  /// No new connection; idle ones and streams end at once, requests in the front end are
  /// awaited for `patience` and then cut off. True: all of them were finished. A front end
  /// that lets callers wait must end those waits first. A second call does nothing.
  bool stop(milliseconds patience = milliseconds{800});

  http_counts counts() const;
  const std::string& url() const; ///< with the port that was chosen

private:
  struct core;
  explicit http_server(std::shared_ptr<core> shared) : core_{std::move(shared)} {}
  std::shared_ptr<core> core_;
};

} // namespace davit::effects
