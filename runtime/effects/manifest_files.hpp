// The files that the manifest loader asks for, read with limits: a manifest may name anything,
// a device that never ends or a pipe that never answers included.
#pragma once

#include "runtime/model/result.hpp"

#include <cstddef>
#include <string>

namespace davit::effects {

/// The largest manifest, env file, secret or config.
inline constexpr std::size_t largest_manifest_file = std::size_t{4} << 20;

/// The text of a regular file, links followed. Never waits. Errors:
///   not_found  there is no such file
///   denied     it must not be read
///   invalid    a directory, device, pipe or socket; more than 4 MiB; a NUL byte in it
///   io         anything else the system says
/// The message names the path and never the content.
result<std::string> read_manifest_file(const std::string& path);

/// The same, NUL bytes allowed: secrets and configs may be binary.
result<std::string> read_any_file(const std::string& path);

/// Whether something of any kind is there, so that reading it can say what is wrong with it.
bool manifest_file_exists(const std::string& path);

} // namespace davit::effects
