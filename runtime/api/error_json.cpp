// Failures as the API tells them.
#include "runtime/api/error_json.hpp"

#include "runtime/api/json.hpp"

#include <array>

namespace davit::api {
namespace {

constexpr std::array codes{
  errc::invalid, errc::not_found, errc::conflict, errc::busy,    errc::unreachable, errc::timeout,
  errc::refused, errc::denied,    errc::no_space, errc::corrupt, errc::newer,       errc::io,
};

errc code_of(const std::string& word) {
  for (const errc code : codes)
    if (word == to_string(code))
      return code;
  return errc::refused;
}

} // namespace

int http_status(errc code) {
  switch (code) {
    case errc::invalid: return 400;
    case errc::denied: return 403;
    case errc::not_found: return 404;
    case errc::conflict: return 409;
    case errc::unreachable:
    case errc::refused: return 502;
    case errc::busy: return 503;
    case errc::timeout: return 504;
    case errc::no_space: return 507;
    case errc::corrupt:
    case errc::newer:
    case errc::io: return 500;
  }
  return 500;
}

std::string encode(const error& failure) {
  json body;
  body["error"]["code"] = to_string(failure.code);
  body["error"]["message"] = failure.message;
  body["error"]["remedy"] = text_or_null(failure.remedy);
  return dump(body);
}

bool tells_error(std::string_view body) {
  const auto root = parse_object(body, "the answer");
  return !root || root->contains("error");
}

error decode_error(int status, std::string_view body) {
  struct {
    std::string code;
    error told;
  } parts;
  const auto root = parse_object(body, "the answer");
  std::optional<error> trouble;
  if (root)
    reader{*root, {}, trouble}.member("error", [&](reader in) {
      in.read("code", parts.code);
      in.read("message", parts.told.message);
      in.read("remedy", parts.told.remedy);
    });
  if (trouble || parts.told.message.empty())
    return {errc::refused,
            "the daemon answered with HTTP status " + std::to_string(status)
              + " and without an explanation",
            "Check that --host leads to davitd."};
  parts.told.code = code_of(parts.code);
  return parts.told;
}

} // namespace davit::api
