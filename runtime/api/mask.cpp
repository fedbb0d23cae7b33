// Keeps secrets out of everything that is printed.
#include "runtime/api/mask.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace davit::api {
namespace {

constexpr std::array<std::string_view, 7> anywhere{"PASSWORD", "PASSWD",     "PASSPHRASE", "TOKEN",
                                                   "SECRET",   "CREDENTIAL", "PRIVATE"};
constexpr std::array<std::string_view, 3> whole_words{"AUTH", "PWD", "AUTHORIZATION"};
constexpr std::array<std::string_view, 3> word_ends{"PASS", "KEY", "KEYS"};

std::string upper(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

bool secret_word(std::string_view word) {
  return std::any_of(whole_words.begin(), whole_words.end(),
                     [&](std::string_view w) { return word == w; })
         || std::any_of(word_ends.begin(), word_ends.end(),
                        [&](std::string_view end) { return word.ends_with(end); });
}

string_map mask_map(const string_map& values) {
  string_map out;
  for (const auto& [key, value] : values)
    out[key] = mask_value(key, value);
  return out;
}

/// "username=bob,password=x": the `o` option of a network file system.
std::string mask_option_list(std::string_view list) {
  std::string out;
  while (true) {
    const auto comma = list.find(',');
    const auto item = list.substr(0, comma);
    const auto equals = item.find('=');
    if (equals == std::string_view::npos)
      out += mask_addresses(item);
    else
      out += std::string{item.substr(0, equals + 1)}
             + mask_value(item.substr(0, equals), item.substr(equals + 1));
    if (comma == std::string_view::npos)
      return out;
    out += ',';
    list.remove_prefix(comma + 1);
  }
}

string_map mask_options(const string_map& options) {
  string_map out;
  for (const auto& [key, value] : options)
    out[key] = is_secret_key(key) ? mask_value(key, value) : mask_option_list(value);
  return out;
}

void mask_service(service& one) {
  one.environment = mask_map(one.environment);
  one.labels = mask_map(one.labels);
  one.annotations = mask_map(one.annotations);
  one.logging.options = mask_options(one.logging.options);
  if (one.command)
    one.command = mask_arguments(*one.command);
  if (one.entrypoint)
    one.entrypoint = mask_arguments(*one.entrypoint);
  if (one.healthcheck)
    one.healthcheck->test = mask_arguments(one.healthcheck->test);
}

} // namespace

bool is_secret_key(std::string_view key) {
  const std::string name = upper(key);
  if (std::any_of(anywhere.begin(), anywhere.end(),
                  [&](std::string_view part) { return name.find(part) != std::string::npos; }))
    return true;
  std::string word;
  for (const char c : name + "_") {
    if (std::isalnum(static_cast<unsigned char>(c))) {
      word += c;
    } else {
      if (secret_word(word))
        return true;
      word.clear();
    }
  }
  return false;
}

std::string mask_value(std::string_view key, std::string_view value) {
  if (value.empty() || !is_secret_key(key))
    return mask_addresses(value);
  const bool is_path = upper(key).ends_with("_FILE") && value.starts_with('/');
  return is_path ? std::string{value} : mask;
}

std::string mask_addresses(std::string_view text) {
  std::string out;
  while (true) {
    const auto scheme = text.find("://");
    if (scheme == std::string_view::npos)
      return out += text;
    const auto begin = scheme + 3;
    // The password may itself hold '/', '@' or ':' unescaped: the last '@' before a blank
    // or a quote ends it, the first ':' begins it.
    const auto end = std::min(text.find_first_of(" \t\n\"'", begin), text.size());
    const auto authority = text.substr(begin, end - begin);
    const auto at = authority.rfind('@');
    const auto colon = authority.find(':');
    out += text.substr(0, begin);
    if (at == std::string_view::npos || colon == std::string_view::npos || colon > at)
      out += authority;
    else
      out += std::string{authority.substr(0, colon + 1)} + mask + std::string{authority.substr(at)};
    text.remove_prefix(end);
  }
}

std::vector<std::string> mask_arguments(const std::vector<std::string>& arguments) {
  std::vector<std::string> out;
  bool value_follows = false;
  for (const std::string& argument : arguments) {
    const auto equals = argument.find('=');
    const bool is_option = argument.starts_with('-');
    const std::string name = argument.substr(0, equals);
    const bool plain_name = name.find_first_of(" \t\n") == std::string::npos;
    if (value_follows && !is_option)
      out.push_back(mask);
    else if (equals != std::string::npos && plain_name && is_secret_key(name))
      out.push_back(name + "=" + mask_value(name, argument.substr(equals + 1)));
    else
      out.push_back(mask_addresses(argument));
    value_follows = is_option && equals == std::string::npos && is_secret_key(argument);
  }
  return out;
}

stack mask_secrets(const stack& model) {
  stack shown = model;
  for (auto& [name, one] : shown.services)
    mask_service(one);
  for (auto& [name, one] : shown.networks) {
    one.driver_opts = mask_options(one.driver_opts);
    one.labels = mask_map(one.labels);
  }
  for (auto& [name, one] : shown.volumes) {
    one.driver_opts = mask_options(one.driver_opts);
    one.labels = mask_map(one.labels);
  }
  for (auto& [name, one] : shown.configs)
    if (one.content)
      one.content = mask;
  return shown;
}

} // namespace davit::api
