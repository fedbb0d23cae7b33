#include "runtime/policy/consistency.hpp"

#include "runtime/policy/consistency_parts.hpp"
#include "runtime/policy/graph.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace davit::policy {

namespace {

constexpr std::string_view lower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view digit = "0123456789";
constexpr std::size_t longest_stack_name = 63;
constexpr std::size_t longest_name = 128;

bool only(std::string_view text, std::initializer_list<std::string_view> allowed) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return std::any_of(allowed.begin(), allowed.end(),
                       [&](auto set) { return set.find(c) != std::string_view::npos; });
  });
}

void check_names(const stack& st, std::vector<inconsistency>& out) {
  if (!valid_stack_name(st.name))
    out.push_back({severity::error, "name",
                   "the stack's name " + quoted(st.name) + " is not usable",
                   "use lower-case letters, digits, '-' and '_', at most 63"});
  for (const auto& [name, s] : st.services) {
    const auto path = "services." + name;
    if (!valid_service_name(name))
      out.push_back({severity::error, path, "the service's name " + quoted(name) + " is not usable",
                     "use letters, digits, '.', '-' and '_', at most 128"});
    if (s.name != name)
      out.push_back({severity::error, path,
                     "the service " + quoted(name) + " calls itself " + quoted(s.name),
                     "give it one name"});
    if (!s.container_name.empty() && !valid_engine_name(s.container_name))
      out.push_back({severity::error, path + ".container_name",
                     "the container's name " + quoted(s.container_name) + " is not usable",
                     "use letters, digits, '.', '-' and '_', beginning with a letter or digit"});
  }
  for (const auto& [key, n] : st.networks)
    if (!valid_engine_name(n.name))
      out.push_back({severity::error, "networks." + key,
                     "the network's name " + quoted(n.name) + " is not usable",
                     "use letters, digits, '.', '-' and '_'"});
  for (const auto& [key, v] : st.volumes)
    if (!valid_engine_name(v.name))
      out.push_back({severity::error, "volumes." + key,
                     "the volume's name " + quoted(v.name) + " is not usable",
                     "use letters, digits, '.', '-' and '_'"});
}

void check_container_names(const stack& st, std::vector<inconsistency>& out) {
  std::map<std::string, std::string> owners;
  for (const auto& [name, s] : st.services) {
    const auto [owner, fresh] = owners.emplace(effective_container_name(st, s), name);
    if (!fresh)
      out.push_back({severity::error, "services." + name + ".container_name",
                     "the container name " + quoted(owner->first) + " is taken by the service "
                       + quoted(owner->second) + " too",
                     "give one of them another container_name"});
  }
}

void check_dependencies(const stack& st, std::vector<inconsistency>& out) {
  for (const auto& [name, s] : st.services) {
    for (const auto& [wanted, how] : s.depends_on) {
      const auto path = "services." + name + ".depends_on." + wanted;
      const auto found = st.services.find(wanted);
      if (found == st.services.end()) {
        out.push_back(
          {severity::error, path,
           quoted(name) + " depends on the service " + quoted(wanted) + ", which does not exist",
           "define it, or remove the dependency"});
        continue;
      }
      const auto& target = found->second;
      const bool off = target.healthcheck && target.healthcheck->disable;
      const bool probed = target.davit.probe || target.davit.ready_log;
      if (how.condition == depend_on::healthy && off && !probed)
        out.push_back({severity::error, path,
                       quoted(name) + " waits until " + quoted(wanted)
                         + " is healthy, but its health check is disabled",
                       "give it a healthcheck or an x-davit probe, or wait for service_started"});
      else if (how.condition == depend_on::healthy && !has_readiness(target))
        out.push_back({severity::warning, path,
                       quoted(name) + " waits until " + quoted(wanted)
                         + " is healthy, but the manifest gives it no check",
                       "it counts as ready once it runs, unless its image brings a check"});
      const auto mode = target.davit.recovery.restart;
      const bool restarts = mode == restart_mode::always || mode == restart_mode::unless_stopped;
      if (how.condition == depend_on::completed && restarts)
        out.push_back({severity::warning, path,
                       quoted(name) + " waits until " + quoted(wanted)
                         + " has completed, but that is always restarted",
                       "give it restart: \"no\" or on-failure"});
    }
    for (const auto& host : hosts_of(s))
      if (!st.services.contains(host))
        out.push_back({severity::error, "services." + name,
                       quoted(name)
                         + " shares a namespace of "
                           "the service "
                         + quoted(host) + ", which does not exist",
                       "define it, or change network_mode, ipc or pid"});
  }
  if (const auto cycle = find_cycle(st)) {
    constexpr std::size_t most_shown = 20;
    std::string path = printable(cycle->front());
    for (std::size_t i = 1; i + 1 < cycle->size() && i < most_shown; ++i)
      path += " -> " + printable((*cycle)[i]);
    if (cycle->size() > most_shown + 1)
      path += " -> ... (" + std::to_string(cycle->size() - 1) + " in all)";
    path += " -> " + printable(cycle->back());
    out.push_back({severity::error, "services." + cycle->front() + ".depends_on." + cycle->at(1),
                   "the services wait for each other in a circle: " + path,
                   "remove one of these dependencies"});
  }
}

