// Which request means what.
#include "runtime/api/routes.hpp"

#include <array>
#include <charconv>
#include <vector>

namespace davit::api {
namespace {

constexpr std::size_t name_max = 63;

bool alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// One address: words between slashes, of which S, X and ID stand for names.
struct address {
  const char* method;
  const char* pattern;
  endpoint to;
};

constexpr std::array addresses{
  address{"GET", "v1/health", endpoint::health},
  address{"GET", "v1/status", endpoint::status},
  address{"GET", "v1/events", endpoint::events},
  address{"GET", "v1/operations/ID", endpoint::operation},
  address{"POST", "v1/plan", endpoint::plan},
  address{"POST", "v1/stacks/S", endpoint::install},
  address{"DELETE", "v1/stacks/S", endpoint::uninstall},
  address{"POST", "v1/stacks/S/start", endpoint::start},
  address{"POST", "v1/stacks/S/stop", endpoint::stop},
  address{"POST", "v1/stacks/S/restart", endpoint::restart},
  address{"POST", "v1/stacks/S/services/X/start", endpoint::start},
  address{"POST", "v1/stacks/S/services/X/stop", endpoint::stop},
  address{"POST", "v1/stacks/S/services/X/restart", endpoint::restart},
  address{"GET", "v1/stacks/S/services/X/logs", endpoint::logs},
  address{"GET", "v1/stacks/S/services/X/why", endpoint::why},
};

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> words;
  while (true) {
    const auto slash = path.find('/');
    words.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos)
      return words;
    path.remove_prefix(slash + 1);
  }
}

std::optional<route> match(const address& known, const std::vector<std::string_view>& words) {
  const auto pattern = split(known.pattern);
  if (pattern.size() != words.size())
    return std::nullopt;
  route found{known.to, {}, {}, {}};
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (pattern[i] == "S")
      found.stack = words[i];
    else if (pattern[i] == "X")
      found.service = words[i];
    else if (pattern[i] == "ID")
      found.operation = words[i];
    else if (pattern[i] != words[i])
      return std::nullopt;
  }
  return found;
}

no_route bad_name(std::string_view kind, const std::string& name) {
  return {400,
          {errc::invalid, "'" + name + "' is no name for a " + std::string{kind},
           "Names are letters, digits, '-' and '_', at most 63 characters; a stack's are in lower "
           "case."},
          {}};
}

} // namespace

bool valid_stack_name(std::string_view name) {
  if (name.empty() || name.size() > name_max || !alnum(name[0]))
    return false;
  for (const char c : name)
    if (!((alnum(c) && !(c >= 'A' && c <= 'Z')) || c == '-' || c == '_'))
      return false;
  return true;
}

bool valid_service_name(std::string_view name) {
  if (name.empty() || name.size() > name_max || !alnum(name[0]))
    return false;
  for (const char c : name)
    if (!(alnum(c) || c == '-' || c == '_' || c == '.'))
      return false;
  return true;
}

tl::expected<route, no_route> parse_route(std::string_view method, std::string_view path) {
  const bool rooted = !path.empty() && path[0] == '/';
  const auto words = split(rooted ? path.substr(1) : std::string_view{});
  std::optional<route> chosen;
  std::string allow;
  for (const address& known : addresses) {
    auto found = match(known, words);
    if (!found)
      continue;
    if (known.method == method)
      chosen = std::move(found);
    allow += (allow.empty() ? "" : ", ") + std::string{known.method};
  }
  if (allow.empty())
    return tl::unexpected<no_route>(
      {404,
       {errc::not_found, "no such address: " + std::string{path.substr(0, 200)},
        "The addresses are listed in davitd(8)."},
       {}});
  if (!chosen)
    return tl::unexpected<no_route>({405,
                                     {errc::invalid,
                                      "method " + std::string{method.substr(0, 20)} + " is not for "
                                        + std::string{path.substr(0, 200)},
                                      "Use " + allow + "."},
                                     allow});
  if (!chosen->stack.empty() || path.starts_with("/v1/stacks"))
    if (!valid_stack_name(chosen->stack))
      return tl::unexpected(bad_name("stack", chosen->stack));
  if (path.find("/services/") != std::string_view::npos && !valid_service_name(chosen->service))
    return tl::unexpected(bad_name("service", chosen->service));
  return *chosen;
}

result<bool> query_flag(const query_map& query, const std::string& key) {
  const auto found = query.find(key);
  if (found == query.end() || found->second == "false" || found->second == "0")
    return false;
  if (found->second.empty() || found->second == "true" || found->second == "1")
    return true;
  return fail(errc::invalid, "?" + key + " must be true or false");
}

result<std::optional<std::uint64_t>> query_number(const query_map& query, const std::string& key) {
  const auto found = query.find(key);
  if (found == query.end())
    return std::optional<std::uint64_t>{};
  const std::string& text = found->second;
  std::uint64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || fault != std::errc{} || end != text.data() + text.size())
    return fail(errc::invalid, "?" + key + " must be a whole number");
  return std::optional{value};
}

} // namespace davit::api
