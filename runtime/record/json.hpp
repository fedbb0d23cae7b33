// One list of fields per type, and JSON both ways from it. Internal to record and api: only
// their .cpp files include this.
//
// A struct gets a `shape`, an enum gets `words`; then write_value and read_value do the rest.
// Writing leaves defaults out. Reading is total and strict: an unknown key, a wrong type, a
// number out of range or an absurd size is a complaint that names its place in the document.
// Complaints never quote a value: it may be a secret.
#pragma once

#include "runtime/model/result.hpp"
#include "runtime/model/time.hpp"
#include "runtime/record/text.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace davit::record {

using json = nlohmann::json;

/// Bounds of any document. A model of the largest manifest (4 MiB) fits, however its text
/// must be escaped; what is beyond them was not written by us.
inline constexpr std::size_t max_document = 32 * 1024 * 1024;
inline constexpr std::size_t max_depth = 32;
inline constexpr std::size_t max_entries = 10'000; ///< of one list or map
inline constexpr std::size_t max_string = 4 * 1024 * 1024;
/// 10 years: longer durations overflow when they are multiplied or added to a clock.
inline constexpr milliseconds max_duration = std::chrono::hours{24 * 3660};

/// Text to a document. Errors: invalid (no JSON, too large, too deep, a key twice).
result<json> parse(std::string_view text, std::size_t max_bytes = max_document);

/// Pretty, 2 spaces, with a newline at the end.
std::string pretty(const json& document);
/// One line, keys sorted.
std::string compact(const json& document);

/// Specialise with `template <class F> static void fields(F& f)` that calls
/// `f("key", &T::member)` for each member, or `f.required(...)` for one that must be there.
template <class T> struct shape;

/// Specialise with `static constexpr std::pair<E, const char*> list[]`.
template <class E> struct words;

template <class T>
concept shaped = requires {
  sizeof(shape<T>);
};

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

namespace detail {

template <class T> struct is_optional : std::false_type {};
template <class T> struct is_optional<std::optional<T>> : std::true_type {};
template <class T> struct is_vector : std::false_type {};
template <class T> struct is_vector<std::vector<T>> : std::true_type {};
template <class T> struct is_map : std::false_type {};
template <class T> struct is_map<std::map<std::string, T>> : std::true_type {};

std::string found(const json& value);
bool read_string(complaints& c, const place& at, const json& value, std::string& out);

} // namespace detail

template <class T> json write_value(const T& value);
template <class T> void read_value(complaints& c, const place& at, const json& from, T& out);

namespace detail {

template <class T> struct field_writer {
  const T& value;
  const T& defaults;
  json& out;
  template <class M> void operator()(const char* key, M T::*member) {
    if (!(value.*member == defaults.*member))
      out[key] = write_value(value.*member);
  }
  template <class M> void required(const char* key, M T::*member) {
    out[key] = write_value(value.*member);
  }
};

template <class T> struct field_reader {
  complaints& c;
  const place& at;
  const json& from;
  T& out;
  std::size_t taken = 0;
  template <class M> bool operator()(const char* key, M T::*member) {
    auto found = from.find(key);
    if (found == from.end())
      return false;
    ++taken;
    read_value(c, place{&at, key}, *found, out.*member);
    return true;
  }
  template <class M> void required(const char* key, M T::*member) {
    if (!(*this)(key, member))
      c.add(place{&at, key}, "is missing");
  }
};

template <class T> struct key_matcher {
  const std::string& key;
  bool known = false;
  template <class M> void operator()(const char* k, M T::*) { known = known || key == k; }
  template <class M> void required(const char* k, M T::*) { known = known || key == k; }
};

template <class T> json write_struct(const T& value) {
  static const T defaults{};
  json out = json::object();
  field_writer<T> writer{value, defaults, out};
  shape<T>::fields(writer);
  return out;
}

template <class T> void read_struct(complaints& c, const place& at, const json& from, T& out) {
  if (!from.is_object())
    return c.add(at, "expected an object, found " + found(from));
  field_reader<T> reader{c, at, from, out};
  shape<T>::fields(reader);
  if (reader.taken == from.size())
    return;
  for (const auto& [key, value] : from.items()) {
    key_matcher<T> matcher{key};
    shape<T>::fields(matcher);
    if (!matcher.known)
      return c.add(place{&at, key}, "is not a known key");
  }
}

template <class T> void read_integer(complaints& c, const place& at, const json& from, T& out) {
  using bounds = std::numeric_limits<T>;
  bool fits = false;
  if (from.is_number_unsigned())
    fits = std::in_range<T>(from.get<std::uint64_t>());
  else if (from.is_number_integer())
    fits = std::in_range<T>(from.get<std::int64_t>());
  if (!fits)
    return c.add(at, "expected a whole number from " + std::to_string(bounds::min()) + " to "
                       + std::to_string(bounds::max()) + ", found " + found(from));
  out = from.get<T>();
}

template <class E> void read_word(complaints& c, const place& at, const json& from, E& out) {
  std::string expected;
  for (const auto& [value, word] : words<E>::list) {
    if (from.is_string() && from.get_ref<const std::string&>() == word) {
      out = value;
      return;
    }
    expected += (expected.empty() ? "" : ", ") + std::string{word};
  }
  c.add(at, "expected one of " + expected);
}

template <class T> void read_list(complaints& c, const place& at, const json& from, T& out) {
  if (!from.is_array())
    return c.add(at, "expected a list, found " + found(from));
  if (from.size() > max_entries)
    return c.add(at, "has more than " + std::to_string(max_entries) + " entries");
  out.clear();
  out.reserve(from.size());
  for (const auto& item : from) {
    const auto index = out.size();
    read_value(c, place{&at, {}, index, true}, item, out.emplace_back());
  }
}

template <class T> void read_map(complaints& c, const place& at, const json& from, T& out) {
  if (!from.is_object())
    return c.add(at, "expected an object, found " + found(from));
  if (from.size() > max_entries)
    return c.add(at, "has more than " + std::to_string(max_entries) + " entries");
  out.clear();
  for (const auto& [key, item] : from.items())
    read_value(c, place{&at, key}, item, out[key]);
}

} // namespace detail

