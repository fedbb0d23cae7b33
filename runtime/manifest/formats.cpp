#include "runtime/manifest/formats.hpp"

#include "runtime/policy/consistency_parts.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace davit::manifest {

using policy::quoted;

namespace {

constexpr std::string_view digit_chars = "0123456789";
constexpr int most_ports = 65535;

// "12.5" from the front of `text`; nothing where there is no digit.
std::optional<long double> take_number(std::string_view& text) {
  std::size_t length = 0;
  bool dot = false;
  bool digit = false;
  while (length < text.size()) {
    const char c = text[length];
    if (c == '.' && !dot)
      dot = true;
    else if (digit_chars.find(c) != std::string_view::npos)
      digit = true;
    else
      break;
    ++length;
  }
  if (!digit || length > 40)
    return std::nullopt;
  const std::string part(text.substr(0, length));
  long double value = 0;
  long double scale = 1;
  bool after = false;
  for (const char c : part) {
    if (c == '.') {
      after = true;
      continue;
    }
    value = value * 10 + (c - '0');
    if (after)
      scale *= 10;
  }
  text.remove_prefix(length);
  return value / scale;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  unsigned value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size() || value > most_ports)
    return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> out;
  for (;;) {
    const auto next = text.find(at);
    out.emplace_back(text.substr(0, next));
    if (next == std::string_view::npos)
      return out;
    text.remove_prefix(next + 1);
  }
}

} // namespace

result<milliseconds> parse_duration(std::string_view text) {
  struct unit {
    std::string_view name;
    long double nanoseconds;
  };
  // Longer names first where one begins with the other.
  static constexpr std::array<unit, 10> units{{{"ns", 1},
                                               {"us", 1e3},
                                               {"\u00b5s", 1e3},
                                               {"\u03bcs", 1e3},
                                               {"ms", 1e6},
                                               {"s", 1e9},
                                               {"m", 60e9L},
                                               {"h", 3600e9L},
                                               {"d", 86400e9L},
                                               {"w", 604800e9L}}};
  const auto whole = quoted(text);
  const auto bad = [&](const std::string& why) {
    return fail(errc::invalid, whole + " is not a duration: " + why, "write it as '1m30s'");
  };
  if (text == "0" || text == "+0" || text == "-0")
    return milliseconds{0};
  bool negative = false;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (text.empty())
    return bad("it is empty");
  long double total = 0;
  while (!text.empty()) {
    const auto number = take_number(text);
    if (!number)
      return bad("a number is missing");
    const auto found = std::find_if(units.begin(), units.end(), [&](const unit& u) {
      return text.substr(0, u.name.size()) == u.name;
    });
    if (found == units.end())
      return bad("a unit is missing (ms, s, m, h, d)");
    text.remove_prefix(found->name.size());
    total += *number * found->nanoseconds;
  }
  const auto ms = std::ceil(total / 1e6L);
  if (ms > 9e15L)
    return bad("it is too long");
  if (negative && ms > 0)
    return bad("it is negative");
  return milliseconds{static_cast<std::int64_t>(ms)};
}

