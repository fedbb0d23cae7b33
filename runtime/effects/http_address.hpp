// Where the daemon's API is: a Unix socket, or a port of this host only.
#pragma once

#include "runtime/model/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace davit::effects {

inline constexpr const char* default_api_url = "unix:///run/davit/davit.sock";

struct http_address {
  std::string path; ///< of the Unix socket; empty: a port
  std::string host; ///< 127.0.0.1 or ::1
  std::uint16_t port = 0;

  bool is_unix() const { return !path.empty(); }
  std::string url() const;
  friend bool operator==(const http_address&, const http_address&) = default;
};

/// unix:///absolute/path (at most 107 bytes of path), http://127.0.0.1:PORT or
/// http://[::1]:PORT. The API has no authentication of its own: another host is refused.
/// Errors: invalid.
result<http_address> parse_http_address(std::string_view url);

} // namespace davit::effects
