#include "runtime/policy/health.hpp"

#include <algorithm>

namespace davit::policy {

namespace {

/// Until it is ready for the first time a service is looked at after its age again, at least
/// after this long: what is ready within a second is found within a tenth of one, and what
/// takes minutes costs little.
constexpr milliseconds eager_min = 50ms;

/// Before this age no other tool would have looked a first time: a failure says nothing.
bool is_early(const health_record& record, const health_rules& rules, milliseconds age) {
  return record.now == readiness::starting && age < std::max(rules.start_period, rules.interval);
}

} // namespace

health_rules rules_of(const healthcheck& check) {
  health_rules out;
  out.interval = check.interval.value_or(out.interval);
  out.timeout = check.timeout.value_or(out.timeout);
  out.start_period = check.start_period.value_or(out.start_period);
  out.start_interval = check.start_interval.value_or(out.start_interval);
  out.retries = std::max<std::uint32_t>(1, check.retries.value_or(out.retries));
  return out;
}

health_rules rules_of(const probe_spec& probe) {
  health_rules out;
  out.interval = probe.interval;
  out.timeout = probe.timeout;
  out.start_period = probe.start_period;
  out.start_interval = probe.interval;
  out.retries = std::max<std::uint32_t>(1, probe.retries);
  return out;
}

void fold(health_record& record, const health_rules& rules, look_result seen, milliseconds age) {
  if (seen == look_result::could_not_look) {
    ++record.blind;
    return;
  }
  record.blind = 0;
  if (seen == look_result::well) {
    record.failures = 0;
    record.now = readiness::ready;
    return;
  }
  if (is_early(record, rules, age))
    return;
  if (++record.failures >= rules.retries)
    record.now = readiness::ill;
}

milliseconds next_look(const health_record& record, const health_rules& rules, milliseconds age) {
  if (!is_early(record, rules, age))
    return rules.interval;
  auto eager = std::max(eager_min, age / 2);
  return std::min({eager, rules.start_interval, rules.interval});
}

} // namespace davit::policy
