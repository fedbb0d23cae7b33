// The little languages inside a manifest's strings: durations, sizes, ports, volumes, shell
// words. Each takes a text and gives a value or says what is wrong with it.
#pragma once

#include "runtime/model/result.hpp"
#include "runtime/model/stack.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace davit::manifest {

/// "1h30m", "1.5s", "500ms", "0". Units: ns us ms s m h d w, any order. A part of a
/// millisecond counts as a whole one. Negative durations are an error.
result<milliseconds> parse_duration(std::string_view text);

/// "64m", "1.5 GiB", "1024": bytes, units of 1024, upper or lower case. "-1" is allowed, as
/// Compose means "no limit" by it.
result<std::int64_t> parse_bytes(std::string_view text);

/// "0444" or "444": octal permission bits.
result<std::uint32_t> parse_mode(std::string_view text);

/// "[[IP:][host[-host]]:]container[-container][/protocol]" with all ranges spelt out. Where a
/// range of host ports meets one container port, `note` says that the first is taken.
result<std::vector<port_mapping>> parse_ports(std::string_view text, std::string& note);

/// "8000" or "8000-8010": first and last.
result<std::pair<std::uint16_t, std::uint16_t>> parse_port_range(std::string_view text);

/// A volume's short form with its parts as written: relative paths are not resolved yet.
struct short_volume {
  std::string source; ///< empty: anonymous
  std::string target;
  std::vector<std::string> options;
};
result<short_volume> parse_volume(std::string_view text);

/// Whether a short form's source is a path of the host rather than a volume's name.
bool looks_like_path(std::string_view source);

/// A command line into words by the rules of a POSIX shell: quotes and backslashes, nothing
/// expanded. Operators of the shell (`|`, `&`, `;`) are plain characters.
result<std::vector<std::string>> shell_words(std::string_view text);

/// `base` joined with `path` where that is relative; "." and ".." removed. `~` becomes home.
std::string resolve_path(const std::string& base, std::string path, const std::string& home);

} // namespace davit::manifest
