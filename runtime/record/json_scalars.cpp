#include "runtime/record/json_scalars.hpp"

#include "runtime/record/text.hpp"

#include <cmath>

namespace davit::record {

namespace {

template <class Time> void read_count(complaints& c, const place& at, const json& from, Time& out) {
  std::int64_t count = 0;
  read_integer(c, at, from, count);
  out = Time{typename Time::duration{count}};
}

} // namespace

json write_scalar(const std::string& value) {
  return is_utf8(value) ? json(value) : json{{"hex", to_hex(value)}};
}
json write_scalar(bool value) { return value; }
json write_scalar(double value) { return value; }
json write_scalar(milliseconds value) { return duration_text(value); }
json write_scalar(wall_time value) { return wall_text(value); }
json write_scalar(ledger_time value) { return value.time_since_epoch().count(); }
json write_scalar(boot_time value) { return value.time_since_epoch().count(); }

void read_scalar(complaints& c, const place& at, const json& from, std::string& out) {
  if (from.is_string()) {
    out = from.get_ref<const std::string&>();
  } else if (from.is_object() && from.size() == 1 && from.contains("hex")
             && from["hex"].is_string()) {
    auto bytes = from_hex(from["hex"].get_ref<const std::string&>());
    if (!bytes)
      return c.add(at, "expected hex digits");
    out = std::move(*bytes);
  } else {
    return c.add(at, "expected a string, found " + kind_of(from));
  }
  if (out.size() > max_string)
    c.add(at, "is longer than " + std::to_string(max_string) + " bytes");
}

void read_scalar(complaints& c, const place& at, const json& from, bool& out) {
  if (!from.is_boolean())
    return c.add(at, "expected true or false, found " + kind_of(from));
  out = from.get<bool>();
}

void read_scalar(complaints& c, const place& at, const json& from, double& out) {
  if (!from.is_number() || !std::isfinite(from.get<double>()))
    return c.add(at, "expected a number, found " + kind_of(from));
  out = from.get<double>();
}

void read_scalar(complaints& c, const place& at, const json& from, milliseconds& out) {
  const auto parsed = from.is_string() ? parse_duration(from.get_ref<const std::string&>())
                                       : std::optional<milliseconds>{};
  if (!parsed || *parsed > max_duration)
    return c.add(at, "expected a duration such as \"30s\" or \"250ms\", at most ten years");
  out = *parsed;
}

void read_scalar(complaints& c, const place& at, const json& from, wall_time& out) {
  const auto parsed = from.is_string() ? parse_wall(from.get_ref<const std::string&>())
                                       : std::optional<wall_time>{};
  if (!parsed)
    return c.add(at, "expected a time such as \"2026-01-31T12:00:00.000Z\"");
  out = *parsed;
}

void read_scalar(complaints& c, const place& at, const json& from, ledger_time& out) {
  read_count(c, at, from, out);
}

void read_scalar(complaints& c, const place& at, const json& from, boot_time& out) {
  read_count(c, at, from, out);
}

} // namespace davit::record
