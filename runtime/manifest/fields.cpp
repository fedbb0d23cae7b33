#include "runtime/manifest/fields.hpp"

#include "runtime/policy/consistency_parts.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace davit::manifest {

using policy::quoted;

namespace {

std::string number_words(double value) {
  const auto text = std::to_string(value);
  return text.substr(0, value == std::floor(value) ? text.find('.') : text.find('.') + 3);
}

// Letters to add, drop, change or swap with their neighbour.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before = std::exchange(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j]
        = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

} // namespace

std::string_view nearest(std::string_view name, const std::vector<std::string_view>& known) {
  if (name.size() > 40)
    return {};
  const std::size_t limit = std::max<std::size_t>(1, name.size() / 3);
  std::string_view best;
  std::size_t least = limit + 1;
  for (const auto k : known) {
    const auto d = distance(name, k);
    if (d < least) {
      least = d;
      best = k;
    }
  }
  return best;
}

void context::wrong_type(const value& v, std::string_view wanted) const {
  out.error(v.at,
            "'" + std::string(v.name) + "' must be " + std::string(wanted) + ", and this is "
              + describe(v.n),
            v.n.is_scalar() && type_of(v.n) != scalar_type::string && wanted == "a string"
              ? "put it in quotes"
              : "correct it");
}

void context::failed(const value& v, const error& e) const {
  out.error(v.at, "'" + std::string(v.name) + "': " + e.message, e.remedy);
}

void context::unknown_key(const entry& e, std::string_view where,
                          const std::vector<std::string_view>& known) const {
  const auto near = nearest(e.key, known);
  out.error(e.at, "unknown key " + quoted(e.key) + " in " + std::string(where),
            near.empty() ? "remove it, or begin it with 'x-' if it is a note of yours"
                         : "did you mean '" + std::string(near) + "'?");
}

bool context::want_mapping(const value& v) const {
  if (!v.n.is_mapping())
    wrong_type(v, "a mapping");
  return v.n.is_mapping();
}

bool context::want_list(const value& v) const {
  if (!v.n.is_sequence())
    wrong_type(v, "a list");
  return v.n.is_sequence();
}

std::optional<std::string> context::text(const value& v) const {
  if (v.n.is_scalar() && type_of(v.n) == scalar_type::string)
    return v.n.text;
  wrong_type(v, "a string");
  return std::nullopt;
}

std::optional<std::string> context::loose_text(const value& v) const {
  if (!v.n.is_scalar() || type_of(v.n) == scalar_type::null) {
    wrong_type(v, "a string or a number");
    return std::nullopt;
  }
  return canonical(v.n);
}

