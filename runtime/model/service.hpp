// One service of a stack after validation and normalisation: the Compose model in the words
// of the Compose Specification. Everything optional is absent, never a magic value.
#pragma once

#include "runtime/model/rules.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace davit {

using string_map = std::map<std::string, std::string>;

enum class depend_on : std::uint8_t { started, healthy, completed };

struct dependency {
  depend_on condition = depend_on::started;
  bool required = true; ///< false: a failure of it is a warning
  bool restart = false; ///< restarted when the dependency is
  friend bool operator==(const dependency&, const dependency&) = default;
};

struct port_mapping {
  std::string host_ip;         ///< empty: all addresses
  std::uint16_t host_port = 0; ///< 0: podman chooses
  std::uint16_t container_port = 0;
  std::string protocol = "tcp"; ///< tcp, udp, sctp
  friend bool operator==(const port_mapping&, const port_mapping&) = default;
};

struct mount {
  enum class kind : std::uint8_t { bind, volume, tmpfs };
  kind type = kind::volume;
  std::string source; ///< bind: absolute path; volume: key in stack::volumes, empty = anonymous
  std::string target; ///< absolute path in the container
  bool read_only = false;
  bool create_host_path = true;           ///< bind: make the directory if it is missing
  std::vector<std::string> options;       ///< z, Z, nocopy, rshared, ...
  std::optional<std::int64_t> tmpfs_size; ///< bytes
  std::optional<std::uint32_t> tmpfs_mode;
  friend bool operator==(const mount&, const mount&) = default;
};

struct network_attachment {
  std::vector<std::string> aliases; ///< the service's name is always one more
  std::string ipv4;
  std::string ipv6;
  friend bool operator==(const network_attachment&, const network_attachment&) = default;
};

/// A secret or a config given to a service as a file.
struct file_grant {
  std::string source; ///< key in stack::secrets or stack::configs
  std::string target; ///< absolute path in the container
  std::string uid;
  std::string gid;
  std::optional<std::uint32_t> mode;
  friend bool operator==(const file_grant&, const file_grant&) = default;
};

struct healthcheck {
  bool disable = false;          ///< also `test: ["NONE"]`
  std::vector<std::string> test; ///< {"CMD", ...} or {"CMD-SHELL", "..."}; empty: the image's
  std::optional<milliseconds> interval;
  std::optional<milliseconds> timeout;
  std::optional<milliseconds> start_period;
  std::optional<milliseconds> start_interval;
  std::optional<std::uint32_t> retries;
  friend bool operator==(const healthcheck&, const healthcheck&) = default;
};

struct ulimit {
  std::int64_t soft = 0;
  std::int64_t hard = 0;
  friend bool operator==(const ulimit&, const ulimit&) = default;
};

struct resources {
  std::optional<double> cpus;
  std::optional<std::int64_t> memory;      ///< bytes
  std::optional<std::int64_t> memory_swap; ///< bytes, memory included
  std::optional<std::int64_t> memory_reservation;
  std::optional<std::int64_t> pids;
  std::optional<std::int64_t> shm_size; ///< bytes
  std::optional<std::int32_t> oom_score_adj;
  std::optional<std::uint64_t> cpu_shares;
  std::string cpuset;
  std::map<std::string, ulimit> ulimits;
  friend bool operator==(const resources&, const resources&) = default;
};

struct logging {
  std::string driver; ///< k8s-file, journald, none; empty: k8s-file with a size limit
  string_map options; ///< max-size, ...
  friend bool operator==(const logging&, const logging&) = default;
};

enum class pull_policy : std::uint8_t { missing, always, never, build };

struct service {
  std::string name;
  std::string image;
  std::string container_name; ///< empty: STACK-SERVICE-1
  std::string hostname;
  std::string domainname;
  std::string platform;
  davit::pull_policy pull = davit::pull_policy::missing;

  std::optional<std::vector<std::string>> command;    ///< absent: the image's; empty: none
  std::optional<std::vector<std::string>> entrypoint; ///< likewise
  string_map environment;                             ///< env files merged in
  string_map labels;
  string_map annotations;
  std::string user;
  std::string working_dir;
  std::vector<std::string> group_add;
  bool init = false;
  bool tty = false;
  bool stdin_open = false;
  bool read_only = false;
  bool privileged = false;

  std::map<std::string, dependency> depends_on; ///< by service name
  std::vector<std::string> profiles;
  std::vector<port_mapping> ports;
  std::vector<std::string> expose;
  std::vector<mount> mounts;
  std::vector<file_grant> secrets;
  std::vector<file_grant> configs;
  std::map<std::string, network_attachment> networks; ///< by key in stack::networks
  std::string network_mode; ///< "", host, none, bridge, service:X, container:ID
  std::string ipc;          ///< "", host, private, shareable, service:X
  std::string pid;          ///< "", host, service:X
  std::vector<std::string> dns;
  std::vector<std::string> dns_search;
  std::vector<std::string> dns_opt;
  std::vector<std::string> extra_hosts; ///< "host:ip"
  string_map sysctls;
  std::vector<std::string> cap_add;
  std::vector<std::string> cap_drop;
  std::vector<std::string> security_opt;
  std::vector<std::string> devices; ///< "host:container:perms"
  davit::resources resources;
  davit::logging logging;

  std::optional<davit::healthcheck> healthcheck;
  std::string stop_signal; ///< empty: the image's, else SIGTERM
  std::optional<milliseconds> stop_grace_period;
  davit_rules davit; ///< `restart:` is in davit.recovery.restart

  friend bool operator==(const service&, const service&) = default;
};

/// A service that has no readiness of its own counts as ready once it runs.
inline bool has_readiness(const service& s) {
  return (s.healthcheck && !s.healthcheck->disable && !s.healthcheck->test.empty()) || s.davit.probe
         || s.davit.ready_log;
}

} // namespace davit
