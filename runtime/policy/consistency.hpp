// Whether a stack can mean anything: names, references, cycles, ports, ranges. The manifest
// loader runs it to name the line, and the daemon runs it again on every model that arrives
// by API. Total: any model gets an answer, none crashes it.
#pragma once

#include "runtime/model/stack.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace davit::policy {

/// An error refuses the stack; a warning is shown and accepted.
enum class severity : std::uint8_t { error, warning };

struct inconsistency {
  severity level = severity::error;
  std::string path; ///< "services.web.depends_on.db"; names may contain dots
  std::string message;
  std::string remedy;
  friend bool operator==(const inconsistency&, const inconsistency&) = default;
};

/// Everything that is wrong with `st`, errors and warnings, in the order of the model.
std::vector<inconsistency> check(const stack& st);

/// Host ports and container names that `st` and the installed `others` both want. A stack of
/// the same name is an older revision of `st` and no rival; null pointers are skipped.
std::vector<inconsistency> port_clashes(const stack& st, const std::vector<const stack*>& others);

bool any_error(const std::vector<inconsistency>& found);

/// [a-z0-9][a-z0-9_-]*, at most 63 characters: it becomes part of names and folders.
bool valid_stack_name(std::string_view name);
/// [a-zA-Z0-9._-]+, at most 128 characters.
bool valid_service_name(std::string_view name);
/// What podman takes for containers, networks and volumes: [a-zA-Z0-9][a-zA-Z0-9_.-]*.
bool valid_engine_name(std::string_view name);

/// The name that a service's container gets: `container_name`, else STACK-SERVICE-1.
std::string effective_container_name(const stack& st, const service& s);

} // namespace davit::policy
