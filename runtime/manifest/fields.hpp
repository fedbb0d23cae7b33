// Reading one mapping of a manifest: a table of keys, each with the function that reads it,
// and typed readers that report what does not fit and go on.
#pragma once

#include "runtime/manifest/formats.hpp"
#include "runtime/manifest/interpolate.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace davit::manifest {

/// A value with the name and place to blame where it does not fit.
struct value {
  value(const entry& e) : n(e.value), at(e.value.is_null() ? e.at : e.value.at), name(e.key) {}
  value(const node& item, std::string_view list) : n(item), at(item.at), name(list) {}

  const node& n;
  mark at;
  std::string_view name;
};

/// What every reading function shares. The readers answer with nothing after an error.
class context {
public:
  report& out;
  std::string working_dir; ///< absolute: where relative paths of this project begin
  std::string home;        ///< of the user, for `~`
  lookup variable;         ///< the project's environment

  /// A string; numbers and booleans must be quoted.
  std::optional<std::string> text(const value& v) const;
  /// A string, number or boolean in its canonical spelling.
  std::optional<std::string> loose_text(const value& v) const;
  /// true or false; "true" too; yes, no, on, off, y, n with a warning.
  std::optional<bool> boolean(const value& v) const;
  std::optional<std::int64_t> integer(const value& v, std::int64_t least, std::int64_t most) const;
  std::optional<double> number(const value& v, double least, double most) const;
  std::optional<milliseconds> duration(const value& v) const;
  std::optional<std::int64_t> bytes(const value& v) const;
  std::optional<std::uint32_t> mode(const value& v) const;
  /// A path of the host, made absolute.
  std::optional<std::string> path(const value& v) const;

  /// A list of strings. `single`: one string by itself is a list of one. `loose`: numbers too.
  std::optional<std::vector<std::string>> texts(const value& v, bool single = false,
                                                bool loose = false) const;
  /// A string as shell words, or a list of strings; null is nothing, without an error.
  std::optional<std::vector<std::string>> words(const value& v) const;
  /// A mapping, or a list of "key=value"; a value that is absent or null is nothing.
  using pairs = std::vector<std::pair<std::string, std::optional<std::string>>>;
  std::optional<pairs> key_values(const value& v) const;
  /// The same with "" for an absent value.
  std::optional<string_map> map(const value& v) const;

  /// Whether `v` is a mapping (a list); an error if not.
  bool want_mapping(const value& v) const;
  bool want_list(const value& v) const;

  void wrong_type(const value& v, std::string_view wanted) const;
  void failed(const value& v, const error& e) const;
  void unknown_key(const entry& e, std::string_view where,
                   const std::vector<std::string_view>& known) const;
};

/// The name in `known` that differs least from `name`; empty where none is near.
std::string_view nearest(std::string_view name, const std::vector<std::string_view>& known);

template <class T> struct key_of {
  std::string_view name;
  void (*read)(const context&, const entry&, T&);
};

/// Reads each entry of `map` by its row of the table. `where` names the mapping in messages
/// ("a service"). A key that begins with `x-` and has no row is a note for other readers,
/// unless `notes` is off.
template <class T>
void read_mapping(const context& c, const node& map, std::string_view where,
                  std::span<const key_of<T>> table, T& into, bool notes = true) {
  for (const auto& e : map.entries) {
    const key_of<T>* row = nullptr;
    for (const auto& k : table)
      if (k.name == e.key)
        row = &k;
    if (row) {
      row->read(c, e, into);
      continue;
    }
    if (notes && e.key.rfind("x-", 0) == 0)
      continue;
    std::vector<std::string_view> known;
    for (const auto& k : table)
      known.push_back(k.name);
    c.unknown_key(e, where, known);
  }
}

/// `into = *from` where there is something.
template <class From, class To> void put(From&& from, To& into) {
  if (from)
    into = std::move(*from);
}

/// A row whose key is known and means nothing here.
template <class T> void ignored(const context& c, const entry& e, T&) {
  c.out.warning(e.at, "'" + e.key + "' has no effect on a single host under podman", "remove it");
}
/// A row whose key is known, would matter, and cannot be obeyed yet.
template <class T> void not_yet(const context& c, const entry& e, T&) {
  c.out.error(e.at, "'" + e.key + "' is not supported yet",
              "remove it, or write out what it means");
}
/// A row whose key cannot be obeyed at all.
template <class T> void never(const context& c, const entry& e, T&) {
  c.out.error(e.at, "'" + e.key + "' has no meaning for podman on Linux", "remove it");
}

} // namespace davit::manifest
