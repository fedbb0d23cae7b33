// Text for people: tables, ages, and what a terminal must never be sent.
#pragma once

#include "runtime/effects/terminal.hpp"
#include "runtime/model/time.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace davit::cli {

/// Without control characters: a container must not steer the terminal through its name or
/// its last words. Bytes that are no UTF-8 become '?'.
std::string printable(std::string_view text);

/// "850ms", "12s", "3m 20s", "5h 4m", "12d 3h": the two largest units, rounded down.
std::string format_duration(milliseconds span);

struct cell {
  std::string text;
  effects::paint colour = effects::paint::plain;
};

/// Rows under a header, columns as wide as their widest cell. On a terminal the last column
/// is cut to what fits; in a pipe nothing is.
std::vector<std::string> table(const std::vector<std::string>& header,
                               const std::vector<std::vector<cell>>& rows,
                               const effects::terminal& on);

/// Columns that a terminal uses for it: one a code point.
std::size_t display_width(std::string_view text);

} // namespace davit::cli
