// The whole stack model as readable JSON, and back.
//
// Round trip is identity for every model that a manifest can give: times are not negative,
// numbers are finite, a service's name is its key. Defaults are left out of the text.
#pragma once

#include "runtime/model/result.hpp"
#include "runtime/model/stack.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

namespace davit::record {

/// Pretty, 2 spaces. Holds the environment, thus perhaps secrets: not for a log.
std::string encode(const stack& model);

/// Total and strict. Errors: invalid, naming the place in the document ("services.db.ports[0]
/// .host_port: expected ..."), never a value of it.
result<stack> decode_stack(std::string_view text);

/// For the api folder, which puts models into larger documents.
nlohmann::json to_json(const stack& model);
nlohmann::json to_json(const service& model);
result<stack> stack_from(const nlohmann::json& document);
result<service> service_from(const nlohmann::json& document);

} // namespace davit::record
