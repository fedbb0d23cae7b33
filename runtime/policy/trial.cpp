#include "runtime/policy/trial.hpp"

#include <algorithm>

namespace davit::policy {

namespace {

bool is_ready(const trial_member& m) {
  return m.alive && (m.ready == readiness::ready || m.ready == readiness::none);
}

std::string in_words(milliseconds span) {
  return std::to_string(std::chrono::ceil<seconds>(span).count()) + " s";
}

/// `restart: no` or `on-failure`: an exit of 0 is all that such a service promises.
bool may_end(const service& s) {
  auto mode = s.davit.recovery.restart;
  return mode == restart_mode::no || mode == restart_mode::on_failure;
}

bool ended_well(const trial_member& m) {
  return m.shown == phase::stopped || m.shown == phase::exited;
}

/// Its gate will not open: what it waits for is over, and nothing will change by itself.
std::optional<trial_verdict> waits_in_vain(const stack& st, const service& s,
                                           const std::map<std::string, trial_member>& members) {
  auto me = members.find(s.name);
  if (me == members.end() || me->second.alive || !me->second.gated)
    return {};
  for (auto& [name, edge] : s.depends_on) {
    auto other = members.find(name);
    auto its = st.services.find(name);
    if (!edge.required || other == members.end() || its == st.services.end())
      continue;
    auto& m = other->second;
    auto promised_no_more = its->second.davit.recovery.restart == restart_mode::no
                            && edge.condition == depend_on::started && ended_well(m);
    if (m.stuck && !m.alive && !m.completed && !promised_no_more)
      return trial_failed{s.name, "waits for " + name + ", which is " + m.words};
  }
  return {};
}

/// What one service says: absent means that it has passed.
std::optional<trial_verdict> judge_one(const service& s, const trial_member& m, trial_until until,
                                       boot_time now) {
  if (m.completed)
    return {};
  if (m.stuck && !m.alive) {
    if (!m.job && m.started && may_end(s) && ended_well(m))
      return {};
    return trial_failed{s.name, m.words};
  }
  if (until != trial_until::held) {
    if (m.started || (m.gated && until == trial_until::begun))
      return {};
    return trial_pending{{}, s.name + " to start"};
  }
  if (m.job)
    return trial_pending{{}, s.name + " to complete"};
  if (is_ready(m)) {
    auto quiet = m.ready_since.value_or(now) + s.davit.post_start_window;
    if (quiet <= now)
      return {};
    return trial_pending{quiet, s.name + " to stay up"};
  }
  if (!m.alive)
    return trial_pending{{}, s.name + " to start"};
  auto limit = s.davit.readiness_deadline + start_period(s);
  auto deadline = m.alive_since.value_or(now) + limit;
  if (deadline <= now)
    return trial_failed{s.name, "was not ready within " + in_words(limit) + ": " + m.words};
  return trial_pending{deadline, s.name + " to be ready"};
}

} // namespace

milliseconds start_period(const service& s) {
  if (s.davit.probe)
    return s.davit.probe->start_period;
  return s.healthcheck && s.healthcheck->start_period ? *s.healthcheck->start_period : 0ms;
}

trial_verdict judge(const stack& st, const std::map<std::string, trial_member>& members,
                    trial_until until, boot_time now) {
  std::optional<trial_pending> pending;
  for (auto& [name, s] : st.services) {
    auto seen = members.find(name);
    auto one = until == trial_until::held ? waits_in_vain(st, s, members) : std::nullopt;
    if (!one)
      one = judge_one(s, seen == members.end() ? trial_member{} : seen->second, until, now);
    if (!one)
      continue;
    if (std::holds_alternative<trial_failed>(*one))
      return *one;
    auto& next = std::get<trial_pending>(*one);
    if (!pending) {
      pending = next;
      continue;
    }
    pending->waiting_for += ", " + next.waiting_for;
    if (next.judge_at)
      pending->judge_at
        = pending->judge_at ? std::min(*pending->judge_at, *next.judge_at) : *next.judge_at;
  }
  if (pending)
    return *pending;
  return trial_passed{};
}

} // namespace davit::policy
