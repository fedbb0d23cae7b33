// A manifest as the command line finds it: files, env files, variables and secrets are read
// here, where the user stands and with the user's rights; the daemon reads none of them.
#pragma once

#include "runtime/api/request_json.hpp"
#include "runtime/manifest/loader.hpp"
#include "tools/davit/session.hpp"

#include <optional>

namespace davit::cli {

struct manifest_options {
  std::vector<std::string> files; ///< empty: compose.yaml and its like in the working directory
  std::string name;
  std::vector<std::string> env_files;
  std::vector<std::string> profiles;
  std::string config = "/etc/davit/davit.yaml"; ///< may be absent
};

/// FILE..., -f, --name, --env-file, --profile.
void offer_manifest(CLI::App& command, manifest_options& options);

manifest::loaded load_manifest(const manifest_options& options);

/// To standard error, each on a line, coloured by its severity.
void show_findings(const session& with, const std::vector<manifest::finding>& findings);

/// Loads, shows the findings, reads the secrets. Absent: refused, and with.ended says how.
std::optional<api::install_request> read_request(session& with, const manifest_options& options);

} // namespace davit::cli
