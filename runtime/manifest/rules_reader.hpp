// `x-davit` in a manifest and `defaults:` in the host's configuration: the same names.
#pragma once

#include "runtime/manifest/fields.hpp"
#include "runtime/model/rules.hpp"

namespace davit::manifest {

/// Where the keys stand: some mean one service only.
enum class rules_place : std::uint8_t { host, stack, service };

/// Lays what `v` says over `into`, key by key; what it does not name stays as it was.
/// Ranges that concern several keys are checked by policy::check_rules.
void read_rules(const context& c, const value& v, rules_place place, davit_rules& into);

} // namespace davit::manifest
