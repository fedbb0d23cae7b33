#include "runtime/policy/restart.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace davit::policy {

namespace {

constexpr std::array<std::pair<cause, const char*>, 10> cause_names{{
  {cause::ordered, "ordered"},
  {cause::crash, "crash"},
  {cause::ill, "ill"},
  {cause::clean, "clean"},
  {cause::start_failed, "start_failed"},
  {cause::lost, "lost"},
  {cause::by_hand, "by_hand"},
  {cause::ours, "ours"},
  {cause::dependency, "dependency"},
  {cause::boot, "boot"},
}};

/// Never by itself. Far enough for any clock, near enough for arithmetic not to overflow.
constexpr ledger_time never{std::chrono::hours{24 * 365 * 1000}};

void prune(std::deque<ledger_time>& times, milliseconds window, ledger_time now) {
  while (!times.empty() && times.front() + window <= now)
    times.pop_front();
}

std::string in_words(milliseconds window) {
  if (window % 1min == 0ms)
    return std::to_string(window / 1min) + " min";
  return std::to_string(std::chrono::ceil<seconds>(window).count()) + " s";
}

std::string count_of(std::size_t n, std::size_t max, const char* what, milliseconds window) {
  return std::to_string(n) + " of " + std::to_string(max) + ' ' + what + " in " + in_words(window);
}

refusal at_ceiling(const restart_ledger& ledger, const recovery_rules& rules) {
  return {refusal::rule::ceiling, ledger.automatic.front() + rules.ceiling.window,
          count_of(ledger.automatic.size(), rules.ceiling.starts, "automatic starts",
                   rules.ceiling.window)};
}

milliseconds longer(milliseconds wait, const breaker_rules& rules, bool critical) {
  auto cap = critical ? std::min(rules.max, rules.cooldown) : rules.max;
  if (wait <= 0ms)
    return std::min(rules.cooldown, cap);
  auto next = static_cast<double>(wait.count()) * rules.factor;
  return milliseconds{
    static_cast<milliseconds::rep>(std::min(next, static_cast<double>(cap.count())))};
}

refusal open_breaker(restart_ledger& ledger, const recovery_rules& rules, bool critical,
                     std::string reason, ledger_time now) {
  ledger.breaker = breaker_state::open;
  ledger.cooldown = longer(ledger.cooldown, rules.breaker, critical);
  return {refusal::rule::breaker, now + ledger.cooldown, std::move(reason)};
}

/// Whether the trial of an operation ends here.
std::optional<refusal> trial_over(restart_ledger& ledger, const charge_request& request) {
  if (request.trial.empty() || request.why == cause::ordered)
    return std::nullopt;
  if (ledger.trial != request.trial) {
    ledger.trial = request.trial;
    ledger.trial_restarts = 0;
  }
  if (request.fatal)
    return refusal{refusal::rule::trial, never, "the start can never succeed"};
  if (!costs_budget(request.why))
    return std::nullopt;
  if (ledger.trial_restarts >= trial_restarts_max)
    return refusal{refusal::rule::trial, never,
                   "restarted " + std::to_string(ledger.trial_restarts)
                     + " times during its trial"};
  return std::nullopt;
}

/// The rules in the order in which they are asked. A refusal charges nothing.
std::optional<refusal> refused(restart_ledger& ledger, const recovery_rules& rules, bool critical,
                               const charge_request& request, ledger_time now) {
  if (request.why == cause::ordered)
    return std::nullopt; // a person's word, and each word is obeyed once
  if (request.why == cause::ill && request.stop_when_ill)
    return refusal{refusal::rule::ill, never, "ill, and on_unhealthy says stop"};
  if (auto over = trial_over(ledger, request))
    return over;
  if (rules.restart == restart_mode::on_failure && rules.max_retries && costs_budget(request.why)
      && ledger.streak >= *rules.max_retries)
    return refusal{refusal::rule::retries, never,
                   "restart: on-failure:" + std::to_string(*rules.max_retries) + " is used up"};
  if (ledger.automatic.size() >= rules.ceiling.starts)
    return at_ceiling(ledger, rules);
  if (!costs_budget(request.why))
    return std::nullopt;
  if (ledger.breaker == breaker_state::half_open)
    return open_breaker(ledger, rules, critical, "the trial start failed", now);
  if (ledger.charged.size() >= rules.budget.restarts)
    return open_breaker(
      ledger, rules, critical,
      count_of(ledger.charged.size(), rules.budget.restarts, "restarts", rules.budget.window), now);
  return std::nullopt;
}

permit release(restart_ledger& ledger, ledger_time not_before) {
  return {++ledger.permits, not_before};
}

} // namespace

const char* to_string(cause c) {
  for (auto& [value, name] : cause_names)
    if (value == c)
      return name;
  return "crash";
}

std::optional<cause> cause_from(const std::string& text) {
  for (auto& [value, name] : cause_names)
    if (text == name)
      return value;
  return std::nullopt;
}

