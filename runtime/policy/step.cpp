#include "runtime/policy/step.hpp"

#include "runtime/policy/exits.hpp"

namespace davit::policy {

namespace {

std::string join(const std::set<std::string>& names) {
  std::string out;
  for (auto& name : names)
    out += (out.empty() ? "" : ", ") + name;
  return out;
}

/// Charged only with a start that is to come, never for an end of its own.
bool follows_a_grant(cause c) {
  return c == cause::ordered || c == cause::lost || c == cause::start_failed || c == cause::ours
         || c == cause::ill;
}

/// One decision in the making: the three records, and the questions that the rules ask.
struct decision {
  const want& w;
  const seen& s;
  const memo& m;
  const now_is& now;

  bool exists() const { return s.status != engine_status::absent && !s.foreign; }
  bool is_job() const { return w.goal == goal::completed; }
  bool goes_down() const { return w.goal == goal::down || w.goal == goal::absent || w.halt; }
  bool ordered() const { return w.order > m.order_paid; }
  bool is_ill() const {
    return alive(s) && s.ready == readiness::ill && w.ill != on_unhealthy::none;
  }
  bool changed() const { return exists() && s.config_hash != w.config_hash; }
  bool unbound() const { return exists() && !w.bound_id.empty() && s.bound_id != w.bound_id; }
  bool outdated() const { return alive(s) && m.generation < w.generation; }
  bool reordered() const { return alive(s) && m.order_paid < w.restart_order; }
  bool ended_by_us() const { return m.term_at && m.term_life == s.life; }
  /// A life of this container lies behind us, and its end is known.
  bool has_ended() const { return exists() && s.life.started_at != 0 && !alive(s); }

  bool ended_clean() const { return s.exit_known && s.exit.code == 0 && !s.exit.oom; }
  bool has_permit() const { return m.permit && std::holds_alternative<permit>(*m.permit); }
  /// Somebody removed it after its life; what we remove has a permit out.
  bool was_removed() const {
    return s.status == engine_status::absent && s.life.started_at != 0 && !has_permit();
  }

  boot_time at(ledger_time when) const { return now.boot + (when - now.ledger); }

  step none(std::optional<phase> p, std::string reason = {},
            std::optional<boot_time> look_at = {}) const {
    return {act_none{}, p, std::move(reason), look_at};
  }
  step do_(verb v, phase p, std::string reason, cause why = cause::ours) const {
    return {act_do{v, why}, p, std::move(reason), {}};
  }

  ending last_ending() const {
    // podman forgets how a life ended that the machine's own end has ended.
    if (!s.exit_known && (m.rebooted || (s.life == m.charged_life && m.last_cause == cause::boot)))
      return {phase::stopped, "ended by a restart of the machine"};
    return describe({s.exit, s.exit_known, ended_by_us(), ended_by_us() && m.killed_at.has_value(),
                     s.by_hand, is_job(), w.restart});
  }

  // The rules, in order. A rule that does not match says nothing.
  std::optional<step> busy() const;
  std::optional<step> look() const;
  std::optional<step> charge_death() const;
  std::optional<step> charge_attempt() const;
  std::optional<step> held() const;
  std::optional<step> ghost() const;
  std::optional<step> must_go() const;
  std::optional<step> lives() const;
  std::optional<step> finished() const;
  std::optional<step> waits() const;
  step begin() const;

