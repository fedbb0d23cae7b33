// How the API writes JSON, in the order of its contract, and reads it leniently: keys that a
// newer daemon added are passed over. Internal to runtime/api; its callers deal in strings.
#pragma once

#include "runtime/model/result.hpp"
#include "runtime/model/time.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace davit::api {

using json = nlohmann::ordered_json;
using document = nlohmann::json;

/// A JSON object from text. Errors: invalid (not JSON, nested too deeply, no object), with
/// `what` as its place.
result<document> parse_object(std::string_view text, std::string_view what);

/// Bytes that are no UTF-8 (a container's last words) become U+FFFD.
std::string dump(const json& value);

/// Empty becomes null.
json text_or_null(const std::string& text);
/// RFC 3339 in UTC with milliseconds, or null.
json time_or_null(const std::optional<wall_time>& at);

/// Reads one object's members. The first that has the wrong type is remembered in `trouble`,
/// with its path; absent and null members leave the default.
class reader {
public:
  reader(const document& object, std::string path, std::optional<error>& trouble)
    : object_{object}, path_{std::move(path)}, trouble_{trouble} {
    if (!object_.is_object())
      wrong({}, "an object");
  }

  void read(const char* key, std::string& out);
  void read(const char* key, bool& out);
  void read(const char* key, std::uint64_t& out);
  void read(const char* key, std::uint32_t& out);
  void read(const char* key, std::optional<std::int32_t>& out);
  void read(const char* key, milliseconds& out); ///< a whole number
  void read(const char* key, std::optional<wall_time>& out);
  void read(const char* key, std::vector<std::string>& out);

  /// Calls `each` with a reader of every element of a list, or of one member.
  template <class F> void each(const char* key, F&& f) {
    if (const document* list = find(key, &document::is_array, "a list"))
      for (std::size_t i = 0; i < list->size(); ++i)
        f(reader{(*list)[i], path_ + key + "[" + std::to_string(i) + "].", trouble_});
  }
  template <class F> void member(const char* key, F&& f) {
    if (const document* object = find(key, &document::is_object, "an object"))
      f(reader{*object, path_ + key + ".", trouble_});
  }

private:
  using type_test = bool (document::*)() const noexcept;
  const document* find(const char* key, type_test is, const char* expected);
  void wrong(std::string_view key, const char* expected);
  std::optional<std::uint64_t> whole(const char* key, std::uint64_t max);

  const document& object_;
  std::string path_;
  std::optional<error>& trouble_;
};

/// Reads a whole answer: `fill` gets a reader of the root and fills `out`.
template <class T, class F>
result<T> decode_with(std::string_view text, std::string_view what, F&& fill) {
  auto root = parse_object(text, what);
  if (!root)
    return tl::unexpected<error>(std::move(root.error()));
  T out{};
  std::optional<error> trouble;
  fill(reader{*root, std::string{what} + ": ", trouble}, out);
  if (trouble)
    return tl::unexpected<error>(std::move(*trouble));
  return out;
}

} // namespace davit::api
