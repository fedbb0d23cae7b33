// A stack: what one Compose project wants on this host.
#pragma once

#include "runtime/model/service.hpp"

namespace davit {

struct ipam_subnet {
  std::string subnet;
  std::string gateway;
  std::string ip_range;
  friend bool operator==(const ipam_subnet&, const ipam_subnet&) = default;
};

struct network {
  std::string name;   ///< podman's name: STACK_KEY unless given
  std::string driver; ///< empty: bridge
  string_map driver_opts;
  string_map labels;
  std::vector<ipam_subnet> subnets;
  bool internal = false;
  bool enable_ipv6 = false;
  bool external = false; ///< must exist; never created, never removed
  friend bool operator==(const network&, const network&) = default;
};

struct volume {
  std::string name; ///< podman's name: STACK_KEY unless given
  std::string driver;
  string_map driver_opts;
  string_map labels;
  bool external = false;
  friend bool operator==(const volume&, const volume&) = default;
};

/// A secret or a config. Exactly one source. The content of a secret never enters the model:
/// the command line reads it, sends it beside the model, and the daemon keeps it as a file.
struct file_source {
  std::string file;                   ///< absolute path
  std::string environment;            ///< name of a variable where the user stands
  std::optional<std::string> content; ///< configs only
  friend bool operator==(const file_source&, const file_source&) = default;
};

struct stack {
  std::string name;
  std::map<std::string, service> services;
  std::map<std::string, network> networks; ///< by key, `default` included where used
  std::map<std::string, volume> volumes;
  std::map<std::string, file_source> secrets;
  std::map<std::string, file_source> configs;
  std::string working_dir;               ///< absolute; where relative paths were resolved
  std::vector<std::string> config_files; ///< absolute
  friend bool operator==(const stack&, const stack&) = default;
};

} // namespace davit
