// Compose files to a stack.
//
//   files ─▶ YAML ─▶ variables ─▶ merge ─▶ read ─▶ profiles ─▶ env files ─▶ normalise ─▶ check
//            each file, each document       one tree, one stack
//
// Pure: files come through `read` and `exists`, the environment is a value.
#pragma once

#include "runtime/manifest/finding.hpp"
#include "runtime/model/result.hpp"
#include "runtime/model/stack.hpp"

#include <functional>
#include <string>
#include <vector>

namespace davit::manifest {

struct inputs {
  /// As the user wrote them, relative to working_dir; a later one is laid over an earlier one.
  /// Empty: $COMPOSE_FILE, else compose.yaml, compose.yml, docker-compose.yml or .yaml in
  /// working_dir, with its override file.
  std::vector<std::string> files;
  std::string project_name;           ///< from --name; empty: from the files
  std::vector<std::string> env_files; ///< from --env-file; empty: .env beside the first file
  string_map environment;             ///< the process's; it wins over all files
  std::vector<std::string> profiles;  ///< active ones, "*" is all; empty: $COMPOSE_PROFILES
  std::string working_dir;            ///< absolute: where the user stands
  davit_rules defaults;               ///< what services inherit, from the host's configuration
  /// The text of the file at an absolute path; effects/manifest_files has the real ones.
  std::function<result<std::string>(const std::string& path)> read;
  std::function<bool(const std::string& path)> exists;
};

struct loaded {
  stack model; ///< whole where !refused(), else what could be read
  std::vector<finding> findings;
  /// The project's variables, .env included: where a secret's `environment` is looked up.
  /// Never to be logged.
  string_map environment;

  bool refused() const { return any_error(findings); }
};

/// Never throws for any input, and reads nothing but what `in` names. Every finding is
/// answered, not only the first.
loaded load(const inputs& in);

/// Lower case, only [a-z0-9_-], not beginning with '_' or '-'. May be empty.
std::string normal_project_name(std::string_view name);

struct host_config {
  davit_rules defaults;
  std::vector<finding> findings;
};

/// /etc/davit/davit.yaml: `defaults:` with the names of x-davit. A file that is not there
/// means all the built-in defaults.
host_config load_host_config(const std::string& path,
                             const std::function<result<std::string>(const std::string&)>& read,
                             const std::function<bool(const std::string&)>& exists);

} // namespace davit::manifest
