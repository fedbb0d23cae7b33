// How long a service may take to stop before it is killed.
//
//   x-davit.grace  >  stop_grace_period  >  the table by image  >  default_grace (30 s)
#pragma once

#include "runtime/model/stack.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace davit::policy {

/// "docker.io/library/postgres:16@sha256:..." -> "postgres": the last component of the
/// repository in lower case, without tag and digest. A registry's port is no tag.
std::string image_base_name(std::string_view reference);

/// What the table says of an image; nothing where it is silent.
std::optional<milliseconds> table_grace(std::string_view reference);

/// The grace of one service, never negative. An explicit 0 is obeyed: it is killed at once.
milliseconds stop_grace(const service& s);

/// The longest time that an ordered stop of the whole stack can take: the longest chain of
/// graces along the graph, since a dependency is stopped only after its dependents.
milliseconds full_stop_time(const stack& st);

} // namespace davit::policy
