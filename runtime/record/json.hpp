// One list of fields per type, and JSON both ways from it. Internal to record and api.
//
// A struct gets a `shape`, an enum gets `words`; then write_value and read_value do the rest.
// Writing leaves defaults out. Reading is total and strict: an unknown key, a wrong type, a
// number out of range or an absurd size is a complaint that names its place in the document.
// Complaints never quote a value: it may be a secret.
#pragma once

#include "runtime/record/json_scalars.hpp"

#include <deque>
#include <map>
#include <type_traits>
#include <vector>

namespace davit::record {

/// Specialise with `template <class F> static void fields(F& f)` that calls
/// `f("key", &T::member)` for each member, or `f.required(...)` for one that must be there.
template <class T> struct shape;

/// Specialise with `static constexpr std::pair<E, const char*> list[]`.
template <class E> struct words;

template <class T> json write_value(const T& value);
template <class T> void read_value(complaints& c, const place& at, const json& from, T& out);

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

namespace detail {

template <class T>
concept shaped = requires {
  sizeof(shape<T>);
};
template <class T>
concept scalar = requires(complaints& c, T& out) {
  read_scalar(c, place{}, json{}, out);
};
template <class T> inline constexpr bool is_optional = false;
template <class T> inline constexpr bool is_optional<std::optional<T>> = true;
template <class T> inline constexpr bool is_list = false;
template <class T> inline constexpr bool is_list<std::vector<T>> = true;
template <class T> inline constexpr bool is_list<std::deque<T>> = true;
template <class T> inline constexpr bool is_map = false;
template <class T> inline constexpr bool is_map<std::map<std::string, T>> = true;

template <class T> struct field_writer {
  const T& value;
  const T& defaults;
  json& out;
  template <class M> void operator()(const char* key, M T::*member) {
    if (!(value.*member == defaults.*member))
      required(key, member);
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
    const auto entry = from.find(key);
    if (entry == from.end())
      return false;
    ++taken;
    read_value(c, place{&at, key}, *entry, out.*member);
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
    return c.add(at, "expected an object, found " + kind_of(from));
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

template <class T> void read_entries(complaints& c, const place& at, const json& from, T& out) {
  if (is_map<T> ? !from.is_object() : !from.is_array())
    return c.add(at, std::string{"expected "} + (is_map<T> ? "an object" : "a list") + ", found "
                       + kind_of(from));
  if (from.size() > max_entries)
    return c.add(at, "has more than " + std::to_string(max_entries) + " entries");
  out.clear();
  if constexpr (is_map<T>) {
    for (const auto& [key, item] : from.items())
      read_value(c, place{&at, key}, item, out[key]);
  } else {
    for (const auto& item : from) {
      const auto index = out.size();
      read_value(c, place{&at, {}, index, true}, item, out.emplace_back());
    }
  }
}

} // namespace detail

template <class T> json write_value(const T& value) {
  if constexpr (detail::scalar<T>) {
    return write_scalar(value);
  } else if constexpr (std::is_enum_v<T>) {
    for (const auto& [known, word] : words<T>::list)
      if (known == value)
        return word;
    return nullptr; // no such enumerator: reading will complain
  } else if constexpr (detail::is_optional<T>) {
    return value ? write_value(*value) : json(nullptr);
  } else if constexpr (detail::is_list<T>) {
    json out = json::array();
    for (const auto& item : value)
      out.push_back(write_value(item));
    return out;
  } else if constexpr (detail::is_map<T>) {
    json out = json::object();
    for (const auto& [key, item] : value)
      out[key] = write_value(item);
    return out;
  } else if constexpr (std::is_integral_v<T>) {
    return value;
  } else {
    static_assert(detail::shaped<T>, "include the header with the shape of this type");
    return detail::write_struct(value);
  }
}

template <class T> void read_value(complaints& c, const place& at, const json& from, T& out) {
  if (c.first())
    return;
  if constexpr (detail::scalar<T>)
    read_scalar(c, at, from, out);
  else if constexpr (std::is_enum_v<T>)
    detail::read_word(c, at, from, out);
  else if constexpr (detail::is_optional<T>)
    read_value(c, at, from, out.emplace());
  else if constexpr (detail::is_list<T> || detail::is_map<T>)
    detail::read_entries(c, at, from, out);
  else if constexpr (std::is_integral_v<T>)
    read_integer(c, at, from, out);
  else
    detail::read_struct(c, at, from, out);
}

} // namespace davit::record
