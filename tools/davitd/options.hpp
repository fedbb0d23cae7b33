// The command line of davitd.
#pragma once

#include "runtime/model/result.hpp"

#include <optional>
#include <string>

namespace davit::daemon {

struct options {
  std::string podman; ///< unix:///path
  std::string state;  ///< absolute
  std::string listen; ///< unix:///path, or http:// on loopback
  std::string config;
  std::string log_level;
};

/// Absent: the process ends with `exit_code` (help, version, bad usage: already printed).
std::optional<options> parse(int argc, char** argv, int& exit_code);

/// The path behind unix://. Errors: invalid.
result<std::string> socket_path(const std::string& url);

} // namespace davit::daemon