const char* to_string(refusal::rule rule) {
  switch (rule) {
    case refusal::rule::breaker: return "breaker";
    case refusal::rule::ceiling: return "ceiling";
    case refusal::rule::trial: return "trial";
    case refusal::rule::ill: return "ill";
    case refusal::rule::retries: return "retries";
  }
  return "breaker";
}

const char* to_string(breaker_state state) {
  switch (state) {
    case breaker_state::closed: return "closed";
    case breaker_state::open: return "open";
    case breaker_state::half_open: return "half_open";
  }
  return "closed";
}

milliseconds backoff(const backoff_rules& rules, std::uint32_t streak, double random) {
  if (streak == 0)
    return 0ms;
  // 2^40 ms exceeds any sane maximum; stopping there keeps the power finite.
  auto steps = static_cast<double>(std::min<std::uint32_t>(streak - 1, 40));
  auto delay = static_cast<double>(rules.initial.count()) * std::pow(rules.factor, steps);
  delay = std::min(delay, static_cast<double>(rules.max.count()));
  delay *= 1.0 + rules.jitter * (2.0 * random - 1.0);
  return milliseconds{static_cast<milliseconds::rep>(delay)};
}

std::optional<verdict> charge(restart_ledger& ledger, const recovery_rules& rules, bool critical,
                              const charge_request& request, ledger_time now, double random) {
  prune(ledger.charged, rules.budget.window, now);
  prune(ledger.automatic, rules.ceiling.window, now);
  if (!request.ended.id.empty())
    ledger.charged_life = request.ended;
  ledger.last_cause = request.why;
  if (!request.completed_hash.empty()) {
    ledger.completed_hash = request.completed_hash;
    settle(ledger); // a job passes its trial by completing
  }
  if (!request.wants_permit) {
    ledger.last.reset();
    return std::nullopt;
  }
  // A breaker whose wait is over lets one trial through, whatever it was that ended before.
  auto* before = ledger.last ? std::get_if<refusal>(&*ledger.last) : nullptr;
  auto trial = ledger.breaker == breaker_state::open
               && (request.why == cause::ordered || !before || before->until <= now);
  if (ledger.breaker == breaker_state::open && !trial)
    return ledger.last; // still open, whatever ended meanwhile
  if (trial)
    ledger.breaker = breaker_state::half_open;
  auto judged = request;
  if (trial && costs_budget(request.why))
    judged.why = cause::dependency; // the trial itself is free of budget, not of the ceiling
  if (auto no = refused(ledger, rules, critical, judged, now)) {
    if (trial)
      ledger.breaker = breaker_state::open;
    return ledger.last = verdict{*no};
  }
  auto wait = 0ms;
  if (costs_budget(judged.why)) {
    wait = request.trial.empty()
             ? backoff(rules.backoff, ledger.streak, random)
             : std::min(backoff(rules.backoff, ledger.streak, random), milliseconds{1s});
    ++ledger.streak;
    ++ledger.total;
    if (!request.trial.empty())
      ++ledger.trial_restarts;
    ledger.charged.push_back(now);
  }
  if (request.why != cause::ordered)
    ledger.automatic.push_back(now);
  ledger.order_paid = std::max(ledger.order_paid, request.order);
  return ledger.last = verdict{release(ledger, now + wait)};
}

void forgive(restart_ledger& ledger) {
  ledger.streak = 0;
  ledger.charged.clear();
  ledger.breaker = breaker_state::closed;
  ledger.cooldown = 0ms;
}

bool settle(restart_ledger& ledger) {
  if (ledger.breaker != breaker_state::half_open)
    return false;
  forgive(ledger);
  return true;
}

std::optional<verdict> reset(restart_ledger& ledger, const recovery_rules& rules, ledger_time now) {
  forgive(ledger);
  if (!ledger.last)
    return std::nullopt;
  if (auto* granted = std::get_if<permit>(&*ledger.last)) {
    granted->not_before = std::min(granted->not_before, now);
    return ledger.last;
  }
  auto by = std::get<refusal>(*ledger.last).by;
  if (by == refusal::rule::trial || by == refusal::rule::ill || by == refusal::rule::retries)
    return ledger.last;
  prune(ledger.automatic, rules.ceiling.window, now);
  if (ledger.automatic.size() >= rules.ceiling.starts)
    return ledger.last = verdict{at_ceiling(ledger, rules)};
  ledger.automatic.push_back(now);
  return ledger.last = verdict{release(ledger, now)};
}

void grant(restart_ledger& ledger, ledger_time now) {
  if (ledger.breaker != breaker_state::open || !ledger.last)
    return;
  if (auto* no = std::get_if<refusal>(&*ledger.last); no && no->by == refusal::rule::breaker)
    no->until = std::min(no->until, now);
}

std::uint32_t in_window(const restart_ledger& ledger, const recovery_rules& rules,
                        ledger_time now) {
  return static_cast<std::uint32_t>(
    std::count_if(ledger.charged.begin(), ledger.charged.end(),
                  [&](ledger_time at) { return at + rules.budget.window > now; }));
}

} // namespace davit::policy
