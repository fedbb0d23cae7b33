#include "tools/davitd/options.hpp"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

namespace davit::daemon {

namespace {

std::string from_environment(const char* name) {
  auto* value = std::getenv(name); // once, before any thread
  return value ? value : "";
}

/// $CONTAINER_HOST, else where podman's socket unit puts it for root or for this user.
std::string default_podman() {
  if (auto host = from_environment("CONTAINER_HOST"); !host.empty())
    return host;
  if (::geteuid() == 0)
    return "unix:///run/podman/podman.sock";
  auto runtime = from_environment("XDG_RUNTIME_DIR");
  if (runtime.empty())
    runtime = "/run/user/" + std::to_string(::geteuid());
  return "unix://" + runtime + "/podman/podman.sock";
}

std::string default_state() {
  auto given = from_environment("STATE_DIRECTORY"); // systemd's StateDirectory=
  return given.empty() ? "/var/lib/davit" : given.substr(0, given.find(':'));
}

} // namespace

std::optional<options> parse(int argc, char** argv, int& exit_code) {
  options out{default_podman(), default_state(), "unix:///run/davit/davit.sock",
              "/etc/davit/davit.yaml", "info"};
  CLI::App app{"Keeps the workloads of this host running, and says why when it does not."};
  app.name("davitd");
  app.set_version_flag("--version", DAVIT_VERSION);
  app.add_option("--podman", out.podman, "podman's API socket, unix:///PATH")
    ->capture_default_str();
  app.add_option("--state", out.state, "folder of everything durable")->capture_default_str();
  app
    .add_option("--listen", out.listen,
                "where the API listens: unix:///PATH or http://127.0.0.1:PORT")
    ->capture_default_str();
  app.add_option("--config", out.config, "host-wide configuration")->capture_default_str();
  app.add_option("--log-level", out.log_level, "how much is logged")
    ->check(CLI::IsMember({"trace", "debug", "info", "warning", "error"}))
    ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    exit_code = app.exit(e) == 0 ? 0 : 2;
    return std::nullopt;
  }
  out.state = std::filesystem::absolute(out.state).lexically_normal().string();
  return out;
}

result<std::string> socket_path(const std::string& url) {
  constexpr std::string_view scheme = "unix://";
  if (!url.starts_with(scheme) || url.size() == scheme.size() || url[scheme.size()] != '/')
    return fail(errc::invalid, "--podman " + url + " is no Unix socket",
                "Give it as unix:///run/podman/podman.sock.");
  return url.substr(scheme.size());
}

} // namespace davit::daemon
