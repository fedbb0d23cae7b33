#include "runtime/policy/gates.hpp"

#include "runtime/policy/graph.hpp"

namespace davit::policy {

const char* to_string(depend_on condition) {
  switch (condition) {
    case depend_on::started: return "service_started";
    case depend_on::healthy: return "service_healthy";
    case depend_on::completed: return "service_completed_successfully";
  }
  return "service_started";
}

bool is_job(const stack& st, const std::string& service) {
  auto self = st.services.find(service);
  if (self == st.services.end())
    return false;
  auto mode = self->second.davit.recovery.restart;
  if (mode != restart_mode::no && mode != restart_mode::on_failure)
    return false;
  for (auto& [name, other] : st.services) {
    auto edge = other.depends_on.find(service);
    if (edge != other.depends_on.end() && edge->second.condition == depend_on::completed)
      return true;
  }
  return false;
}

bool satisfied(depend_on condition, const member& dependency) {
  switch (condition) {
    case depend_on::started:
      return dependency.alive || dependency.completed || dependency.has_ended_well;
    case depend_on::healthy:
      return dependency.alive
             && (dependency.ready == readiness::ready || dependency.ready == readiness::none);
    case depend_on::completed: return dependency.completed;
  }
  return false;
}

std::set<std::string> start_gates(const stack& st, const service& s, const member_of& look) {
  std::set<std::string> out;
  for (auto& [name, edge] : s.depends_on) {
    if (!st.services.contains(name))
      continue; // not required: the manifest was refused otherwise
    auto dependency = look(name);
    if (satisfied(edge.condition, dependency))
      continue;
    // `required: false` turns a failure into a warning, but still waits for what may come.
    if (!edge.required && dependency.stuck)
      continue;
    out.insert(name + " (" + to_string(edge.condition) + ")");
  }
  for (auto& owner : hosts_of(s))
    if (!look(owner).alive)
      out.insert(owner + " (its namespace)");
  return out;
}

std::set<std::string> stop_gates(const stack& st, const std::string& service,
                                 const member_of& look) {
  std::set<std::string> out;
  for (auto& name : dependents_of(st, service)) {
    auto dependent = look(name);
    if (dependent.alive && dependent.goes_down)
      out.insert(name);
  }
  return out;
}

} // namespace davit::policy
