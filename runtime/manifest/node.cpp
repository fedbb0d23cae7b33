#include "runtime/manifest/node.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <limits>

namespace davit::manifest {

namespace {

bool digits(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

std::string without_underscores(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != '_')
      out += c;
  return out;
}

// Go's ParseInt with base 0, which is what Compose files are written against.
std::optional<std::int64_t> parse_integer(std::string_view raw) {
  if (raw.empty() || raw.front() == '_')
    return std::nullopt;
  const auto clean = without_underscores(raw);
  std::string_view text = clean;
  bool negative = false;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  int base = 10;
  if (text.size() > 2 && text[0] == '0') {
    const char mark = text[1] | 0x20;
    if (mark == 'x' || mark == 'o' || mark == 'b') {
      base = mark == 'x' ? 16 : mark == 'o' ? 8 : 2;
      text.remove_prefix(2);
    }
  }
  if (base == 10 && text.size() > 1 && text[0] == '0')
    base = 8;
  if (text.empty() || text.front() == '-' || text.front() == '+')
    return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (failed != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (value > most + (negative ? 1 : 0))
    return std::nullopt;
  return negative ? static_cast<std::int64_t>(0 - value) : static_cast<std::int64_t>(value);
}

// [-+]? (digits [. digits?] | . digits) ([eE][-+]?digits)?
bool looks_real(std::string_view text) {
  constexpr std::string_view ten = "0123456789";
  if (!text.empty() && (text.front() == '+' || text.front() == '-'))
    text.remove_prefix(1);
  if (const auto e = text.find_first_of("eE"); e != std::string_view::npos) {
    auto exponent = text.substr(e + 1);
    if (!exponent.empty() && (exponent.front() == '+' || exponent.front() == '-'))
      exponent.remove_prefix(1);
    if (!digits(exponent, ten))
      return false;
    text = text.substr(0, e);
  }
  const auto dot = text.find('.');
  if (dot == std::string_view::npos)
    return digits(text, ten);
  const auto whole = text.substr(0, dot);
  const auto part = text.substr(dot + 1);
  if (whole.empty())
    return digits(part, ten);
  return digits(whole, ten) && (part.empty() || digits(part, ten));
}

std::optional<double> parse_real(std::string_view raw) {
  for (const auto* word : {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"})
    if (raw == word)
      return std::numeric_limits<double>::infinity();
  for (const auto* word : {"-.inf", "-.Inf", "-.INF"})
    if (raw == word)
      return -std::numeric_limits<double>::infinity();
  for (const auto* word : {".nan", ".NaN", ".NAN"})
    if (raw == word)
      return std::numeric_limits<double>::quiet_NaN();
  auto clean = without_underscores(raw);
  if (!looks_real(clean))
    return std::nullopt;
  std::string_view text = clean;
  if (text.front() == '+')
    text.remove_prefix(1);
  double value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

std::optional<bool> parse_boolean(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE")
    return true;
  if (text == "false" || text == "False" || text == "FALSE")
    return false;
  return std::nullopt;
}

bool is_null_word(std::string_view text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

// The shortest digits that read back as the same number, with Go's choice of when to use an
// exponent.
std::string spell(double value) {
  if (std::isnan(value))
    return "NaN";
  if (std::isinf(value))
    return value > 0 ? "+Inf" : "-Inf";
  char buffer[400];
  const auto size = std::fabs(value);
  const auto format = size != 0 && (size < 1e-4 || size >= 1e21) ? std::chars_format::scientific
                                                                 : std::chars_format::fixed;
  const auto [end, failed] = std::to_chars(buffer, buffer + sizeof buffer, value, format);
  return failed == std::errc{} ? std::string(buffer, end) : std::string("NaN");
}

} // namespace

const node* node::find(std::string_view key) const {
  for (const auto& e : entries)
    if (e.key == key)
      return &e.value;
  return nullptr;
}

node* node::find(std::string_view key) {
  return const_cast<node*>(static_cast<const node*>(this)->find(key));
}

void node::erase(std::string_view key) {
  std::erase_if(entries, [&](const entry& e) { return e.key == key; });
}

scalar_type type_of(const node& n) {
  if (n.is_null())
    return scalar_type::null;
  if (!n.is_scalar() || n.quoted)
    return scalar_type::string;
  if (is_null_word(n.text))
    return scalar_type::null;
  if (parse_boolean(n.text))
    return scalar_type::boolean;
  if (parse_integer(n.text))
    return scalar_type::integer;
  if (parse_real(n.text))
    return scalar_type::real;
  return scalar_type::string;
}

std::string canonical(const node& n) {
  switch (type_of(n)) {
    case scalar_type::null: return {};
    case scalar_type::boolean: return *parse_boolean(n.text) ? "true" : "false";
    case scalar_type::integer: return std::to_string(*parse_integer(n.text));
    case scalar_type::real: return spell(*parse_real(n.text));
    case scalar_type::string: return n.text;
  }
  return n.text;
}

std::optional<std::int64_t> as_integer(const node& n) {
  return n.is_scalar() ? parse_integer(n.text) : std::nullopt;
}

std::optional<double> as_number(const node& n) {
  if (!n.is_scalar())
    return std::nullopt;
  if (const auto whole = parse_integer(n.text))
    return static_cast<double>(*whole);
  return parse_real(n.text);
}

std::optional<bool> as_boolean(const node& n) {
  return n.is_scalar() ? parse_boolean(n.text) : std::nullopt;
}

std::string describe(const node& n) {
  switch (n.what) {
    case node::kind::null: return "nothing";
    case node::kind::sequence: return "a list";
    case node::kind::mapping: return "a mapping";
    case node::kind::scalar: break;
  }
  switch (type_of(n)) {
    case scalar_type::null: return "nothing";
    case scalar_type::boolean: return "a boolean";
    case scalar_type::integer: return "a number";
    case scalar_type::real: return "a number";
    case scalar_type::string: return "a string";
  }
  return "a string";
}

mark locate(const node& root, std::string_view path) {
  const node* here = &root;
  mark at = root.at;
  while (!path.empty()) {
    const entry* best = nullptr;
    for (const auto& e : here->entries) {
      const bool whole = path == e.key;
      const bool part = path.size() > e.key.size() && path.substr(0, e.key.size()) == e.key
                        && path[e.key.size()] == '.';
      if ((whole || part) && (!best || e.key.size() > best->key.size()))
        best = &e;
    }
    if (best) {
      at = best->at;
      here = &best->value;
      path.remove_prefix(std::min(path.size(), best->key.size() + 1));
      continue;
    }
    for (const auto& item : here->items)
      if (item.is_scalar() && item.text == path)
        return item.at;
    break;
  }
  return at;
}

} // namespace davit::manifest
