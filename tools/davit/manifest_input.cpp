// A manifest as the command line finds it.
#include "tools/davit/manifest_input.hpp"

#include "runtime/effects/manifest_files.hpp"
#include "tools/davit/text.hpp"

#include <cstdlib>
#include <filesystem>
#include <set>

#include <pwd.h>
#include <unistd.h>

extern char** environ;

namespace davit::cli {
namespace {

string_map environment_here() {
  string_map all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    const auto equals = text.find('=');
    if (equals != std::string_view::npos)
      all.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return all;
}

/// Who asks, for the daemon's audit: behind sudo the person, not root.
std::string author_here() {
  const char* behind_sudo = std::getenv("SUDO_USER");
  if (behind_sudo && *behind_sudo)
    return behind_sudo;
  const passwd* who = ::getpwuid(::getuid());
  return who ? who->pw_name : std::to_string(::getuid());
}

/// The content of one secret or config, from its file or its variable.
result<std::string> content_of(const std::string& kind, const std::string& name,
                               const file_source& source, const string_map& environment) {
  const std::string place = kind + " '" + name + "'";
  if (!source.environment.empty()) {
    const auto found = environment.find(source.environment);
    if (found == environment.end())
      return fail(errc::invalid, place + ": the variable " + source.environment + " is not set",
                  "Set it in the environment or in an env file.");
    return found->second;
  }
  auto text = effects::read_any_file(source.file);
  if (!text)
    return fail(errc::invalid, place + ": " + text.error().message, text.error().remedy);
  return text;
}

/// Only what a service is granted: a secret that nobody uses need not be there.
result<void> read_grants(const manifest::loaded& from, api::install_request& into) {
  std::set<std::string> secrets;
  std::set<std::string> configs;
  for (const auto& [name, one] : from.model.services) {
    for (const file_grant& grant : one.secrets)
      secrets.insert(grant.source);
    for (const file_grant& grant : one.configs)
      configs.insert(grant.source);
  }
  for (const auto& [name, source] : from.model.secrets) {
    if (!secrets.contains(name))
      continue;
    auto content = content_of("secret", name, source, from.environment);
    if (!content)
      return tl::unexpected<error>(std::move(content.error()));
    into.secrets[name] = std::move(*content);
  }
  // A config that comes from a variable is text from here on: the daemon has no such variable.
  for (auto& [name, source] : into.model.configs) {
    if (!configs.contains(name) || source.environment.empty() || source.content)
      continue;
    auto content = content_of("config", name, source, from.environment);
    if (!content)
      return tl::unexpected<error>(std::move(content.error()));
    source.content = std::move(*content);
    source.environment.clear();
  }
  return {};
}

/// The manifest's text, kept by the daemon beside the model for whoever asks later.
result<std::string> source_text(const stack& model) {
  std::string all;
  for (const std::string& file : model.config_files) {
    auto text = effects::read_manifest_file(file);
    if (!text)
      return text;
    if (model.config_files.size() > 1)
      all += "# " + file + "\n";
    all += *text;
  }
  return all;
}

} // namespace

void offer_manifest(CLI::App& command, manifest_options& options) {
  command.add_option("FILE,-f,--file", options.files,
                     "Compose files; a later one is laid over an earlier one\n"
                     "(default: compose.yaml in the working directory)");
  command.add_option("--name,-p,--project-name", options.name,
                     "Name of the stack, over what the file says");
  command.add_option("--env-file", options.env_files, "Variables for the manifest")
    ->expected(1)
    ->take_all();
  command.add_option("--config", options.config, "Host-wide defaults")->capture_default_str();
  command.add_option("--profile", options.profiles, "Activate a profile")->expected(1)->take_all();
}

manifest::loaded load_manifest(const manifest_options& options) {
  manifest::inputs in;
  std::error_code trouble;
  in.files = options.files;
  in.project_name = options.name;
  in.env_files = options.env_files;
  in.environment = environment_here();
  in.profiles = options.profiles;
  in.working_dir = std::filesystem::current_path(trouble).string();
  in.read = effects::read_manifest_file;
  in.exists = effects::manifest_file_exists;
  // What the host's administrator decided for all services; what is wrong with it is told too.
  auto host = manifest::load_host_config(options.config, in.read, in.exists);
  in.defaults = host.defaults;
  auto out = manifest::load(in);
  out.findings.insert(out.findings.begin(), host.findings.begin(), host.findings.end());
  return out;
}

void show_findings(const session& with, const std::vector<manifest::finding>& findings) {
  for (const auto& one : findings) {
    const bool bad = one.level == manifest::severity::error;
    with.remark(with.err.in(bad ? effects::paint::red : effects::paint::yellow,
                            printable(manifest::to_string(one))));
  }
}

std::optional<api::install_request> read_request(session& with, const manifest_options& options) {
  manifest::loaded loaded = load_manifest(options);
  show_findings(with, loaded.findings);
  if (loaded.refused()) {
    with.ended = bad_usage;
    return std::nullopt;
  }
  api::install_request request;
  request.model = loaded.model;
  request.author = author_here();
  if (auto grants = read_grants(loaded, request); !grants) {
    with.complain(grants.error());
    with.ended = bad_usage;
    return std::nullopt;
  }
  auto source = source_text(loaded.model);
  if (!source) {
    with.complain(source.error());
    with.ended = bad_usage;
    return std::nullopt;
  }
  request.source = std::move(*source);
  return request;
}

} // namespace davit::cli
