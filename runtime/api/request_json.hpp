// What the command line sends: a model, its source text, and the secrets it read where the
// user stands.
//   {"model":{...},"source":"yaml text","secrets":{"name":"content"},"wait":true,"author":"ann"}
// A plan's request is the same, of which only `model` and `secrets` count.
#pragma once

#include "runtime/model/result.hpp"
#include "runtime/model/stack.hpp"

#include <string>
#include <string_view>

namespace davit::api {

struct install_request {
  stack model;
  std::string source; ///< the manifest as it was written; kept beside the revision
  string_map secrets; ///< content by key in model.secrets; never to be logged
  bool wait = true;   ///< follow the whole trial; false: until the first starts
  std::string author; ///< who asks, for the audit; empty: the daemon takes the peer's name
  friend bool operator==(const install_request&, const install_request&) = default;
};

/// Larger bodies are refused before they are read.
inline constexpr std::size_t body_bytes_max = 8U * 1024 * 1024;

/// Bytes that are no UTF-8 (a secret may hold any) travel as {"hex":"..."}.
std::string encode(const install_request& request);

/// Strict: an unknown key is refused. Errors: invalid, naming the place and never a value.
result<install_request> decode_install(std::string_view text);

} // namespace davit::api
