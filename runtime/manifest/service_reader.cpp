#include "runtime/manifest/service_reader.hpp"

#include "runtime/manifest/rules_reader.hpp"
#include "runtime/policy/graph.hpp"

#include <limits>

namespace davit::manifest {

namespace {

// Compose has namespaces of services in several keys; each is also an edge.
void shared(service_draft& d, const std::string& mode) {
  if (const auto name = policy::service_of_mode(mode))
    d.s.depends_on.try_emplace(*name, dependency{depend_on::started, true, true});
}

template <auto Member> void text(const context& c, const entry& e, service_draft& d) {
  put(c.text(e), d.s.*Member);
}
template <auto Member> void flag(const context& c, const entry& e, service_draft& d) {
  put(c.boolean(e), d.s.*Member);
}
template <auto Member> void texts(const context& c, const entry& e, service_draft& d) {
  put(c.texts(e), d.s.*Member);
}
template <auto Member> void text_or_texts(const context& c, const entry& e, service_draft& d) {
  put(c.texts(e, true), d.s.*Member);
}
template <auto Member> void map(const context& c, const entry& e, service_draft& d) {
  put(c.map(e), d.s.*Member);
}
template <auto Member> void size(const context& c, const entry& e, service_draft& d) {
  put(c.bytes(e), d.s.resources.*Member);
}

void read_group_add(const context& c, const entry& e, service_draft& d) {
  put(c.texts(e, false, true), d.s.group_add);
}

void read_user(const context& c, const entry& e, service_draft& d) {
  // Compose asks for a string; `user: 1000` is so common a slip that a warning will do.
  if (type_of(e.value) == scalar_type::integer)
    c.out.warning(e.value.at, "'user' should be a string", "put it in quotes");
  put(c.loose_text(e), d.s.user);
}

void read_x_davit(const context& c, const entry& e, service_draft& d) {
  read_rules(c, e, rules_place::service, d.s.davit);
}

constexpr double most_cpus = 100'000;

constexpr key_of<service_draft> table[] = {
  {"annotations", map<&service::annotations>},
  {"attach", ignored},
  {"blkio_config", ignored},
  {"build", read_build},
  {"cap_add", texts<&service::cap_add>},
  {"cap_drop", texts<&service::cap_drop>},
  {"cgroup", not_yet},
  {"cgroup_parent", ignored},
  {"command", read_command},
  {"configs", read_configs},
  {"container_name", text<&service::container_name>},
  {"cpu_count", ignored},
  {"cpu_percent", ignored},
  {"cpu_period", not_yet},
  {"cpu_quota", not_yet},
  {"cpu_rt_period", not_yet},
  {"cpu_rt_runtime", not_yet},
  {"cpu_shares",
   [](auto& c, auto& e, auto& d) {
     if (const auto n = c.integer(e, 0, std::numeric_limits<std::int32_t>::max()))
       d.s.resources.cpu_shares = static_cast<std::uint64_t>(*n);
   }},
  {"cpus",
   [](auto& c, auto& e, auto& d) {
     if (const auto n = c.number(e, 0, most_cpus))
       d.s.resources.cpus = *n;
   }},
  {"cpuset", [](auto& c, auto& e, auto& d) { put(c.loose_text(e), d.s.resources.cpuset); }},
  {"credential_spec", never},
  {"depends_on", read_depends_on},
  {"deploy", read_deploy},
  {"develop", ignored},
  {"device_cgroup_rules", not_yet},
  {"devices", read_devices},
  {"dns", text_or_texts<&service::dns>},
  {"dns_opt", texts<&service::dns_opt>},
  {"dns_search", text_or_texts<&service::dns_search>},
  {"domainname", text<&service::domainname>},
  {"entrypoint", read_entrypoint},
  {"env_file", read_env_file},
  {"environment", read_environment},
  {"expose", read_expose},
  {"extends", not_yet},
  {"external_links", not_yet},
  {"extra_hosts", read_extra_hosts},
  {"gpus", ignored},
  {"group_add", read_group_add},
  {"healthcheck", read_healthcheck},
  {"hostname", text<&service::hostname>},
  {"image", text<&service::image>},
  {"init", flag<&service::init>},
  {"ipc",
   [](auto& c, auto& e, auto& d) {
     put(c.text(e), d.s.ipc);
     shared(d, d.s.ipc);
   }},
  {"isolation", never},
  {"label_file", not_yet},
  {"labels", read_labels},
  {"links", read_links},
  {"logging", read_logging},
  {"mac_address", not_yet},
  {"mem_limit", size<&resources::memory>},
  {"mem_reservation", size<&resources::memory_reservation>},
  {"mem_swappiness", ignored},
  {"memswap_limit", size<&resources::memory_swap>},
  {"models", never},
  {"network_mode",
   [](auto& c, auto& e, auto& d) {
     read_network_mode(c, e, d);
     shared(d, d.s.network_mode);
   }},
  {"networks", read_service_networks},
  {"oom_kill_disable", ignored},
  {"oom_score_adj",
   [](auto& c, auto& e, auto& d) {
     if (const auto n = c.integer(e, -1000, 1000))
       d.s.resources.oom_score_adj = static_cast<std::int32_t>(*n);
   }},
  {"pid",
   [](auto& c, auto& e, auto& d) {
     if (e.value.is_null())
       return;
     put(c.text(e), d.s.pid);
     shared(d, d.s.pid);
   }},
  {"pids_limit", read_pids_limit},
  {"platform", text<&service::platform>},
  {"ports", read_ports},
  {"post_start", not_yet},
  {"pre_start", not_yet},
  {"pre_stop", not_yet},
  {"privileged", flag<&service::privileged>},
  {"profiles", texts<&service::profiles>},
  {"provider", never},
  {"pull_policy", read_pull_policy},
  {"pull_refresh_after", ignored},
  {"read_only", flag<&service::read_only>},
  {"restart", read_restart},
  {"runtime", ignored},
  {"scale", read_scale},
  {"secrets", read_secrets},
  {"security_opt", texts<&service::security_opt>},
  {"shm_size", size<&resources::shm_size>},
  {"stdin_open", flag<&service::stdin_open>},
  {"stop_grace_period",
   [](auto& c, auto& e, auto& d) {
     if (const auto t = c.duration(e))
       d.s.stop_grace_period = *t;
   }},
  {"stop_signal", text<&service::stop_signal>},
  {"storage_opt", ignored},
  {"sysctls", map<&service::sysctls>},
  {"tmpfs", read_tmpfs},
  {"tty", flag<&service::tty>},
  {"ulimits", read_ulimits},
  {"use_api_socket", never},
  {"user", read_user},
  {"userns_mode", not_yet},
  {"uts", not_yet},
  {"volumes", read_volumes},
  {"volumes_from", not_yet},
  {"working_dir", text<&service::working_dir>},
  {"x-davit", read_x_davit},
};

} // namespace

service_draft read_service(const context& c, const entry& e, const davit_rules& base) {
  service_draft d;
  d.s.name = e.key;
  d.s.davit = base;
  d.at = e.at;
  if (!c.want_mapping(e))
    return d;
  read_mapping<service_draft>(c, e.value, "a service", table, d);
  settle_limits(c, d);
  if (d.deploy_restart) {
    d.s.davit.recovery.restart = d.deploy_restart->first;
    d.s.davit.recovery.max_retries = d.deploy_restart->second;
  }
  if (d.build_at && d.s.image.empty())
    c.out.error(*d.build_at, "Davit does not build images yet, and this service names no image",
                "build it with podman and name the result with 'image'");
  else if (d.build_at)
    c.out.warning(*d.build_at, "'build' is not done yet: the image must be there or be pullable",
                  "build it with podman before");
  return d;
}

} // namespace davit::manifest
