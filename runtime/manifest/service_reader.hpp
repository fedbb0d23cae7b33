// One service of a manifest into the model. Split by subject; each part offers its rows to
// the table in service_reader.cpp.
#pragma once

#include "runtime/manifest/fields.hpp"
#include "runtime/model/service.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace davit::manifest {

struct env_file_ref {
  std::string path; ///< absolute
  bool required = true;
  bool raw = false;
  mark at;
};

/// A service while it is read: what only makes sense once all its keys are known.
struct service_draft {
  service s;
  mark at; ///< of its name
  std::vector<env_file_ref> env_files;
  context::pairs environment; ///< a value that is nothing comes from the project's environment
  mark environment_at;
  std::optional<mark> build_at;
  std::optional<mark> networks_at;

  // Both spellings of one thing: `deploy` against the older keys.
  struct limit {
    std::optional<double> cpus;
    std::optional<std::int64_t> memory;
    std::optional<std::int64_t> reservation;
    std::optional<std::int64_t> pids;
  };
  limit deploy_limits;
  mark deploy_at;
  std::optional<std::pair<restart_mode, std::optional<std::uint32_t>>> deploy_restart;
};

/// Reads the service `e` (its name and mapping). `base`: the rules that it inherits.
/// Environment files are not read here, see resolve_environment.
service_draft read_service(const context& c, const entry& e, const davit_rules& base);

/// Fills s.environment: env files in order, then `environment`. `read` gives a file's text.
void resolve_environment(const context& c, service_draft& d,
                         const std::function<result<std::string>(const std::string&)>& read,
                         const std::function<bool(const std::string&)>& exists);

// service_process.cpp: what runs, and its environment
void read_command(const context&, const entry&, service_draft&);
void read_entrypoint(const context&, const entry&, service_draft&);
void read_env_file(const context&, const entry&, service_draft&);
void read_environment(const context&, const entry&, service_draft&);
void read_labels(const context&, const entry&, service_draft&);
void read_build(const context&, const entry&, service_draft&);
void read_pull_policy(const context&, const entry&, service_draft&);
void read_restart(const context&, const entry&, service_draft&);
void read_logging(const context&, const entry&, service_draft&);
void read_scale(const context&, const entry&, service_draft&);

// service_network.cpp
void read_ports(const context&, const entry&, service_draft&);
void read_expose(const context&, const entry&, service_draft&);
void read_service_networks(const context&, const entry&, service_draft&);
void read_links(const context&, const entry&, service_draft&);
void read_extra_hosts(const context&, const entry&, service_draft&);
void read_depends_on(const context&, const entry&, service_draft&);
void read_healthcheck(const context&, const entry&, service_draft&);
void read_network_mode(const context&, const entry&, service_draft&);

// service_storage.cpp
void read_volumes(const context&, const entry&, service_draft&);
void read_tmpfs(const context&, const entry&, service_draft&);
void read_secrets(const context&, const entry&, service_draft&);
void read_configs(const context&, const entry&, service_draft&);
void read_devices(const context&, const entry&, service_draft&);

// service_limits.cpp
void read_deploy(const context&, const entry&, service_draft&);
void read_ulimits(const context&, const entry&, service_draft&);
void read_pids_limit(const context&, const entry&, service_draft&);
/// Brings `deploy` and the older keys together; an error where they disagree.
void settle_limits(const context&, service_draft&);

} // namespace davit::manifest