template <class T> json write_value(const T& value) {
  if constexpr (std::is_enum_v<T>) {
    for (const auto& [known, word] : words<T>::list)
      if (known == value)
        return word;
    return nullptr; // no such enumerator: reading will complain
  } else if constexpr (std::is_same_v<T, std::string>) {
    // JSON is UTF-8; other bytes (an env file may hold any) are kept as hex.
    return is_utf8(value) ? json(value) : json{{"hex", to_hex(value)}};
  } else if constexpr (std::is_same_v<T, milliseconds>) {
    return duration_text(value);
  } else if constexpr (std::is_same_v<T, wall_time>) {
    return wall_text(value);
  } else if constexpr (std::is_same_v<T, ledger_time> || std::is_same_v<T, boot_time>) {
    return static_cast<std::int64_t>(value.time_since_epoch().count());
  } else if constexpr (detail::is_optional<T>::value) {
    return value ? write_value(*value) : json(nullptr);
  } else if constexpr (detail::is_vector<T>::value) {
    json out = json::array();
    for (const auto& item : value)
      out.push_back(write_value(item));
    return out;
  } else if constexpr (detail::is_map<T>::value) {
    json out = json::object();
    for (const auto& [key, item] : value)
      out[key] = write_value(item);
    return out;
  } else if constexpr (shaped<T>) {
    return detail::write_struct(value);
  } else {
    static_assert(std::is_arithmetic_v<T>, "include the header with the shape of this type");
    return value;
  }
}

template <class T> void read_value(complaints& c, const place& at, const json& from, T& out) {
  if (c.first())
    return;
  if constexpr (std::is_enum_v<T>) {
    detail::read_word(c, at, from, out);
  } else if constexpr (std::is_same_v<T, std::string>) {
    detail::read_string(c, at, from, out);
  } else if constexpr (std::is_same_v<T, bool>) {
    if (from.is_boolean())
      out = from.get<bool>();
    else
      c.add(at, "expected true or false, found " + detail::found(from));
  } else if constexpr (std::is_same_v<T, milliseconds>) {
    auto parsed = from.is_string() ? parse_duration(from.get_ref<const std::string&>())
                                   : std::optional<milliseconds>{};
    if (parsed && *parsed <= max_duration)
      out = *parsed;
    else
      c.add(at, "expected a duration such as \"30s\" or \"250ms\", at most ten years");
  } else if constexpr (std::is_same_v<T, wall_time>) {
    auto parsed = from.is_string() ? parse_wall(from.get_ref<const std::string&>())
                                   : std::optional<wall_time>{};
    if (parsed)
      out = *parsed;
    else
      c.add(at, "expected a time such as \"2026-01-31T12:00:00.000Z\"");
  } else if constexpr (std::is_same_v<T, ledger_time> || std::is_same_v<T, boot_time>) {
    std::int64_t count = 0;
    detail::read_integer(c, at, from, count);
    out = T{typename T::duration{count}};
  } else if constexpr (detail::is_optional<T>::value) {
    read_value(c, at, from, out.emplace());
  } else if constexpr (detail::is_vector<T>::value) {
    detail::read_list(c, at, from, out);
  } else if constexpr (detail::is_map<T>::value) {
    detail::read_map(c, at, from, out);
  } else if constexpr (shaped<T>) {
    detail::read_struct(c, at, from, out);
  } else if constexpr (std::is_floating_point_v<T>) {
    if (from.is_number() && std::isfinite(from.get<T>()))
      out = from.get<T>();
    else
      c.add(at, "expected a number, found " + detail::found(from));
  } else {
    detail::read_integer(c, at, from, out);
  }
}

/// A whole document of one type. `code`: what a complaint is (invalid, corrupt).
/// `name`: what the document is, for the message.
template <class T>
result<T> read_document(const json& document, errc code, const std::string& name) {
  complaints c;
  T out{};
  read_value(c, place{}, document, out);
  if (c.first())
    return fail(code, name + ": " + *c.first());
  return out;
}

} // namespace davit::record
