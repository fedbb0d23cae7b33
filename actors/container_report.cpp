// What a container tells of itself: its phase, its report to the stack, and why.
#include "actors/container_actor.hpp"
#include "runtime/policy/exits.hpp"

namespace davit::actors {

namespace {

/// A moment of the ledger clock on a person's watch.
wall_time on_the_wall(ledger_time when, const moment& now) {
  return now.wall + (when - now.ledger);
}

/// The next start, where a timer decides it.
std::optional<wall_time> next_attempt(const std::optional<policy::verdict>& verdict,
                                      const moment& now) {
  if (!verdict)
    return std::nullopt;
  if (auto* yes = std::get_if<policy::permit>(&*verdict))
    return yes->not_before > now.ledger ? std::optional{on_the_wall(yes->not_before, now)}
                                        : std::nullopt;
  auto& no = std::get<policy::refusal>(*verdict);
  auto timed = no.by == policy::refusal::rule::breaker || no.by == policy::refusal::rule::ceiling;
  return timed ? std::optional{on_the_wall(no.until, now)} : std::nullopt;
}

bool finished(phase p) {
  return p == phase::broken || p == phase::crashed || p == phase::killed || p == phase::exited
         || p == phase::stopped || p == phase::completed || p == phase::held;
}

} // namespace

void container_state::enter(phase next, const std::string& reason, const moment& now) {
  auto same = shown.since && shown.phase == next;
  shown.reason = reason;
  if (same)
    return;
  shown.phase = next;
  shown.since = now.wall;
  ctx->tell(stack, service, "phase",
            std::string{to_string(next)} + (reason.empty() ? "" : ": " + reason));
}

container_report container_state::make_report(const moment& now) const {
  container_report out;
  auto& s = out.status;
  s = shown;
  s.name = service;
  s.image = order.plan.spec.image;
  out.alive = policy::alive(seen);
  auto exists = seen.status != engine_status::absent && !seen.foreign;
  if (exists) {
    s.container_id = seen.life.id;
    s.ports = last_look.ports;
  }
  if (out.alive) {
    s.pid = seen.pid;
    s.health = seen.ready;
    if (seen.ready == readiness::ill && !health_text.empty())
      s.reason += " (" + health_text + ")";
  }
  auto ended = exists && !out.alive && seen.exit_known;
  if (ended)
    s.exit_code = seen.exit.code;
  else if (out.alive)
    s.exit_code = last_exit_info.code;
  s.exit_reason = exit_text;
  // It ended under an earlier daemon, which told of it and is gone.
  if (ended && exit_text.empty())
    s.exit_reason
      = policy::describe({seen.exit, true, memo.term_at && memo.term_life == seen.life, false,
                          seen.by_hand, order.want.goal == policy::goal::completed,
                          order.want.restart})
          .text;
  s.restarts = ledger.counts;
  s.next_attempt_at = out.alive ? std::nullopt : next_attempt(memo.permit, now);
  if (s.phase == phase::waiting)
    s.waiting_for.assign(order.want.gates.begin(), order.want.gates.end());
  out.life = seen.life;
  // Not while a create may still land: what is being made, or was answered with silence.
  out.gone = has_looked && seen.fresh && !memo.in_flight && !exists;
  out.removing = removing && exists;
  out.completed = !memo.completed_hash.empty() && memo.completed_hash == order.want.config_hash;
  auto idle = std::holds_alternative<policy::act_none>(last.act) && !memo.in_flight
              && !memo.charging && !memo.committing && !memo.looking;
  out.settled = has_looked && idle && seen.fresh;
  out.stuck = out.settled && !out.alive && !last.look_at && finished(s.phase);
  out.recovered = recovered;
  auto& w = order.want;
  out.wanted_up = w.goal == policy::goal::up || w.goal == policy::goal::completed;
  out.order = w.order;
  out.order_paid = memo.order_paid;
  if (auto found = order.plan.labels.find(label::revision); found != order.plan.labels.end())
    out.revision = found->second;
  out.trial_restarts = ledger.trial_restarts;
  if (memo.permit)
    if (auto* no = std::get_if<policy::refusal>(&*memo.permit))
      out.refusal = no->reason;
  return out;
}

void container_state::report(const moment& now) {
  if (!has_looked)
    return; // nothing is known yet
  auto next = make_report(now);
  if (told && *told == next)
    return;
  told = next;
  self->send(peers.stack, report_atom_v, service, carried<container_report>{std::move(next)});
}

why container_state::explain() const {
  auto now = ctx->now();
  auto report = make_report(now);
  auto& rules = order.plan.spec.davit.recovery;
  why out;
  out.service = stack + '/' + service;
  out.phase = report.status.phase;
  out.reason = report.status.reason;
  out.counters = {ledger.counts.window, rules.budget.restarts,
                  rules.budget.window,  ledger.starts,
                  rules.ceiling.starts, rules.ceiling.window,
                  ledger.counts.total,  policy::to_string(ledger.breaker)};
  out.next_attempt_at = report.status.next_attempt_at;
  out.waiting_for = report.status.waiting_for;
  if (auto& how = report.status.exit_reason; !how.empty())
    out.last_exit = last_exit{
      report.status.exit_code, report.alive ? last_exit_info.oom : seen.exit.oom, how, {}};
  auto target = stack + '/' + service;
  if (memo.permit)
    if (auto* no = std::get_if<policy::refusal>(&*memo.permit)) {
      out.rule = to_string(no->by);
      out.advice = "davit logs " + target + " --tail 50";
    }
  if (out.phase == phase::backing_off)
    out.rule = "backoff";
  if (out.phase == phase::waiting) {
    out.rule = "gates";
    out.advice = "davit status " + stack;
  }
  if (seen.by_hand)
    out.advice = "davit stop " + target;
  return out;
}

} // namespace davit::actors
