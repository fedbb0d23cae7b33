// The small texts that records are made of: times, durations, hex, and the check for UTF-8.
#pragma once

#include "runtime/model/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace davit::record {

bool is_utf8(std::string_view text);

/// Two lower-case digits a byte.
std::string to_hex(std::string_view bytes);
/// Absent: not an even number of hex digits.
std::optional<std::string> from_hex(std::string_view text);

/// "30s", or "250ms" where it is no whole number of seconds.
std::string duration_text(milliseconds value);
/// Absent: not of that form, negative, or beyond what fits.
std::optional<milliseconds> parse_duration(std::string_view text);

/// UTC, "2026-01-31T12:00:00.000Z"; years outside 0 to 9999 are clamped.
std::string wall_text(wall_time value);
/// Absent: not exactly of that form, or no such day or hour.
std::optional<wall_time> parse_wall(std::string_view text);

} // namespace davit::record
