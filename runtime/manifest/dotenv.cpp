#include "runtime/manifest/dotenv.hpp"

#include "runtime/policy/consistency_parts.hpp"

#include <algorithm>

namespace davit::manifest {

using policy::quoted;
using variables = std::vector<std::pair<std::string, std::string>>;

namespace {

constexpr std::string_view blank = " \t\r\v\f";

std::string_view trim_left(std::string_view text) {
  const auto first = text.find_first_not_of(blank);
  return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}
std::string_view trim_right(std::string_view text) {
  const auto last = text.find_last_not_of(blank);
  return last == std::string_view::npos ? std::string_view{} : text.substr(0, last + 1);
}

bool valid_key_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'
         || c == '.' || c == '-' || c == '[' || c == ']' || static_cast<unsigned char>(c) >= 0x80;
}

bool is_octal(char c) { return c >= '0' && c <= '7'; }

// What stands between double quotes, with `\$` as `$$`: the variables are filled in after.
std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char next = text[++i];
    switch (next) {
      case 'a': out += '\a'; break;
      case 'b': out += '\b'; break;
      case 'f': out += '\f'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 't': out += '\t'; break;
      case 'v': out += '\v'; break;
      case '\\': out += '\\'; break;
      case '"': out += '"'; break;
      case '$': out += "$$"; break;
      case '0': {
        unsigned value = 0;
        std::size_t length = 0;
        while (length < 3 && i + 1 + length < text.size() && is_octal(text[i + 1 + length]))
          value = value * 8 + static_cast<unsigned>(text[i + 1 + length++] - '0');
        if (length == 0 || value == 0 || value > 0x7f) {
          out += "\\0";
        } else {
          out += static_cast<char>(value);
          i += length;
        }
        break;
      }
      default: out += '\\'; out += next;
    }
  }
  return out;
}

class reader {
public:
  reader(std::string_view text, const lookup& outer, const string_map& before)
    : text_(text), outer_(outer), known_(before) {
    if (text_.substr(0, 3) == "\xef\xbb\xbf")
      text_.remove_prefix(3);
  }

  result<variables> read(bool raw) {
    while (!text_.empty()) {
      auto done = raw ? raw_line() : line();
      if (!done)
        return tl::unexpected(done.error());
    }
    return std::move(found_);
  }

private:
  tl::unexpected<error> bad(const std::string& why) const {
    return fail(errc::invalid, "line " + std::to_string(line_) + ": " + why,
                "write one NAME=value a line");
  }

  std::string_view take_line() {
    const auto end = text_.find('\n');
    const auto out = text_.substr(0, end);
    text_.remove_prefix(end == std::string_view::npos ? text_.size() : end + 1);
    ++line_;
    return out;
  }

  void put(std::string key, std::string value) {
    known_[key] = value;
    found_.emplace_back(std::move(key), std::move(value));
  }

  void inherit(std::string key) {
    if (const auto* value = outer_(key))
      put(std::move(key), *value);
  }

  result<void> raw_line() {
    const auto whole = trim_left(take_line());
    if (whole.empty() || whole.front() == '#')
      return {};
    const auto equals = whole.find('=');
    std::string key(trim_right(whole.substr(0, equals)));
    if (equals == std::string_view::npos) {
      inherit(std::move(key));
      return {};
    }
    auto value = whole.substr(equals + 1);
    if (!value.empty() && value.back() == '\r')
      value.remove_suffix(1);
    put(std::move(key), std::string(value));
    return {};
  }

  result<void> line() {
    const auto end = text_.find('\n');
    auto whole = trim_right(trim_left(text_.substr(0, end)));
    if (whole.empty() || whole.front() == '#') {
      take_line();
      return {};
    }
    if (whole.size() > 6 && whole.substr(0, 6) == "export"
        && blank.find(whole[6]) != std::string_view::npos)
      whole = trim_left(whole.substr(6));
    const auto sign = whole.find_first_of("=:");
    const auto key = trim_right(whole.substr(0, sign));
    ++line_;
    const auto odd = std::find_if_not(key.begin(), key.end(), valid_key_char);
    if (odd != key.end())
      return *odd == ' ' || *odd == '\t'
               ? bad("a name must not contain a space")
               : bad("the character " + quoted(std::string(1, *odd)) + " must not be in a name");
    --line_;
    if (sign == std::string_view::npos) {
      take_line();
      inherit(std::string(key));
      return {};
    }
    // Onwards in the text itself: a quoted value may go over several lines.
    const auto value_at = static_cast<std::size_t>(whole.data() + sign + 1 - text_.data());
    text_.remove_prefix(value_at);
    const auto first = text_.find_first_not_of(blank);
    const char quote = first == std::string_view::npos ? '\0' : text_[first];
    if (quote == '"' || quote == '\'') {
      text_.remove_prefix(first + 1);
      return quoted_value(std::string(key), quote);
    }
    auto value = trim_left(take_line());
    if (const auto comment = value.find(" #"); comment != std::string_view::npos)
      value = value.substr(0, comment);
    return expanded(std::string(key), trim_right(value));
  }

  result<void> quoted_value(std::string key, char quote) {
    std::size_t end = 0;
    while (end < text_.size() && text_[end] != quote)
      end += text_[end] == '\\' && end + 1 < text_.size() ? 2 : 1;
    if (end >= text_.size()) {
      ++line_;
      return bad("the quote is not closed");
    }
    const auto inside = text_.substr(0, end);
    line_ += static_cast<int>(std::count(inside.begin(), inside.end(), '\n'));
    text_.remove_prefix(end + 1);
    const auto rest = trim_left(take_line());
    if (!rest.empty() && rest.front() != '#')
      return bad("there is text after the closing quote");
    if (quote == '"')
      return expanded(std::move(key), unescape(inside));
    std::string literal;
    for (std::size_t i = 0; i < inside.size(); ++i) {
      if (inside[i] == '\\' && i + 1 < inside.size() && inside[i + 1] == '\'')
        ++i;
      literal += inside[i];
    }
    put(std::move(key), std::move(literal));
    return {};
  }

  result<void> expanded(std::string key, std::string_view value) {
    std::set<std::string> unset;
    auto text = interpolate(
      value,
      [&](const std::string& name) -> const std::string* {
        if (const auto* outer = outer_(name))
          return outer;
        const auto earlier = known_.find(name);
        return earlier == known_.end() ? nullptr : &earlier->second;
      },
      unset);
    if (!text)
      return bad(text.error().message);
    total_ += text->size();
    if (total_ > longest_total)
      return bad("the values grow beyond 4 MiB when their variables are filled in");
    put(std::move(key), std::move(*text));
    return {};
  }

  static constexpr std::size_t longest_total = std::size_t{4} << 20;

  std::string_view text_;
  const lookup& outer_;
  string_map known_;
  variables found_;
  std::size_t total_ = 0;
  int line_ = 0;
};

} // namespace

result<variables> parse_env_file(std::string_view text, const lookup& outer,
                                 const string_map& before) {
  return reader(text, outer, before).read(false);
}

result<variables> parse_raw_env_file(std::string_view text, const lookup& outer) {
  return reader(text, outer, {}).read(true);
}

} // namespace davit::manifest
