// A YAML document as the loader sees it: a small tree in which every value knows its place.
// Aliases are expanded, merge keys applied, duplicate keys refused: see yaml.hpp.
#pragma once

#include "runtime/manifest/finding.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace davit::manifest {

struct entry;

struct node {
  enum class kind : std::uint8_t { null, scalar, sequence, mapping };
  /// How a later file's value meets an earlier one's (`!reset`, `!override`).
  enum class merging : std::uint8_t { normal, reset, override_ };

  kind what = kind::null;
  merging how = merging::normal;
  bool quoted = false;        ///< a string whatever it looks like: quotes, block, `!!str`
  std::string text;           ///< scalar only
  std::vector<node> items;    ///< sequence only
  std::vector<entry> entries; ///< mapping only, in the order of the file, keys unique
  mark at;

  bool is_null() const { return what == kind::null; }
  bool is_scalar() const { return what == kind::scalar; }
  bool is_sequence() const { return what == kind::sequence; }
  bool is_mapping() const { return what == kind::mapping; }

  /// The value at `key` of a mapping; nullptr where there is none.
  const node* find(std::string_view key) const;
  node* find(std::string_view key);
  /// Removes `key` of a mapping, where it is there.
  void erase(std::string_view key);
};

struct entry {
  std::string key;
  mark at; ///< of the key
  node value;
};

/// What a plain scalar means in YAML 1.2's core schema, with the octal, binary and
/// underscored numbers that Compose's own parser also knows. `yes` and `on` are strings.
enum class scalar_type : std::uint8_t { null, boolean, integer, real, string };

scalar_type type_of(const node& n);

/// A number's or a boolean's canonical spelling, in which Compose hands it to a container:
/// `0x10` is 16, `1.50` is 1.5, `True` is true. A string stays as it is.
std::string canonical(const node& n);

std::optional<std::int64_t> as_integer(const node& n);
std::optional<double> as_number(const node& n);
std::optional<bool> as_boolean(const node& n);

/// "a mapping", "a list", "a number", ... for messages; never the content, it may be secret.
std::string describe(const node& n);

/// The place of a dotted path ("services.web.ports"), or of its deepest part that exists.
/// Keys may contain dots.
mark locate(const node& root, std::string_view path);

} // namespace davit::manifest