  cause cause_of_death() const;
  bool forbids_restart() const;
  step end_life() const;
};

std::optional<step> decision::busy() const {
  if (m.in_flight) {
    switch (*m.in_flight) {
      case verb::create: return none(phase::creating);
      case verb::start: return none(phase::starting);
      case verb::term:
      case verb::kill:
      case verb::remove: return none(phase::stopping);
    }
  }
  if (m.looking || m.charging || m.committing)
    return none({});
  if (m.retry_at && *m.retry_at > now.boot)
    return none({}, {}, m.retry_at);
  return {};
}

std::optional<step> decision::look() const {
  if (!s.fresh)
    return step{act_look{}, {}, {}, {}};
  return {};
}

cause decision::cause_of_death() const {
  if (ended_by_us())
    return m.term_cause;
  if (is_job() && ended_clean() && !s.by_hand)
    return cause::clean; // its work is done, whatever fell with it
  if (m.rebooted)
    return cause::boot;
  if (s.by_hand)
    return cause::by_hand;
  if (!w.gates.empty() && !w.blameless)
    return cause::dependency;
  return ended_clean() ? cause::clean : cause::crash;
}

bool decision::forbids_restart() const {
  if (ordered() || ended_by_us())
    return false;
  auto charged = s.life == m.charged_life; // else the last cause is of an earlier life
  if (charged && !m.rebooted && follows_a_grant(m.last_cause))
    return false; // a crash of ours came between the grant and the start
  auto clean = ended_clean();
  auto interrupted = m.rebooted || (charged && m.last_cause == cause::boot);
  switch (w.restart) {
    case restart_mode::no: return !(is_job() && interrupted && !clean);
    case restart_mode::on_failure: return clean && !interrupted;
    case restart_mode::always:
    case restart_mode::unless_stopped: return is_job() && clean;
  }
  return false;
}

std::optional<step> decision::charge_death() const {
  if (!death_uncharged(s, m))
    return {};
  auto needs_code = is_job() || w.restart == restart_mode::on_failure || !w.trial.empty();
  if (needs_code && !s.exit_known && !ended_by_us()) {
    if (now.boot - s.ended_at < exit_look_for)
      return none({}, "looking for its exit code", now.boot + exit_look_every);
  }
  auto why = cause_of_death();
  auto permit = !goes_down() && !forbids_restart();
  auto how = last_ending();
  return step{act_charge{why, s.life, permit}, how.phase, how.text, {}};
}

std::optional<step> decision::charge_attempt() const {
  if (!m.attempt_failed)
    return {};
  auto why = w.gates.empty() || w.blameless ? cause::start_failed : cause::dependency;
  return step{act_charge{why, {}, !goes_down()},
              phase::crashed,
              "could not be started: " + m.attempt_error,
              {}};
}

std::optional<step> decision::held() const {
  if (!w.held || goes_down())
    return {};
  return none(phase::held, "held by " + w.held->author + ": " + w.held->reason);
}

std::optional<step> decision::ghost() const {
  if (!exists())
    return {};
  if (s.status == engine_status::initialized || (s.ghost_start && !alive(s)))
    return do_(verb::remove, phase::stopping,
               "a leftover of a start that podman did not finish; it is created anew");
  auto claims_life = s.status == engine_status::running || s.status == engine_status::paused
                     || s.status == engine_status::stopping;
  if (s.conmon_alive || !claims_life)
    return {};
  if (alive(s))
    return end_life();
  // After every death podman says `running` for a moment, and the monitor is gone as well.
  if (now.boot - s.ended_at < stale_for)
    return {};
  return do_(verb::remove, phase::stopping, "its monitor died; it is created anew");
}

step decision::end_life() const {
  if (!m.term_at || m.term_life != s.life || !m.term_sent) {
    auto why = is_ill() ? cause::ill : outdated() ? cause::dependency : cause::ours;
    return do_(verb::term, phase::stopping, "asked to stop", why);
  }
  auto end = *m.term_at + w.grace;
  if (now.ledger < end)
    return none(phase::stopping,
                "has " + std::to_string(std::chrono::ceil<seconds>(end - now.ledger).count())
                  + " s left to stop",
                at(end));
  if (m.killed_at && now.ledger < *m.killed_at + kill_again_after)
    return none(phase::stopping, "killed", at(*m.killed_at + kill_again_after));
  return do_(verb::kill, phase::stopping, "did not stop within its grace");
}

std::optional<step> decision::must_go() const {
  if (!goes_down() && !is_ill() && !changed() && !unbound() && !outdated() && !reordered())
    return {};
  if (alive(s)) {
    if (!w.stop_gates.empty() && !is_ill())
      return none(phase::stopping, "stops after " + join(w.stop_gates));
    return end_life();
  }
  if (exists() && (w.goal == goal::absent || changed() || unbound()))
    return do_(verb::remove, phase::stopping,
               w.goal == goal::absent ? "is removed"
                                      : "is created anew: its configuration changed");
  if (!goes_down())
    return {};
  if (m.completed_hash == w.config_hash)
    return none(phase::completed, "completed");
  return none(phase::stopped, has_ended() ? last_ending().text : "stopped");
}

std::optional<step> decision::lives() const {
  if (s.status == engine_status::removing && !s.foreign)
    return none(phase::stopping, "is removed by somebody", now.boot + 1s);
  if (!alive(s))
    return {};
  if (s.status == engine_status::stopping)
    return none(phase::stopping, "somebody stops it through podman", now.boot + 1s);
  if (s.status == engine_status::paused)
    return none(phase::running, "paused through podman");
  switch (s.ready) {
    case readiness::starting: return none(phase::running, "runs, not ready yet");
    case readiness::ill: return none(phase::running, "runs, but its health check fails");
    default: return none(phase::running);
  }
}

std::optional<step> decision::finished() const {
  if (has_permit())
    return {}; // what is paid for is started
  if (is_job() && m.completed_hash == w.config_hash && m.order_paid >= w.restart_order)
    return none(phase::completed, "completed");
  if (ordered())
    return {};
  if ((has_ended() || was_removed()) && forbids_restart()) {
    auto how = last_ending();
    return none(how.phase, how.text);
  }
  if (m.rebooted && !has_ended() && w.restart == restart_mode::no && !is_job() && m.order_paid > 0)
    return none(phase::stopped, "the machine was restarted, and `restart: no` says to leave it");
  return {};
}

std::optional<step> decision::waits() const {
  if (w.gates.empty())
    return {};
  return none(phase::waiting, "waits for " + join(w.gates));
}

step decision::begin() const {
  if (m.permit && !ordered()) {
    if (auto* no = std::get_if<refusal>(&*m.permit)) {
      if (no->until <= now.ledger)
        return {act_charge{m.last_cause, {}, true}, {}, {}, {}};
      auto final = no->by != refusal::rule::breaker && no->by != refusal::rule::ceiling;
      if (final)
        return none(phase::broken, no->reason);
      return none(phase::broken, no->reason, at(no->until));
    }
    if (auto& yes = std::get<permit>(*m.permit); yes.not_before > now.ledger)
      return none(phase::backing_off, "waits before its next restart", at(yes.not_before));
  }
  if (!exists())
    return do_(verb::create, phase::creating, "is created");
  if (!m.permit || ordered()) {
    auto why = ordered() ? cause::ordered : m.rebooted ? cause::boot : cause::lost;
    return {act_charge{why, {}, true}, phase::starting, "is started", {}};
  }
  return do_(verb::start, phase::starting, "is started");
}

} // namespace

const char* to_string(goal g) {
  switch (g) {
    case goal::up: return "up";
    case goal::down: return "down";
    case goal::absent: return "absent";
    case goal::completed: return "completed";
  }
  return "down";
}

const char* to_string(verb v) {
  switch (v) {
    case verb::create: return "create";
    case verb::start: return "start";
    case verb::term: return "term";
    case verb::kill: return "kill";
    case verb::remove: return "remove";
  }
  return "start";
}

bool alive(const seen& seen) {
  return !seen.ended && !seen.foreign
         && (seen.status == engine_status::running || seen.status == engine_status::paused
             || seen.status == engine_status::stopping);
}

bool death_uncharged(const seen& seen, const memo& memo) {
  if (alive(seen) || seen.foreign || seen.life.started_at == 0)
    return false;
  if (seen.life == memo.charged_life)
    return false;
  return seen.ended || seen.status == engine_status::exited || seen.status == engine_status::stopped
         || seen.status == engine_status::created;
}

step decide(const want& want, const seen& seen, const memo& memo, const now_is& now) {
  decision d{want, seen, memo, now};
  for (auto rule : {&decision::busy, &decision::look, &decision::charge_death,
                    &decision::charge_attempt, &decision::held, &decision::ghost,
                    &decision::must_go, &decision::lives, &decision::finished, &decision::waits})
    if (auto found = (d.*rule)())
      return *found;
  return d.begin();
}

} // namespace davit::policy
