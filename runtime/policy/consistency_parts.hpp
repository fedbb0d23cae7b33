// The pieces of policy/consistency that concern one service by itself.
#pragma once

#include "runtime/policy/consistency.hpp"

namespace davit::policy {

/// The text for a message: shortened, without control characters.
std::string printable(std::string_view text);
/// The same in quotes.
std::string quoted(std::string_view text);

/// An IPv4 or IPv6 address, as inet_pton(3) reads it.
bool is_address(const std::string& text);

/// Whether both addresses can be bound to one port only once. "" is every address, 0.0.0.0
/// and :: every one of their family.
bool overlap(const std::string& a, const std::string& b);

/// Ranges and forms inside one service: ports, mounts, namespaces, health check, rules.
void check_service(const std::string& path, const service& s, std::vector<inconsistency>& out);

/// The rules by themselves, as they also come from the host's configuration.
void check_rules(const std::string& path, const davit_rules& rules,
                 std::vector<inconsistency>& out);

} // namespace davit::policy
