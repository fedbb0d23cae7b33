// One HTTP call to podman's Unix socket, with a deadline, over a connection of its own: a
// connection that is kept could die between two calls, and then nobody knows whether the
// second one was heard. Connecting costs 20 microseconds.
#pragma once

#include "runtime/model/result.hpp"
#include "runtime/model/time.hpp"

#include <functional>
#include <memory>
#include <string>

namespace httplib {
class Client;
}

namespace davit::effects::podman {

/// What every path begins with; podman 4 and 5 both speak this version.
inline constexpr const char* api = "/v4.0.0/libpod";

/// "unix:///run/podman/podman.sock" to the path. Errors: invalid (another scheme, no path).
result<std::string> socket_path(const std::string& url);

/// What came of a call.
struct answer {
  enum class fate {
    answered,    ///< status and body are podman's
    unreachable, ///< nobody took the call: nothing was done
    lost,        ///< it was sent, and no whole answer came: the outcome is unknown
  };
  fate what = fate::unreachable;
  int status = 0;
  std::string body;
  bool ok() const { return what == fate::answered && status >= 200 && status < 300; }
  bool is(int code) const { return what == fate::answered && status == code; }
};

/// Takes a piece of a body as it comes; false ends the call.
using receiver = std::function<bool(const char* data, std::size_t size)>;

/// Sharing: any thread; nothing is shared between calls. The process must ignore SIGPIPE.
class http {
public:
  explicit http(std::string socket) : socket_{std::move(socket)} {}

  /// `path` begins with '/' and is encoded already. A `body` is sent as JSON.
  answer call(const char* method, const std::string& path, const std::string& body,
              milliseconds deadline) const;

  /// Hands the body of a 2xx to `into`; another status' body comes back whole. `silence` is
  /// the longest wait for the next piece, `deadline` for the whole.
  answer stream(const char* method, const std::string& path, milliseconds silence,
                milliseconds deadline, const receiver& into) const;

  /// The same on a client of the caller's, who may end it from another thread by stop().
  static answer stream_on(httplib::Client& client, const char* method, const std::string& path,
                          milliseconds deadline, const receiver& into);

  std::unique_ptr<httplib::Client> client(milliseconds silence) const;
  const std::string& socket() const { return socket_; }

private:
  std::string socket_;
};

} // namespace davit::effects::podman