result<std::int64_t> parse_bytes(std::string_view text) {
  const auto whole = quoted(text);
  const auto bad
    = [&] { return fail(errc::invalid, whole + " is not a size", "write it as '512m' or '2g'"); };
  bool negative = false;
  if (!text.empty() && text.front() == '-') {
    negative = true;
    text.remove_prefix(1);
  }
  const auto number = take_number(text);
  if (!number)
    return bad();
  if (!text.empty() && text.front() == ' ')
    text.remove_prefix(1);
  std::string unit(text);
  std::transform(unit.begin(), unit.end(), unit.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  long double factor = 1;
  if (!unit.empty() && unit != "b") {
    constexpr std::string_view powers = "kmgtp";
    const auto power = powers.find(unit.front());
    const auto rest = std::string_view(unit).substr(1);
    if (power == std::string_view::npos || (!rest.empty() && rest != "b" && rest != "ib"))
      return bad();
    factor = std::pow(1024.0L, static_cast<long double>(power + 1));
  }
  const auto value = *number * factor;
  if (value > 9.2e18L)
    return bad();
  const auto count = static_cast<std::int64_t>(value);
  return negative ? -count : count;
}

result<std::uint32_t> parse_mode(std::string_view text) {
  std::uint32_t value = 0;
  auto digits = text;
  if (digits.size() > 2 && digits.substr(0, 2) == "0o")
    digits.remove_prefix(2);
  const auto [end, failed]
    = std::from_chars(digits.data(), digits.data() + digits.size(), value, 8);
  if (failed != std::errc{} || end != digits.data() + digits.size() || value > 07777)
    return fail(errc::invalid, quoted(text) + " is not a file mode", "write it as \"0440\"");
  return value;
}

result<std::pair<std::uint16_t, std::uint16_t>> parse_port_range(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = parse_port(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_port(text.substr(dash + 1));
  if (!first || !last || *last < *first)
    return fail(errc::invalid, quoted(text) + " is not a port or a range of ports",
                "write it as '8080' or '8000-8010', at most 65535");
  return std::pair{*first, *last};
}

result<std::vector<port_mapping>> parse_ports(std::string_view text, std::string& note) {
  const auto whole = quoted(text);
  port_mapping base;
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    base.protocol = std::string(text.substr(slash + 1));
    std::transform(base.protocol.begin(), base.protocol.end(), base.protocol.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    text = text.substr(0, slash);
    if (base.protocol != "tcp" && base.protocol != "udp" && base.protocol != "sctp")
      return fail(errc::invalid, whole + " names a protocol that is not known",
                  "use tcp, udp or sctp");
  }
  const auto colon = text.rfind(':');
  const auto inside
    = parse_port_range(colon == std::string_view::npos ? text : text.substr(colon + 1));
  if (!inside || inside->first == 0)
    return fail(errc::invalid, whole + " does not end in a port of the container",
                "write it as '8080:80'");
  std::optional<std::pair<std::uint16_t, std::uint16_t>> outside;
  if (colon != std::string_view::npos) {
    auto host = text.substr(0, colon);
    if (const auto before = host.rfind(':'); before != std::string_view::npos) {
      auto address = host.substr(0, before);
      host = host.substr(before + 1);
      if (address.size() > 1 && address.front() == '[' && address.back() == ']')
        address = address.substr(1, address.size() - 2);
      base.host_ip = std::string(address);
      if (!address.empty() && !policy::is_address(base.host_ip))
        return fail(errc::invalid, whole + " names " + quoted(address) + ", which is no IP address",
                    "write it as '127.0.0.1:8080:80'");
    }
    if (!host.empty()) {
      const auto range = parse_port_range(host);
      if (!range)
        return tl::unexpected(range.error());
      outside = *range;
    }
  }
  const int count = inside->second - inside->first + 1;
  std::vector<port_mapping> out;
  for (int i = 0; i < count; ++i) {
    auto p = base;
    p.container_port = static_cast<std::uint16_t>(inside->first + i);
    if (outside)
      p.host_port = static_cast<std::uint16_t>(outside->first + i);
    out.push_back(std::move(p));
  }
  if (outside && outside->second - outside->first + 1 != count) {
    if (count != 1)
      return fail(errc::invalid, whole + " has ranges of different lengths",
                  "give both sides as many ports");
    note = whole + " publishes one port out of a range: the first is taken";
  }
  return out;
}

result<short_volume> parse_volume(std::string_view text) {
  const auto whole = quoted(text);
  // A colon in `${V:-x}`, which a `$$` may leave in the text, parts nothing.
  std::vector<std::string> parts(1);
  int braces = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    braces += text[i] == '{' && (braces > 0 || (i > 0 && text[i - 1] == '$'));
    braces -= text[i] == '}' && braces > 0;
    if (text[i] == ':' && braces == 0)
      parts.emplace_back();
    else
      parts.back() += text[i];
  }
  if (text.empty() || std::any_of(parts.begin(), parts.end(), [](auto& p) { return p.empty(); }))
    return fail(errc::invalid, "the volume " + whole + " has an empty part",
                "write it as 'source:/target:ro'");
  if (parts.size() > 3)
    return fail(errc::invalid, "the volume " + whole + " has too many parts",
                "write it as 'source:/target:ro'");
  short_volume v;
  if (parts.size() == 1) {
    v.target = parts[0];
    return v;
  }
  v.source = parts[0];
  v.target = parts[1];
  if (parts.size() == 3)
    v.options = split(parts[2], ',');
  return v;
}

bool looks_like_path(std::string_view source) {
  return !source.empty() && (source[0] == '.' || source[0] == '/' || source[0] == '~');
}

result<std::vector<std::string>> shell_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '\'') {
      if (c == '\'')
        quote = 0;
      else
        word += c;
    } else if (c == '\\' && i + 1 < text.size()) {
      const char next = text[++i];
      in_word = true;
      // Inside double quotes a backslash protects only these; elsewhere everything.
      if (quote == '"' && next != '"' && next != '\\' && next != '$' && next != '`')
        word += c;
      if (next != '\n')
        word += next;
    } else if (quote == '"') {
      if (c == '"')
        quote = 0;
      else
        word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      if (in_word)
        words.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != 0)
    return fail(errc::invalid, "a quote in this command is not closed", "close it");
  if (in_word)
    words.push_back(std::move(word));
  return words;
}

std::string resolve_path(const std::string& base, std::string path, const std::string& home) {
  if (path == "~" || path.rfind("~/", 0) == 0)
    path = home + path.substr(1);
  if (path.empty() || path.front() != '/')
    path = base + "/" + path;
  std::vector<std::string> parts;
  for (auto& part : split(path, '/')) {
    if (part == "..") {
      if (!parts.empty())
        parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(std::move(part));
    }
  }
  std::string out;
  for (const auto& part : parts)
    out += "/" + part;
  return out.empty() ? "/" : out;
}

} // namespace davit::manifest
