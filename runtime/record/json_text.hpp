// JSON text and its bounds, and places in a document. Internal to record and api: only their
// .cpp files include this.
#pragma once

#include "runtime/model/result.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace davit::record {

using json = nlohmann::json;

/// Bounds of any document. A model of the largest manifest (4 MiB) fits, however its text
/// must be escaped; what is beyond them was not written by us.
inline constexpr std::size_t max_document = 32 * 1024 * 1024;
inline constexpr std::size_t max_depth = 32;
inline constexpr std::size_t max_entries = 10'000; ///< of one list or map
inline constexpr std::size_t max_string = 4 * 1024 * 1024;

/// Text to a document. Errors: invalid (no JSON, too large, too deep, a key twice).
result<json> parse(std::string_view text, std::size_t max_bytes = max_document);

/// Pretty, 2 spaces, with a newline at the end.
std::string pretty(const json& document);
/// One line, keys sorted.
std::string compact(const json& document);

/// Where in a document we are; lives on the stack of the reading functions.
struct place {
  const place* parent = nullptr;
  std::string_view key; ///< of an object; otherwise `index` counts
  std::size_t index = 0;
  bool in_list = false;
};

/// "services.db.ports[2].host_port"; a long or unprintable key is shortened.
std::string to_string(const place& where);

/// The first complaint, which is the only one that counts.
class complaints {
public:
  void add(const place& where, const std::string& what);
  const std::optional<std::string>& first() const { return first_; }

private:
  std::optional<std::string> first_;
};

/// The kind of a value, in words: "an object".
std::string kind_of(const json& value);

} // namespace davit::record
