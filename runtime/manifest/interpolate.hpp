// Variables in a manifest's values: $V ${V} ${V:-d} ${V-d} ${V:?e} ${V?e} ${V:+x} ${V+x} $$,
// nested in each other's words.
#pragma once

#include "runtime/manifest/node.hpp"
#include "runtime/model/result.hpp"
#include "runtime/model/service.hpp"

#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace davit::manifest {

/// The value of a variable; nullptr where it is not set.
using lookup = std::function<const std::string*(const std::string& name)>;

/// `text` with its variables filled in. A variable that is not set and has no default becomes
/// empty, and its name goes to `unset`. Fails on a malformed template (errc::invalid) and on
/// `?` without a value (errc::not_found, with the author's message). The error names the
/// variable, never a value.
result<std::string> interpolate(std::string_view text, const lookup& find,
                                std::set<std::string>& unset);

/// The same for every value of a tree, keys excepted. Each variable that is not set is warned
/// of once for all calls that share `warned`.
void interpolate_tree(node& root, const lookup& find, std::set<std::string>& warned, report& out);

} // namespace davit::manifest
