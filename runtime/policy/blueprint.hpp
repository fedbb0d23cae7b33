// From a service of a stack to the container that it becomes: every name resolved, every
// default decided, every label but the configuration's hash set.
#pragma once

#include "runtime/model/life.hpp"
#include "runtime/model/stack.hpp"

namespace davit::policy {

struct blueprint_context {
  std::string revision;
  std::string operation; ///< what creates it; a rollback removes only its own
  std::string host_label;
  std::string cgroup_parent; ///< empty: podman's default
  std::string secret_dir;    ///< holds STACK/NAME for every secret and config
  std::string bound_id;      ///< the container whose namespaces it shares, or empty
};

/// @pre `s` is a service of `st`, and `st` passed the consistency check.
blueprint make_blueprint(const stack& st, const service& s, const blueprint_context& with);

/// The plan for the container that follows `before`, on its anonymous volumes: what an image
/// declares as VOLUME may be all the data there is. Of a container that is not of this service
/// nothing is taken.
blueprint with_data_of(blueprint plan, const observation& before);

/// The names of the anonymous volumes that it is on.
std::vector<std::string> anonymous_volumes(const observation& seen);

/// Under which name the content of a config is kept beside the secrets. One that comes from a
/// file of the user's is bound from there, as Compose does.
std::string config_file(const std::string& config);

/// Secrets and configs that the service is granted, by the names of their files.
std::vector<std::string> granted(const service& s);

} // namespace davit::policy