void check_references(const stack& st, std::vector<inconsistency>& out) {
  const auto missing
    = [&](const std::string& path, const char* what, const std::string& name, const char* section) {
        out.push_back({severity::error, path,
                       std::string("the ") + what + " " + quoted(name) + " is not declared",
                       std::string("add it to the top-level '") + section + "'"});
      };
  for (const auto& [name, s] : st.services) {
    const auto path = "services." + name;
    for (const auto& [key, unused] : s.networks)
      if (!st.networks.contains(key))
        missing(path + ".networks." + key, "network", key, "networks");
    for (const auto& m : s.mounts)
      if (m.type == mount::kind::volume && !m.source.empty() && !st.volumes.contains(m.source))
        missing(path + ".volumes", "volume", m.source, "volumes");
    for (const auto& g : s.secrets)
      if (!st.secrets.contains(g.source))
        missing(path + ".secrets." + g.source, "secret", g.source, "secrets");
    for (const auto& g : s.configs)
      if (!st.configs.contains(g.source))
        missing(path + ".configs." + g.source, "config", g.source, "configs");
  }
}

void check_sources(const stack& st, std::vector<inconsistency>& out) {
  const auto look = [&](const std::string& path, const file_source& source, bool secret) {
    const int given
      = !source.file.empty() + !source.environment.empty() + (source.content.has_value() ? 1 : 0);
    if (given != 1)
      out.push_back(
        {severity::error, path, "exactly one source is needed",
         secret ? "give 'file' or 'environment'" : "give 'file', 'environment' or 'content'"});
    if (secret && source.content)
      out.push_back({severity::error, path, "a secret's content does not belong into a manifest",
                     "put it into a file that only its owner can read, and name that"});
    if (!source.file.empty() && source.file.front() != '/')
      out.push_back(
        {severity::error, path, "the path must be absolute by now", "send a full path"});
  };
  for (const auto& [key, source] : st.secrets)
    look("secrets." + key, source, true);
  for (const auto& [key, source] : st.configs)
    look("configs." + key, source, false);
}

std::string port_words(const port_mapping& p) {
  const auto ip = printable(p.host_ip);
  const auto host = ip.find(':') != std::string::npos ? "[" + ip + "]" : ip;
  return (host.empty() ? "" : host + ":") + std::to_string(p.host_port) + "/"
         + printable(p.protocol);
}

struct claim {
  const port_mapping* port;
  std::string stack;
  std::string service;
};
using claims = std::multimap<std::uint16_t, claim>;

const claim* taken(const claims& all, const port_mapping& p) {
  const auto [from, to] = all.equal_range(p.host_port);
  for (auto i = from; i != to; ++i)
    if (i->second.port->protocol == p.protocol && overlap(i->second.port->host_ip, p.host_ip))
      return &i->second;
  return nullptr;
}

void check_ports(const stack& st, std::vector<inconsistency>& out) {
  claims all;
  for (const auto& [name, s] : st.services)
    for (const auto& p : s.ports) {
      if (p.host_port == 0)
        continue;
      if (const auto* rival = taken(all, p))
        out.push_back({severity::error, "services." + name + ".ports",
                       "the host port " + port_words(p) + " is taken by the service "
                         + quoted(rival->service) + " too",
                       "publish one of them on another port or address"});
      all.emplace(p.host_port, claim{&p, st.name, name});
    }
}

} // namespace

std::string printable(std::string_view text) {
  constexpr std::size_t longest = 80;
  std::string out;
  for (const char c : text.substr(0, longest))
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return text.size() > longest ? out + "..." : out;
}

std::string quoted(std::string_view text) { return "'" + printable(text) + "'"; }

std::vector<inconsistency> check(const stack& st) {
  std::vector<inconsistency> out;
  check_names(st, out);
  check_container_names(st, out);
  check_dependencies(st, out);
  check_references(st, out);
  check_sources(st, out);
  check_ports(st, out);
  for (const auto& [name, s] : st.services)
    check_service("services." + name, s, out);
  return out;
}

std::vector<inconsistency> port_clashes(const stack& st, const std::vector<const stack*>& others) {
  claims ports;
  std::map<std::string, std::pair<std::string, std::string>> names;
  for (const auto* other : others) {
    if (!other || other->name == st.name)
      continue;
    for (const auto& [name, s] : other->services) {
      names.emplace(effective_container_name(*other, s), std::pair(other->name, name));
      for (const auto& p : s.ports)
        if (p.host_port != 0)
          ports.emplace(p.host_port, claim{&p, other->name, name});
    }
  }
  std::vector<inconsistency> out;
  for (const auto& [name, s] : st.services) {
    if (const auto rival = names.find(effective_container_name(st, s)); rival != names.end())
      out.push_back({severity::error, "services." + name + ".container_name",
                     "the container name " + quoted(rival->first) + " is taken by "
                       + printable(rival->second.first) + "/" + printable(rival->second.second),
                     "give this one another container_name"});
    for (const auto& p : s.ports)
      if (p.host_port != 0)
        if (const auto* rival = taken(ports, p))
          out.push_back({severity::error, "services." + name + ".ports",
                         "the host port " + port_words(p) + " is taken by "
                           + printable(rival->stack) + "/" + printable(rival->service),
                         "publish it on another port or address, or uninstall that stack"});
  }
  return out;
}

bool any_error(const std::vector<inconsistency>& found) {
  return std::any_of(found.begin(), found.end(),
                     [](const inconsistency& i) { return i.level == severity::error; });
}

bool valid_stack_name(std::string_view name) {
  return !name.empty() && name.size() <= longest_stack_name && only(name, {lower, digit, "_-"})
         && only(name.substr(0, 1), {lower, digit});
}

bool valid_service_name(std::string_view name) {
  return !name.empty() && name.size() <= longest_name && only(name, {lower, upper, digit, "._-"});
}

bool valid_engine_name(std::string_view name) {
  return !name.empty() && only(name, {lower, upper, digit, "._-"})
         && only(name.substr(0, 1), {lower, upper, digit});
}

std::string effective_container_name(const stack& st, const service& s) {
  return s.container_name.empty() ? st.name + "-" + s.name + "-1" : s.container_name;
}

} // namespace davit::policy
