// One connection's requests, one after the other, between cpp-httplib and the front end.
// Internal to the HTTP server.
#pragma once

#include "runtime/effects/http_server.hpp"
#include "runtime/effects/http_socket.hpp"

#include <atomic>
#include <exception>
#include <memory>
#include <string>

namespace davit::effects {

/// What all connections of a server share.
struct http_shared {
  std::shared_ptr<ports::front_end> front;
  http_limits limits;
  std::string url;
  std::atomic<bool> stopping{false};
  std::atomic<std::size_t> streams{0};
  std::atomic<std::uint64_t> served{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> faults{0};
};

/// A whole HTTP answer for a connection that will not be served.
std::string busy_answer();

/// Derives from httplib::Server only for its protocol, which is protected there; nothing of
/// it listens or runs threads.
class http_exchange final : private httplib::Server {
public:
  http_exchange(http_shared& shared, http_stream& stream);

  /// Reads and answers one request. False: the connection is to be closed.
  bool serve_one();

private:
  void answer(const httplib::Request& request, std::string body, httplib::Response& to);
  void answer_stream(const std::string& type, std::shared_ptr<ports::byte_stream> source,
                     httplib::Response& to);
  void read_and_answer(const httplib::Request& request, httplib::Response& to,
                       const httplib::ContentReader& read);
  void too_large(httplib::Response& to);
  /// The log has the exception's text, the client has not.
  void count_fault(const std::string& where, const std::exception_ptr& what);

  http_shared& shared_;
  http_stream& stream_;
  bool close_ = false; // after this answer: the request was not read to its end
};

} // namespace davit::effects
