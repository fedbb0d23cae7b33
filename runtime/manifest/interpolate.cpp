#include "runtime/manifest/interpolate.hpp"

#include "runtime/policy/consistency_parts.hpp"

namespace davit::manifest {

using policy::quoted;

namespace {

// A value made of values: doubling eight times a line would fill any memory.
constexpr std::size_t longest_result = std::size_t{4} << 20;
constexpr int deepest = 50;

bool starts_name(char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool continues_name(char c) { return starts_name(c) || (c >= '0' && c <= '9'); }

std::size_t name_length(std::string_view text) {
  if (text.empty() || !starts_name(text.front()))
    return 0;
  std::size_t length = 1;
  while (length < text.size() && continues_name(text[length]))
    ++length;
  return length;
}

class expander {
public:
  expander(const lookup& find, std::set<std::string>& unset) : find_(find), unset_(unset) {}

  result<std::string> expand(std::string_view text, int depth) {
    if (depth > deepest)
      return fail(errc::invalid, "variables nested too deeply", "use fewer defaults of defaults");
    std::string out;
    while (!text.empty()) {
      const auto dollar = text.find('$');
      out += text.substr(0, dollar);
      if (dollar == std::string_view::npos)
        break;
      text.remove_prefix(dollar + 1);
      if (!text.empty() && text.front() == '$') {
        out += '$';
        text.remove_prefix(1);
      } else if (const auto length = name_length(text); length > 0) {
        plain(std::string(text.substr(0, length)), out);
        text.remove_prefix(length);
      } else if (!text.empty() && text.front() == '{') {
        const auto end = closing(text);
        if (end == std::string_view::npos)
          return malformed(text);
        auto value = braced(text.substr(1, end - 1), text.substr(0, end + 1), depth);
        if (!value)
          return value;
        out += *value;
        text.remove_prefix(end + 1);
      } else {
        out += '$';
      }
      if (out.size() > longest_result)
        return fail(errc::invalid, "a value grows beyond 4 MiB when its variables are filled in",
                    "make the variables shorter");
    }
    return out;
  }

private:
  static tl::unexpected<error> malformed(std::string_view text) {
    return fail(errc::invalid, "invalid interpolation format " + quoted("$" + std::string(text)),
                "write ${NAME}, ${NAME:-default} or, for a dollar sign, $$");
  }

  // The brace that closes the one at the front; braces inside are counted.
  static std::size_t closing(std::string_view text) {
    int open = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '{')
        ++open;
      else if (text[i] == '}' && --open == 0)
        return i;
    }
    return std::string_view::npos;
  }

  void plain(const std::string& name, std::string& out) {
    if (const auto* value = find_(name))
      out += *value;
    else
      unset_.insert(name);
  }

  result<std::string> braced(std::string_view body, std::string_view whole, int depth) {
    const auto length = name_length(body);
    if (length == 0)
      return malformed(whole);
    const std::string name(body.substr(0, length));
    auto rest = body.substr(length);
    if (rest.empty()) {
      std::string out;
      plain(name, out);
      return out;
    }
    const bool or_empty = rest.front() == ':';
    if (or_empty)
      rest.remove_prefix(1);
    const char what = rest.empty() ? '\0' : rest.front();
    if (what != '-' && what != '?' && what != '+')
      return malformed(whole);
    const auto word = rest.substr(1);
    const auto* value = find_(name);
    const bool given = value && !(or_empty && value->empty());
    if (what == '+')
      return given ? expand(word, depth + 1) : std::string{};
    if (given)
      return *value;
    if (what == '-')
      return expand(word, depth + 1);
    const auto why = expand(word, depth + 1);
    if (!why)
      return why;
    return fail(errc::not_found,
                "required variable " + name + " is missing a value"
                  + (why->empty() ? "" : ": " + *why),
                "set it in the environment or in .env");
  }

  const lookup& find_;
  std::set<std::string>& unset_;
};

void walk(node& n, const lookup& find, std::set<std::string>& warned, report& out) {
  for (auto& e : n.entries)
    walk(e.value, find, warned, out);
  for (auto& item : n.items)
    walk(item, find, warned, out);
  if (!n.is_scalar() || n.text.find('$') == std::string::npos)
    return;
  std::set<std::string> unset;
  auto value = interpolate(n.text, find, unset);
  if (!value) {
    out.error(n.at, value.error().message, value.error().remedy);
    return;
  }
  n.text = std::move(*value);
  // What was a string before its variables were filled in stays one: "${PORT}" is no number,
  // and "${EMPTY}" is not null. Readers of numbers look at the text.
  n.quoted = true;
  for (const auto& name : unset)
    if (warned.insert(name).second)
      out.warning(n.at, "the variable " + name + " is not set; it counts as empty",
                  "set it in the environment or in .env, or give it a default: ${" + name
                    + ":-value}");
}

} // namespace

result<std::string> interpolate(std::string_view text, const lookup& find,
                                std::set<std::string>& unset) {
  return expander(find, unset).expand(text, 0);
}

void interpolate_tree(node& root, const lookup& find, std::set<std::string>& warned, report& out) {
  walk(root, find, warned, out);
}

} // namespace davit::manifest
