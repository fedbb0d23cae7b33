#include "runtime/record/keys.hpp"

#include <algorithm>

namespace davit::record::key {

namespace {

std::string padded(std::uint64_t number, std::size_t width) {
  auto text = std::to_string(number);
  return text.size() < width ? std::string(width - text.size(), '0') + text : text;
}

} // namespace

std::string ledger(const std::string& stack, const std::string& service) {
  return ledgers_of(stack) + service;
}

std::string ledgers_of(const std::string& stack) { return ledgers + stack + "/"; }

std::optional<service_name> parse_ledger(std::string_view key) {
  if (!key.starts_with(ledgers))
    return std::nullopt;
  key.remove_prefix(std::string_view{ledgers}.size());
  const auto slash = key.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == key.size()
      || key.find('/', slash + 1) != std::string_view::npos)
    return std::nullopt;
  return service_name{std::string{key.substr(0, slash)}, std::string{key.substr(slash + 1)}};
}

std::string operation(const std::string& id) { return operations + id; }

std::string audit(ledger_time at, std::uint64_t seq) {
  const auto count = std::max<std::int64_t>(0, at.time_since_epoch().count());
  return audits + padded(static_cast<std::uint64_t>(count), 16) + "/" + padded(seq, 10);
}

} // namespace davit::record::key
