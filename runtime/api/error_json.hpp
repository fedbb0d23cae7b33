// Failures as the API tells them:
//   {"error":{"code":"not_found","message":"...","remedy":"..."}}
#pragma once

#include "runtime/model/result.hpp"

#include <string>
#include <string_view>

namespace davit::api {

/// The fitting HTTP status, 400 to 507.
int http_status(errc code);

/// `remedy` is null where there is none.
std::string encode(const error& failure);

/// Whether an answer tells a failure; the health of a host that is not well does not, though
/// its status is 503.
bool tells_error(std::string_view body);

/// The failure inside an answer of `status`. An answer that is not ours (a proxy's page) is
/// told as `refused`, with its status.
error decode_error(int status, std::string_view body);

} // namespace davit::api
