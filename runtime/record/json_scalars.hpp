// Single values as JSON and back: the leaves of every record. Internal to record and api.
#pragma once

#include "runtime/model/time.hpp"
#include "runtime/record/json_text.hpp"

namespace davit::record {

/// 10 years: longer durations overflow when they are multiplied or added to a clock.
inline constexpr milliseconds max_duration = std::chrono::hours{24 * 3660};

// Written and read as: a string (bytes that are no UTF-8, which an env file may hold, as
// {"hex": "..."}), true or false, a number, "30s" or "250ms", "2026-01-31T12:00:00.000Z",
// and the counts of the ledger clock (ms) and the boot clock (ns).
json write_scalar(const std::string& value);
json write_scalar(bool value);
json write_scalar(double value);
json write_scalar(milliseconds value);
json write_scalar(wall_time value);
json write_scalar(ledger_time value);
json write_scalar(boot_time value);

void read_scalar(complaints& c, const place& at, const json& from, std::string& out);
void read_scalar(complaints& c, const place& at, const json& from, bool& out);
void read_scalar(complaints& c, const place& at, const json& from, double& out);
void read_scalar(complaints& c, const place& at, const json& from, milliseconds& out);
void read_scalar(complaints& c, const place& at, const json& from, wall_time& out);
void read_scalar(complaints& c, const place& at, const json& from, ledger_time& out);
void read_scalar(complaints& c, const place& at, const json& from, boot_time& out);

/// Whole numbers of any width.
template <class T> void read_integer(complaints& c, const place& at, const json& from, T& out) {
  using bounds = std::numeric_limits<T>;
  bool fits = false;
  if (from.is_number_unsigned())
    fits = std::in_range<T>(from.get<std::uint64_t>());
  else if (from.is_number_integer())
    fits = std::in_range<T>(from.get<std::int64_t>());
  if (!fits)
    return c.add(at, "expected a whole number from " + std::to_string(bounds::min()) + " to "
                       + std::to_string(bounds::max()) + ", found " + kind_of(from));
  out = from.get<T>();
}

} // namespace davit::record
