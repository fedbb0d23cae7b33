// Files of variables: `.env`, `--env-file`, a service's `env_file`.
#pragma once

#include "runtime/manifest/interpolate.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace davit::manifest {

/// The variables of one file in its order; a later one of the same name wins.
///
///   # comment        export A=1     B: 2      C='literal $'     D="a\tb ${A}"     E=$A # note
///
/// A name alone takes its value from `outer` and is left out where that has none. Values refer
/// to `outer` first, then to earlier lines, then to `before`: the files read before this one.
/// Fails with "line N: ..." (errc::invalid); the message never shows a value.
result<std::vector<std::pair<std::string, std::string>>>
parse_env_file(std::string_view text, const lookup& outer, const string_map& before = {});

/// The same without quotes, comments behind values, and variables: `format: raw`.
result<std::vector<std::pair<std::string, std::string>>> parse_raw_env_file(std::string_view text,
                                                                            const lookup& outer);

} // namespace davit::manifest
