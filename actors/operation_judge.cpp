// How an operation judges what it watches: a trial, a stop, a removal.
#include "actors/operation_actor.hpp"

namespace davit::actors {

using record::operation_phase;

void operation_state::judge() {
  switch (at) {
    case stage::removing: return judge_gone();
    case stage::watching:
      return request.kind == operation_kind::stop ? judge_stopped() : judge_trial();
    default: return;
  }
}

void operation_state::judge_trial() {
  auto boot = ctx->now().boot;
  auto part = now.model;
  if (request.kind != operation_kind::install) {
    auto wanted = targets();
    std::erase_if(part.services, [&](auto& s) { return !wanted.contains(s.first); });
  }
  auto verdict = policy::judge(part, members, until(), boot);
  if (std::holds_alternative<policy::trial_passed>(verdict))
    return commit();
  if (auto* no = std::get_if<policy::trial_failed>(&verdict)) {
    auto why = no->service + " " + no->why;
    if (!failure.empty())
      return journal(operation_phase::failed, [this, why] {
        finish(false, failure + "; and the revision before does not run either: " + why, true);
      });
    if (request.kind == operation_kind::install)
      return revert(why);
    return journal(operation_phase::failed, [this, why] { finish(false, why); });
  }
  auto& pending = std::get<policy::trial_pending>(verdict);
  if (request.kind == operation_kind::install && failure.empty())
    return arm(pending.judge_at);
  if (boot >= give_up)
    return journal(operation_phase::failed, [this, left = pending.waiting_for] {
      finish(false, "still waiting for " + left, true);
    });
  arm(give_up);
}

policy::trial_until operation_state::until() const {
  if (request.kind != operation_kind::install || !failure.empty())
    return policy::trial_until::started;
  return request.wait ? policy::trial_until::held : policy::trial_until::begun;
}

void operation_state::judge_stopped() {
  std::string left;
  for (auto& service : targets())
    if (auto found = reports.find(service);
        found == reports.end() || found->second.alive || !found->second.settled)
      left += (left.empty() ? "" : ", ") + service;
  if (left.empty())
    return commit();
  if (ctx->now().boot >= give_up)
    return journal(operation_phase::failed,
                   [this, left] { finish(false, "still running: " + left, true); });
  arm(give_up);
}

void operation_state::judge_gone() {
  std::string left;
  for (auto& [name, spec] : now.model.services)
    if (auto found = reports.find(name); found == reports.end() || !found->second.gone)
      left += (left.empty() ? "" : ", ") + name;
  if (left.empty())
    return clean();
  if (ctx->now().boot >= give_up)
    return journal(operation_phase::failed, [this, left] {
      finish(false, "could not be removed: " + left + "; remove them with `podman rm -f`", true);
    });
  arm(give_up);
}

} // namespace davit::actors
