// Which request means what: the table of the API's addresses, read from a path without
// touching anything.
//
//   GET    /v1/health | /v1/status | /v1/events          GET  /v1/operations/ID
//   POST   /v1/plan                                      POST /v1/stacks/S   (install)
//   DELETE /v1/stacks/S                                  (uninstall)
//   POST   /v1/stacks/S/{start,stop,restart}
//   POST   /v1/stacks/S/services/X/{start,stop,restart}
//   GET    /v1/stacks/S/services/X/{logs,why}
#pragma once

#include "runtime/model/result.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace davit::api {

enum class endpoint : std::uint8_t {
  health,
  status,
  plan,
  install,
  uninstall,
  start, ///< of a stack, or with `service` set of one service; likewise stop and restart
  stop,
  restart,
  operation,
  events,
  logs,
  why,
};

struct route {
  endpoint to = endpoint::health;
  std::string stack;
  std::string service;   ///< empty: the whole stack
  std::string operation; ///< its id
  friend bool operator==(const route&, const route&) = default;
};

/// Why a path leads nowhere, with the HTTP status that says so: 404 unknown path, 405 known
/// path with another method (`allow` names the right ones), 400 a name no stack or service
/// can have.
struct no_route {
  int status = 404;
  error why;
  std::string allow; ///< for the Allow header: "GET" or "POST, DELETE"
};

/// @param path percent-decoded, without the query.
tl::expected<route, no_route> parse_route(std::string_view method, std::string_view path);

/// Names as Compose has them. Stack: [a-z0-9][a-z0-9_-]*, service: [a-zA-Z0-9][a-zA-Z0-9._-]*,
/// both at most 63 characters.
bool valid_stack_name(std::string_view name);
bool valid_service_name(std::string_view name);

/// The longest that a caller may let a request wait (`wait=MS`); below the 30 s in which
/// every request is answered.
inline constexpr std::uint64_t wait_max_ms = 25'000;

using query_map = std::map<std::string, std::string>;

/// `?key` and `?key=true|1` are true, `?key=false|0` and absence are not. Errors: invalid.
result<bool> query_flag(const query_map& query, const std::string& key);
/// Absent where the key is. Errors: invalid (not a whole number).
result<std::optional<std::uint64_t>> query_number(const query_map& query, const std::string& key);

} // namespace davit::api