std::optional<bool> context::boolean(const value& v) const {
  if (const auto plain = as_boolean(v.n))
    return plain;
  if (v.n.is_scalar()) {
    auto word = v.n.text;
    std::transform(word.begin(), word.end(), word.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    const bool yes = word == "yes" || word == "on" || word == "y";
    if (yes || word == "no" || word == "off" || word == "n") {
      out.warning(v.at,
                  "'" + v.n.text + "' is not a boolean in YAML 1.2; it counts as "
                    + (yes ? "true" : "false"),
                  std::string("write ") + (yes ? "true" : "false"));
      return yes;
    }
  }
  wrong_type(v, "true or false");
  return std::nullopt;
}

std::optional<std::int64_t> context::integer(const value& v, std::int64_t least,
                                             std::int64_t most) const {
  const auto n = as_integer(v.n);
  if (!n) {
    wrong_type(v, "a whole number");
    return std::nullopt;
  }
  if (*n < least || *n > most) {
    out.error(v.at, "'" + std::string(v.name) + "' is out of range",
              "give a number from " + std::to_string(least) + " to " + std::to_string(most));
    return std::nullopt;
  }
  return n;
}

std::optional<double> context::number(const value& v, double least, double most) const {
  const auto n = as_number(v.n);
  if (!n) {
    wrong_type(v, "a number");
    return std::nullopt;
  }
  if (!(*n >= least && *n <= most)) {
    out.error(v.at, "'" + std::string(v.name) + "' is out of range",
              "give a number from " + number_words(least) + " to " + number_words(most));
    return std::nullopt;
  }
  return n;
}

std::optional<milliseconds> context::duration(const value& v) const {
  const bool zero = v.n.is_scalar() && v.n.text == "0";
  if (!v.n.is_scalar() || (!zero && type_of(v.n) != scalar_type::string)) {
    wrong_type(v, "a duration such as 30s");
    return std::nullopt;
  }
  const auto parsed = parse_duration(v.n.text);
  if (!parsed) {
    failed(v, parsed.error());
    return std::nullopt;
  }
  return *parsed;
}

std::optional<std::int64_t> context::bytes(const value& v) const {
  const auto type = type_of(v.n);
  if (!v.n.is_scalar() || type == scalar_type::boolean || type == scalar_type::null) {
    wrong_type(v, "a size such as 512m");
    return std::nullopt;
  }
  const auto parsed = parse_bytes(canonical(v.n));
  if (!parsed) {
    failed(v, parsed.error());
    return std::nullopt;
  }
  return *parsed;
}

std::optional<std::uint32_t> context::mode(const value& v) const {
  if (!v.n.is_scalar() || type_of(v.n) == scalar_type::boolean) {
    wrong_type(v, "a file mode such as \"0440\"");
    return std::nullopt;
  }
  // YAML 1.1's octal `0440` and 1.2's `0o440` both mean what they show; a plain `288` is
  // decimal, and Compose takes it so.
  const auto& text = v.n.text;
  if (!v.n.quoted && !text.empty() && text[0] != '0') {
    if (const auto n = as_integer(v.n); n && *n >= 0 && *n <= 07777) {
      out.warning(v.at, "the mode " + text + " is decimal here",
                  "write it as \"0" + text + "\" if it was meant to be octal");
      return static_cast<std::uint32_t>(*n);
    }
  }
  const auto parsed = parse_mode(text);
  if (!parsed) {
    failed(v, parsed.error());
    return std::nullopt;
  }
  return *parsed;
}

std::optional<std::string> context::path(const value& v) const {
  auto given = text(v);
  if (!given)
    return std::nullopt;
  if (given->empty()) {
    out.error(v.at, "'" + std::string(v.name) + "' is empty", "name a path");
    return std::nullopt;
  }
  return resolve_path(working_dir, std::move(*given), home);
}

std::optional<std::vector<std::string>> context::texts(const value& v, bool single,
                                                       bool loose) const {
  std::vector<std::string> all;
  const auto one = [&](const value& item) {
    if (auto t = loose ? loose_text(item) : text(item))
      all.push_back(std::move(*t));
  };
  if (single && v.n.is_scalar())
    one(v);
  else if (want_list(v))
    for (const auto& item : v.n.items)
      one({item, v.name});
  else
    return std::nullopt;
  return all;
}

std::optional<std::vector<std::string>> context::words(const value& v) const {
  if (v.n.is_null())
    return std::nullopt;
  if (!v.n.is_scalar())
    return texts(v);
  const auto line = text(v);
  if (!line)
    return std::nullopt;
  auto parsed = shell_words(*line);
  if (!parsed) {
    failed(v, parsed.error());
    return std::nullopt;
  }
  return std::move(*parsed);
}

std::optional<context::pairs> context::key_values(const value& v) const {
  pairs all;
  if (v.n.is_mapping()) {
    for (const auto& e : v.n.entries) {
      if (e.value.is_sequence() || e.value.is_mapping()) {
        out.error(e.value.at,
                  "'" + std::string(v.name) + "." + e.key
                    + "' must be a string or a number, and this is " + describe(e.value),
                  "correct it");
        continue;
      }
      if (type_of(e.value) == scalar_type::null)
        all.emplace_back(e.key, std::nullopt);
      else
        all.emplace_back(e.key, canonical(e.value));
    }
    return all;
  }
  if (!v.n.is_sequence()) {
    wrong_type(v, "a mapping, or a list of KEY=VALUE");
    return std::nullopt;
  }
  for (const auto& item : v.n.items) {
    const auto line = loose_text({item, v.name});
    if (!line)
      continue;
    const auto equals = line->find('=');
    if (equals == std::string::npos)
      all.emplace_back(*line, std::nullopt);
    else
      all.emplace_back(line->substr(0, equals), line->substr(equals + 1));
  }
  return all;
}

std::optional<string_map> context::map(const value& v) const {
  const auto all = key_values(v);
  if (!all)
    return std::nullopt;
  string_map out;
  for (const auto& [key, text] : *all)
    out[key] = text.value_or("");
  return out;
}

} // namespace davit::manifest
