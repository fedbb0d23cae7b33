// The health rule: when a container counts as ready or ill, and when it is looked at again.
// A check fails in two ways: it could not look, or it looked and saw ill. Only the second
// counts against anybody.
#pragma once

#include "runtime/model/service.hpp"
#include "runtime/model/status.hpp"

namespace davit::policy {

struct health_rules {
  milliseconds interval = 30s;
  milliseconds timeout = 30s;
  milliseconds start_period{0};     ///< failures in it, or before the first interval, are free
  milliseconds start_interval = 5s; ///< between checks in it
  std::uint32_t retries = 3;        ///< failures in a row that make it ill
  friend bool operator==(const health_rules&, const health_rules&) = default;
};

/// Compose's defaults where the check is silent.
health_rules rules_of(const healthcheck& check);
health_rules rules_of(const probe_spec& probe);

enum class look_result : std::uint8_t { well, ill, could_not_look };

struct health_record {
  readiness now = readiness::starting;
  std::uint32_t failures = 0; ///< in a row, beyond the start period
  std::uint32_t blind = 0;    ///< looks in a row that saw nothing
};

/// Folds one look into the record. @param age  of the life.
void fold(health_record& record, const health_rules& rules, look_result seen, milliseconds age);

/// From the end of one look to the next. Until it was ready once a service is looked at
/// more often: its dependents wait. @param age  of the life.
milliseconds next_look(const health_record& record, const health_rules& rules, milliseconds age);

} // namespace davit::policy
