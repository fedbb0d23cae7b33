// The dependency graph of a stack. Pure, and total on any model: an edge to a service that
// is not there is ignored, and a cycle never hangs. (policy/consistency refuses both.)
//
//   web ──▶ api ──▶ db          start order: db, api, web     level 0: db
//     └────────────▶ db         stop order:  web, api, db     level 1: api, level 2: web
#pragma once

#include "runtime/model/stack.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace davit::policy {

/// The service named in `service:NAME` (network_mode, ipc, pid); nothing for other modes.
std::optional<std::string> service_of_mode(const std::string& mode);

/// The services whose namespaces `s` lives in: it is created and restarted with them.
std::vector<std::string> hosts_of(const service& s);

/// What `s` waits for, by name: `depends_on`, and the services whose namespaces it shares.
std::vector<std::string> edges(const service& s);

/// A cycle as its path of names, the first repeated at the end ("a", "b", "a"); nothing
/// where there is none. A service that depends on itself is the cycle "a", "a".
std::optional<std::vector<std::string>> find_cycle(const stack& st);

/// Groups that can start together: each service stands one level above the highest of its
/// dependencies. Inside a level by tier (lower first, none last), then by name. Services on
/// a cycle, or behind one, form one last level.
std::vector<std::vector<std::string>> start_levels(const stack& st);

/// The levels in one list: every service after all that it waits for.
std::vector<std::string> start_order(const stack& st);

/// The reverse: every service before all that it waits for.
std::vector<std::string> stop_order(const stack& st);

/// Services with an edge to `name`, by name.
std::vector<std::string> dependents_of(const stack& st, const std::string& name);

/// Everything that `name` needs, directly or through others; `name` itself is not in it
/// (not on a cycle either). Empty for an unknown name.
std::set<std::string> requirements(const stack& st, const std::string& name);

/// Everything that needs `name`, directly or through others; `name` itself is not in it.
std::set<std::string> all_dependents(const stack& st, const std::string& name);

} // namespace davit::policy
