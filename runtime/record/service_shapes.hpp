// Every field of a service and the key it has in JSON. Internal to record and api.
// Keys are for ever: stored revisions hold them. Add, never rename.
#pragma once

#include "runtime/model/service.hpp"
#include "runtime/record/rules_shapes.hpp"

namespace davit::record {

template <> struct words<depend_on> {
  static constexpr std::pair<depend_on, const char*> list[] = {
    {depend_on::started, "service_started"},
    {depend_on::healthy, "service_healthy"},
    {depend_on::completed, "service_completed_successfully"},
  };
};
template <> struct words<mount::kind> {
  static constexpr std::pair<mount::kind, const char*> list[] = {
    {mount::kind::bind, "bind"},
    {mount::kind::volume, "volume"},
    {mount::kind::tmpfs, "tmpfs"},
  };
};
template <> struct words<pull_policy> {
  static constexpr std::pair<pull_policy, const char*> list[] = {
    {pull_policy::missing, "missing"},
    {pull_policy::always, "always"},
    {pull_policy::never, "never"},
    {pull_policy::build, "build"},
  };
};

template <> struct shape<dependency> {
  template <class F> static void fields(F& f) {
    f("condition", &dependency::condition);
    f("required", &dependency::required);
    f("restart", &dependency::restart);
  }
};
template <> struct shape<port_mapping> {
  template <class F> static void fields(F& f) {
    f("host_ip", &port_mapping::host_ip);
    f("host_port", &port_mapping::host_port);
    f("container_port", &port_mapping::container_port);
    f("protocol", &port_mapping::protocol);
  }
};
template <> struct shape<mount> {
  template <class F> static void fields(F& f) {
    f("type", &mount::type);
    f("source", &mount::source);
    f("target", &mount::target);
    f("read_only", &mount::read_only);
    f("create_host_path", &mount::create_host_path);
    f("options", &mount::options);
    f("tmpfs_size", &mount::tmpfs_size);
    f("tmpfs_mode", &mount::tmpfs_mode);
  }
};
template <> struct shape<network_attachment> {
  template <class F> static void fields(F& f) {
    f("aliases", &network_attachment::aliases);
    f("ipv4", &network_attachment::ipv4);
    f("ipv6", &network_attachment::ipv6);
  }
};
template <> struct shape<file_grant> {
  template <class F> static void fields(F& f) {
    f("source", &file_grant::source);
    f("target", &file_grant::target);
    f("uid", &file_grant::uid);
    f("gid", &file_grant::gid);
    f("mode", &file_grant::mode);
  }
};
template <> struct shape<healthcheck> {
  template <class F> static void fields(F& f) {
    f("disable", &healthcheck::disable);
    f("test", &healthcheck::test);
    f("interval", &healthcheck::interval);
    f("timeout", &healthcheck::timeout);
    f("start_period", &healthcheck::start_period);
    f("start_interval", &healthcheck::start_interval);
    f("retries", &healthcheck::retries);
  }
};
template <> struct shape<ulimit> {
  template <class F> static void fields(F& f) {
    f("soft", &ulimit::soft);
    f("hard", &ulimit::hard);
  }
};
template <> struct shape<resources> {
  template <class F> static void fields(F& f) {
    f("cpus", &resources::cpus);
    f("memory", &resources::memory);
    f("memory_swap", &resources::memory_swap);
    f("memory_reservation", &resources::memory_reservation);
    f("pids", &resources::pids);
    f("shm_size", &resources::shm_size);
    f("oom_score_adj", &resources::oom_score_adj);
    f("cpu_shares", &resources::cpu_shares);
    f("cpuset", &resources::cpuset);
    f("ulimits", &resources::ulimits);
  }
};
template <> struct shape<logging> {
  template <class F> static void fields(F& f) {
    f("driver", &logging::driver);
    f("options", &logging::options);
  }
};
template <> struct shape<service> {
  template <class F> static void fields(F& f) {
    f("name", &service::name);
    f("image", &service::image);
    f("container_name", &service::container_name);
    f("hostname", &service::hostname);
    f("domainname", &service::domainname);
    f("platform", &service::platform);
    f("pull_policy", &service::pull);
    f("command", &service::command);
    f("entrypoint", &service::entrypoint);
    f("environment", &service::environment);
    f("labels", &service::labels);
    f("annotations", &service::annotations);
    f("user", &service::user);
    f("working_dir", &service::working_dir);
    f("group_add", &service::group_add);
    f("init", &service::init);
    f("tty", &service::tty);
    f("stdin_open", &service::stdin_open);
    f("read_only", &service::read_only);
    f("privileged", &service::privileged);
    f("depends_on", &service::depends_on);
    f("profiles", &service::profiles);
    f("ports", &service::ports);
    f("expose", &service::expose);
    f("mounts", &service::mounts);
    f("secrets", &service::secrets);
    f("configs", &service::configs);
    f("networks", &service::networks);
    f("network_mode", &service::network_mode);
    f("ipc", &service::ipc);
    f("pid", &service::pid);
    f("dns", &service::dns);
    f("dns_search", &service::dns_search);
    f("dns_opt", &service::dns_opt);
    f("extra_hosts", &service::extra_hosts);
    f("sysctls", &service::sysctls);
    f("cap_add", &service::cap_add);
    f("cap_drop", &service::cap_drop);
    f("security_opt", &service::security_opt);
    f("devices", &service::devices);
    f("resources", &service::resources);
    f("logging", &service::logging);
    f("healthcheck", &service::healthcheck);
    f("stop_signal", &service::stop_signal);
    f("stop_grace_period", &service::stop_grace_period);
    f("x-davit", &service::davit);
  }
};

} // namespace davit::record
