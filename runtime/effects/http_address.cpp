// Where the daemon's API is.
#include "runtime/effects/http_address.hpp"

#include <charconv>

#include <sys/un.h>

namespace davit::effects {
namespace {

constexpr std::string_view unix_scheme = "unix://";
constexpr std::string_view http_scheme = "http://";

auto bad(std::string_view url, const std::string& why) {
  return fail(errc::invalid, "'" + std::string{url} + "' is no address of the API: " + why,
              "Use unix:///run/davit/davit.sock or http://127.0.0.1:PORT.");
}

} // namespace

std::string http_address::url() const {
  if (is_unix())
    return std::string{unix_scheme} + path;
  const bool six = host.find(':') != std::string::npos;
  return std::string{http_scheme} + (six ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

result<http_address> parse_http_address(std::string_view url) {
  http_address at;
  if (url.starts_with(unix_scheme)) {
    at.path = url.substr(unix_scheme.size());
    if (at.path.size() < 2 || at.path[0] != '/')
      return bad(url, "the path of the socket must be absolute");
    if (at.path.size() >= sizeof(sockaddr_un::sun_path))
      return bad(url, "a socket's path has at most "
                        + std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes");
    return at;
  }
  if (!url.starts_with(http_scheme))
    return bad(url, "it begins neither with unix:// nor with http://");
  auto rest = url.substr(http_scheme.size());
  if (rest.ends_with('/'))
    rest.remove_suffix(1);
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos)
    return bad(url, "it names no port");
  const auto host = rest.substr(0, colon);
  if (host == "127.0.0.1" || host == "localhost")
    at.host = "127.0.0.1";
  else if (host == "[::1]")
    at.host = "::1";
  else
    return bad(url, "it is not of this host, and the API has no authentication of its own");
  const auto digits = rest.substr(colon + 1);
  const char* end = digits.data() + digits.size();
  const auto [read_to, fault] = std::from_chars(digits.data(), end, at.port);
  if (digits.empty() || fault != std::errc{} || read_to != end)
    return bad(url, "its port is not a number from 0 to 65535");
  return at;
}

} // namespace davit::effects
