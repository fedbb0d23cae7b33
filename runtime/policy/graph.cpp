#include "runtime/policy/graph.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <tuple>

namespace davit::policy {

namespace {

using adjacency = std::map<std::string, std::vector<std::string>>;

// Edges between services that exist.
adjacency forward(const stack& st) {
  adjacency out;
  for (const auto& [name, s] : st.services) {
    auto& to = out[name];
    for (auto& dependency : edges(s))
      if (st.services.contains(dependency))
        to.push_back(std::move(dependency));
  }
  return out;
}

adjacency backward(const adjacency& graph) {
  adjacency out;
  for (const auto& [name, to] : graph) {
    out[name];
    for (const auto& dependency : to)
      out[dependency].push_back(name);
  }
  return out;
}

std::set<std::string> reach(const adjacency& graph, const std::string& from) {
  std::set<std::string> seen;
  std::deque<std::string> open{from};
  while (!open.empty()) {
    const auto found = graph.find(open.front());
    open.pop_front();
    if (found == graph.end())
      continue;
    for (const auto& next : found->second)
      if (seen.insert(next).second)
        open.push_back(next);
  }
  seen.erase(from);
  return seen;
}

} // namespace

std::optional<std::string> service_of_mode(const std::string& mode) {
  static const std::string prefix = "service:";
  if (mode.compare(0, prefix.size(), prefix) != 0)
    return std::nullopt;
  return mode.substr(prefix.size());
}

std::vector<std::string> hosts_of(const service& s) {
  std::set<std::string> names;
  for (const auto* mode : {&s.network_mode, &s.ipc, &s.pid})
    if (auto name = service_of_mode(*mode))
      names.insert(std::move(*name));
  return {names.begin(), names.end()};
}

std::vector<std::string> edges(const service& s) {
  std::set<std::string> names;
  for (const auto& [name, unused] : s.depends_on)
    names.insert(name);
  for (auto& name : hosts_of(s))
    names.insert(std::move(name));
  return {names.begin(), names.end()};
}

std::optional<std::vector<std::string>> find_cycle(const stack& st) {
  // Depth first with a stack of our own: a chain of a million services must not overflow.
  const auto graph = forward(st);
  std::set<std::string> done;
  for (const auto& [root, unused] : graph) {
    if (done.contains(root))
      continue;
    struct visit {
      std::string name;
      std::size_t next = 0;
    };
    std::vector<visit> path{{root}};
    std::map<std::string, std::size_t> on_path{{root, 0}};
    while (!path.empty()) {
      auto& here = path.back();
      const auto& to = graph.at(here.name);
      if (here.next == to.size()) {
        done.insert(here.name);
        on_path.erase(here.name);
        path.pop_back();
        continue;
      }
      const auto& next = to[here.next++];
      if (const auto again = on_path.find(next); again != on_path.end()) {
        std::vector<std::string> cycle;
        for (auto i = again->second; i < path.size(); ++i)
          cycle.push_back(path[i].name);
        cycle.push_back(next);
        return cycle;
      }
      if (!done.contains(next)) {
        on_path.emplace(next, path.size());
        path.push_back({next});
      }
    }
  }
  return std::nullopt;
}

std::vector<std::vector<std::string>> start_levels(const stack& st) {
  const auto graph = forward(st);
  const auto dependents = backward(graph);
  std::map<std::string, std::size_t> missing;
  std::vector<std::string> current;
  for (const auto& [name, to] : graph) {
    missing[name] = to.size();
    if (to.empty())
      current.push_back(name);
  }
  const auto key = [&](const std::string& name) {
    const auto& tier = st.services.at(name).davit.tier;
    return std::tuple(tier ? std::int64_t{*tier} : std::numeric_limits<std::int64_t>::max(),
                      std::cref(name));
  };
  const auto by_tier = [&](const std::string& a, const std::string& b) {
    const auto [tier_a, name_a] = key(a);
    const auto [tier_b, name_b] = key(b);
    return tier_a != tier_b ? tier_a < tier_b : name_a.get() < name_b.get();
  };
  std::vector<std::vector<std::string>> levels;
  while (!current.empty()) {
    std::sort(current.begin(), current.end(), by_tier);
    std::vector<std::string> next;
    for (const auto& name : current) {
      missing.erase(name);
      for (const auto& dependent : dependents.at(name))
        if (--missing.at(dependent) == 0)
          next.push_back(dependent);
    }
    levels.push_back(std::move(current));
    current = std::move(next);
  }
  if (!missing.empty()) {
    auto& last = levels.emplace_back();
    for (const auto& [name, unused] : missing)
      last.push_back(name);
    std::sort(last.begin(), last.end(), by_tier);
  }
  return levels;
}

std::vector<std::string> start_order(const stack& st) {
  std::vector<std::string> order;
  for (auto& level : start_levels(st))
    order.insert(order.end(), level.begin(), level.end());
  return order;
}

std::vector<std::string> stop_order(const stack& st) {
  auto order = start_order(st);
  std::reverse(order.begin(), order.end());
  return order;
}

std::vector<std::string> dependents_of(const stack& st, const std::string& name) {
  std::vector<std::string> out;
  for (const auto& [dependent, s] : st.services) {
    const auto to = edges(s);
    if (std::find(to.begin(), to.end(), name) != to.end())
      out.push_back(dependent);
  }
  return out;
}

std::set<std::string> requirements(const stack& st, const std::string& name) {
  return reach(forward(st), name);
}

std::set<std::string> all_dependents(const stack& st, const std::string& name) {
  return reach(backward(forward(st)), name);
}

} // namespace davit::policy
