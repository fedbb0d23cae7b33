// Several documents into one, by Compose's rules: mappings merge, lists append, scalars are
// replaced, with the exceptions that the specification names.
#pragma once

#include "runtime/manifest/node.hpp"

namespace davit::manifest {

/// `base` with `over` laid on top. Values keep the place where they were written. `!reset`
/// removes, `!override` replaces. A list and a mapping that do not fit are errors in `out`.
node merge(node base, node over, report& out);

} // namespace davit::manifest
