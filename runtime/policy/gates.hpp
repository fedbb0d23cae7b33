// Gates: what a start waits for, and what a stop waits for. Levels, not events: they are
// computed anew from what is known now, and a timer never opens one.
#pragma once

#include "runtime/model/stack.hpp"
#include "runtime/model/status.hpp"

#include <functional>
#include <set>
#include <string>

namespace davit::policy {

/// What a stack knows of one of its services.
struct member {
  bool known = false; ///< it has reported at least once
  bool alive = false;
  bool completed = false;      ///< its job is done under the present configuration
  bool goes_down = false;      ///< its goal is down or absent, or the host goes down
  bool stuck = false;          ///< nothing will change by itself
  bool has_ended_well = false; ///< `restart: no`, and it ended by itself with 0
  readiness ready = readiness::unknown;
  phase shown = phase::pending;
};

using member_of = std::function<member(const std::string& service)>;

/// A service is a job if a dependent waits for it to complete and nothing restarts it for ever.
bool is_job(const stack& st, const std::string& service);

/// Whether a dependency is ready in the way that is asked for.
bool satisfied(depend_on condition, const member& dependency);

/// In words: "db (service_healthy)". Empty: nothing holds the start back.
std::set<std::string> start_gates(const stack& st, const service& s, const member_of& look);

/// The live dependents of `service` that go down as well: they stop first.
std::set<std::string> stop_gates(const stack& st, const std::string& service,
                                 const member_of& look);

const char* to_string(depend_on condition);

} // namespace davit::policy
