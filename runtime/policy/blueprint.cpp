#include "runtime/policy/blueprint.hpp"

#include "runtime/policy/consistency.hpp"
#include "runtime/policy/grace_table.hpp"

#include <algorithm>
#include <utility>

namespace davit::policy {

namespace {

template <class Map> std::string name_of(const Map& declared, const std::string& key) {
  auto found = declared.find(key);
  return found == declared.end() || found->second.name.empty() ? key : found->second.name;
}

/// podman names such a volume by 64 hex digits of chance.
bool is_anonymous(const std::string& volume) {
  return volume.size() == 64 && volume.find_first_not_of("0123456789abcdef") == std::string::npos;
}

mount as_bind(const file_grant& grant, const std::string& source) {
  mount out;
  out.type = mount::kind::bind;
  out.source = source;
  out.target = grant.target;
  out.read_only = true;
  out.create_host_path = false;
  return out;
}

std::string join(const std::vector<std::string>& items) {
  std::string out;
  for (auto& item : items)
    out += (out.empty() ? "" : ",") + item;
  return out;
}

string_map labels_of(const stack& st, const service& s, const blueprint_context& with) {
  auto labels = s.labels;
  labels[label::stack] = st.name;
  labels[label::service] = s.name;
  labels[label::revision] = with.revision;
  labels[label::host] = with.host_label;
  if (!with.operation.empty())
    labels[label::operation] = with.operation;
  if (!with.bound_id.empty())
    labels[label::bound_id] = with.bound_id;
  // What other tools look for.
  labels["com.docker.compose.project"] = st.name;
  labels["com.docker.compose.service"] = s.name;
  labels["com.docker.compose.container-number"] = "1";
  labels["com.docker.compose.oneoff"] = "False";
  labels["com.docker.compose.project.working_dir"] = st.working_dir;
  labels["com.docker.compose.project.config_files"] = join(st.config_files);
  return labels;
}

void resolve_networks(const stack& st, service& s) {
  std::map<std::string, network_attachment> resolved;
  for (auto& [key, how] : s.networks) {
    auto attached = how;
    attached.aliases.insert(attached.aliases.begin(), s.name);
    resolved[name_of(st.networks, key)] = std::move(attached);
  }
  s.networks = std::move(resolved);
}

} // namespace

std::string config_file(const std::string& config) { return "config." + config; }

std::vector<std::string> granted(const service& s) {
  std::vector<std::string> out;
  for (auto& grant : s.secrets)
    out.push_back(grant.source);
  for (auto& grant : s.configs)
    out.push_back(config_file(grant.source));
  return out;
}

blueprint make_blueprint(const stack& st, const service& s, const blueprint_context& with) {
  blueprint out;
  out.name = effective_container_name(st, s);
  out.spec = s;
  out.grace = stop_grace(s);
  out.cgroup_parent = with.cgroup_parent;
  out.labels = labels_of(st, s, with);
  resolve_networks(st, out.spec);
  for (auto& m : out.spec.mounts)
    if (m.type == mount::kind::volume && !m.source.empty())
      m.source = name_of(st.volumes, m.source);
  auto folder = with.secret_dir + '/' + st.name + '/';
  for (auto& grant : std::exchange(out.spec.secrets, {}))
    out.spec.mounts.push_back(as_bind(grant, folder + grant.source));
  for (auto& grant : std::exchange(out.spec.configs, {})) {
    auto declared = st.configs.find(grant.source);
    auto on_disk = declared != st.configs.end() && !declared->second.file.empty();
    out.spec.mounts.push_back(
      as_bind(grant, on_disk ? declared->second.file : folder + config_file(grant.source)));
  }
  if (!with.bound_id.empty())
    for (auto* mode : {&out.spec.network_mode, &out.spec.ipc, &out.spec.pid})
      if (mode->starts_with("service:"))
        *mode = "container:" + with.bound_id;
  return out;
}

std::vector<std::string> anonymous_volumes(const observation& seen) {
  std::vector<std::string> out;
  for (auto& [target, name] : seen.volumes)
    if (is_anonymous(name))
      out.push_back(name);
  return out;
}

blueprint with_data_of(blueprint plan, const observation& before) {
  for (auto* key : {label::stack, label::service}) {
    auto had = before.labels.find(key);
    if (had == before.labels.end() || had->second != plan.labels[key])
      return plan;
  }
  auto& mounts = plan.spec.mounts;
  for (auto& [target, name] : before.volumes) {
    if (!is_anonymous(name))
      continue;
    auto same = std::find_if(mounts.begin(), mounts.end(),
                             [&target = target](auto& m) { return m.target == target; });
    if (same == mounts.end())
      mounts.push_back({mount::kind::volume, name, target, false, true, {}, {}, {}});
    else if (same->type == mount::kind::volume && same->source.empty())
      same->source = name;
  }
  return plan;
}

} // namespace davit::policy
