#include "actors/container_actor.hpp"

#include "actors/handlers.hpp"
#include "runtime/policy/exits.hpp"

#include <stdexcept>

namespace davit::actors {

namespace {

std::uint8_t number(origin from) { return static_cast<std::uint8_t>(from); }

bool ours(const observation& what, const blueprint& plan) {
  auto is = [&](const char* key) {
    auto have = what.labels.find(key);
    auto want = plan.labels.find(key);
    return have != what.labels.end() && want != plan.labels.end() && have->second == want->second;
  };
  return is(label::stack) && is(label::service);
}

std::string label_of(const observation& what, const char* key) {
  auto found = what.labels.find(key);
  return found == what.labels.end() ? std::string{} : found->second;
}

} // namespace

// ---- facts

void container_state::loaded(const ledger_note& note) {
  memo.rebooted = note.rebooted;
  memo.term_at = note.term_at;
  memo.term_life = note.term_life;
  memo.term_cause = note.term_cause;
  has_ledger = true;
  noted(note);
  // A permit that was out when the daemon went down is spent: who holds it now is unknown.
  if (memo.permit && std::holds_alternative<policy::permit>(*memo.permit))
    memo.permit.reset();
  step();
}

void container_state::noted(const ledger_note& note) {
  ledger = note;
  memo.permit = note.verdict;
  memo.charged_life = note.charged_life;
  memo.last_cause = note.last_cause;
  memo.order_paid = note.order_paid;
  memo.completed_hash = note.completed_hash;
}

void container_state::wanted(const container_order& next) {
  auto first = !has_order;
  if (first || order.want.config_hash != next.want.config_hash)
    memo.attempt_fatal = false;
  order = next;
  has_order = true;
  if (first)
    memo.generation = order.want.generation;
  step();
}

void container_state::died(const life& which, const exit_info& exit) {
  if (which != seen.life || (seen.ended && seen.exit_known))
    return; // an earlier life, already mourned
  if (!seen.ended) {
    seen.ended = true;
    seen.ended_at = ctx->now().boot;
  }
  if (exit.code) {
    seen.exit = exit;
    seen.exit_known = true;
  }
  step();
}

void container_state::touched() {
  seen.fresh = false;
  step();
}

void container_state::health(const life& which, readiness now, const std::string& words) {
  if (which != seen.life || !policy::alive(seen) || seen.ready == now)
    return;
  seen.ready = now;
  health_text = words;
  if (now == readiness::ready)
    self->send(peers.tracker, ready_atom_v);
  else
    self->send(peers.tracker, unready_atom_v);
  ctx->tell(stack, service, "health",
            std::string{"is "} + to_string(now) + (words.empty() ? "" : ": " + words));
  step();
}

void container_state::woken() {
  if (memo.permit)
    if (auto* yes = std::get_if<policy::permit>(&*memo.permit))
      yes->not_before = std::min(yes->not_before, ctx->now().ledger);
  step();
}

void container_state::observed(const observation& what) {
  has_looked = true;
  seen.fresh = true;
  if (what.status == engine_status::absent)
    return absent();
  last_look = what;
  seen.foreign = !ours(what, order.plan);
  if (seen.foreign)
    return;
  auto which = what.current();
  if (which != seen.life) {
    // A new life, or the first look: nothing that was heard of the old one holds.
    auto kept = seen.fresh;
    seen = {};
    seen.fresh = kept;
    seen.life = which;
  }
  seen.status = what.status;
  seen.pid = what.pid;
  seen.conmon_alive = what.conmon_alive;
  seen.config_hash = label_of(what, label::config_hash);
  seen.bound_id = label_of(what, label::bound_id);
  auto running = what.status == engine_status::running || what.status == engine_status::paused
                 || what.status == engine_status::stopping;
  auto over = what.status == engine_status::exited || what.status == engine_status::stopped;
  if (!seen.ended && which.started_at != 0 && (over || (running && !what.process_alive))) {
    seen.ended = true;
    seen.ended_at = ctx->now().boot;
  }
  if (over && what.exit.code) {
    seen.exit = what.exit;
    seen.exit_known = true;
  }
  auto by_us = memo.term_at && memo.term_life == which;
  if (what.status == engine_status::stopping && !by_us)
    seen.by_hand = true;
  if (policy::alive(seen) && watched_id != what.id + std::to_string(which.started_at))
    begin_life(what);
}

void container_state::absent() {
  // A life that vanished with its container ended, and nobody can tell how.
  if (seen.life.started_at != 0 && !seen.ended) {
    seen.ended = true;
    seen.ended_at = ctx->now().boot;
  }
  seen.status = engine_status::absent;
  seen.foreign = false;
  seen.ghost_start = false;
  seen.pid = 0;
  if (watched_id.empty())
    return;
  self->send(peers.exits, forget_atom_v, last_look.id);
  self->send(peers.events, forget_atom_v, last_look.id);
  self->send(peers.probes, forget_atom_v, last_look.id);
  watched_id.clear();
}

void container_state::begin_life(const observation& what) {
  watched_id = what.id + std::to_string(what.started_at);
  auto me = caf::actor_cast<caf::actor>(self);
  self->send(peers.events, watch_atom_v, what.id, me);
  self->send(peers.exits, watch_atom_v, seen.life, what.pid, what.conmon_pid, me);
  auto& spec = order.plan.spec;
  if (spec.davit.probe) {
    seen.ready = readiness::starting;
    self->send(peers.probes, probe_atom_v, seen.life, carried<probe_spec>{*spec.davit.probe},
               what.pid, me);
  } else if (what.has_healthcheck) {
    // What podman last knew holds for a life that was adopted, not started by us.
    seen.ready = what.health == "healthy" ? readiness::ready : readiness::starting;
    self->send(peers.probes, probe_atom_v, seen.life, carried<healthcheck>{what.check}, me);
  } else {
    seen.ready = readiness::none; // to run is all that is asked of it
  }
  if (seen.ready == readiness::none || seen.ready == readiness::ready)
    self->send(peers.tracker, ready_atom_v);
}

// ---- acts

void container_state::step() {
  if (!has_ledger || !has_order)
    return;
  auto now = ctx->now();
  auto next = policy::decide(order.want, seen, memo, {now.boot, now.ledger});
  if (next.phase)
    enter(*next.phase, next.reason, now);
  if (next.phase == phase::running)
    memo.term_sent = false; // a stop that was called off: a later one sends its signal anew
  last = next;
  act(next, now);
  report(now);
}

void container_state::act(const policy::step& next, const moment& now) {
  auto* deed = std::get_if<policy::act_do>(&next.act);
  if (deed || (next.phase && !memo.in_flight)) // not while only a reply or a retry is awaited
    removing = deed && deed->verb == policy::verb::remove;
  if (std::holds_alternative<policy::act_none>(next.act))
    return arm(next.look_at, now);
  if (now.mono != acts_since) {
    acts_since = now.mono;
    acts_at_once = 0;
  }
  if (++acts_at_once > acts_at_once_max)
    throw std::logic_error(stack + '/' + service + " acts without end: " + next.reason);
  if (std::holds_alternative<policy::act_look>(next.act))
    return look();
  if (auto* what = std::get_if<policy::act_charge>(&next.act))
    return charge(*what);
  perform(std::get<policy::act_do>(next.act), now);
}

void container_state::arm(std::optional<boot_time> look_at, const moment& now) {
  nanoseconds wait = look_again_after;
  if (look_at)
    wait = std::min(wait, std::max(nanoseconds{0}, *look_at - now.boot));
  self->delayed_send(self, wait, tick_atom_v, ++epoch);
}

void container_state::ask(ports::engine_request request,
                          std::function<void(const ports::engine_reply&)> then) {
  auto from = order.want.trial.empty() ? origin::recovery : origin::operation;
  self
    ->request(peers.engine, caf::infinite, ask_atom_v, engine_ask{engine_job{std::move(request)}},
              number(from))
    .then([then](const engine_answer& answer) { then(*answer); },
          [then](caf::error& e) {
            ports::engine_reply lost;
            lost.failure = error{errc::timeout, "the engine is gone: " + to_string(e), ""};
            then(lost);
          });
}

void container_state::look() {
  memo.looking = true;
  auto by
    = seen.life.id.empty() || seen.status == engine_status::absent ? order.plan.name : seen.life.id;
  ask(ports::inspect_container{by}, [this](const ports::engine_reply& reply) {
    memo.looking = false;
    memo.retry_at.reset();
    if (reply.seen)
      observed(*reply.seen);
    else
      memo.retry_at = ctx->now().boot + ask_again_after;
    step();
  });
}

void container_state::charge(const policy::act_charge& what) {
  memo.charging = true;
  auto& w = order.want;
  policy::charge_request request;
  request.why = what.why;
  request.ended = what.ended;
  request.order = w.order;
  request.trial = w.trial;
  request.fatal = memo.attempt_fatal;
  request.stop_when_ill = w.ill == on_unhealthy::stop;
  request.wants_permit = what.wants_permit;
  auto ended_well = !what.ended.id.empty() && seen.exit_known && seen.exit.code == 0
                    && !seen.exit.oom && what.why == policy::cause::clean;
  if (ended_well && w.goal == policy::goal::completed)
    request.completed_hash = w.config_hash;
  if (!what.ended.id.empty()) {
    exit_text = last.reason;
    last_exit_info = seen.exit_known ? seen.exit : exit_info{};
    ctx->tell(stack, service, "exit", exit_text);
  }
  self
    ->request(peers.tracker, caf::infinite, charge_atom_v,
              carried<policy::charge_request>{std::move(request)})
    .then(
      [this](const carried<ledger_note>& note) {
        memo.charging = false;
        memo.attempt_failed = false;
        noted(*note);
        step();
      },
      [this](caf::error&) {
        memo.charging = false;
        memo.retry_at = ctx->now().boot + ask_again_after;
        step();
      });
}

container_actor::behavior_type container(container_actor::stateful_pointer<container_state> self,
                                         context_ptr ctx, container_peers peers, std::string stack,
                                         std::string service) {
  auto& st = self->state;
  guard(self, ctx, container_state::name);
  st.ctx = std::move(ctx);
  st.peers = std::move(peers);
  st.stack = std::move(stack);
  st.service = std::move(service);
  // Whoever starts the stack again starts us again: two supervisors would fight, and an old
  // tracker would write an old ledger over the new one.
  self->monitor(st.peers.stack);
  self->set_down_handler([self](caf::scheduled_actor*, caf::down_msg&) {
    self->send_exit(self->state.peers.tracker, caf::exit_reason::kill);
    self->quit(caf::exit_reason::user_shutdown);
  });
  self->request(st.peers.tracker, caf::infinite, load_atom_v)
    .then([&st](const carried<ledger_note>& note) { st.loaded(*note); },
          [self](caf::error& e) { self->quit(std::move(e)); }); // the stack starts both again
  return {
    [&st](want_atom, const carried<container_order>& order) { st.wanted(*order); },
    [&st](exited_atom, const life& which, mono_time, const exit_info& exit) {
      st.died(which, exit);
    },
    [&st](touched_atom) { st.touched(); },
    [&st](health_atom, const life& which, std::uint8_t now, const std::string& words) {
      st.health(which, static_cast<readiness>(now), words);
    },
    [&st](wake_atom) { st.woken(); },
    [&st](reset_atom) {
      st.self->request(st.peers.tracker, caf::infinite, reset_atom_v)
        .then(
          [&st](const carried<ledger_note>& note) {
            auto had = st.memo.permit.has_value();
            st.noted(*note);
            if (!had) // none was out: what the ledger remembers is spent
              st.memo.permit.reset();
            st.step();
          },
          [](caf::error&) {}); // a tracker that died takes us with it
    },
    [&st](why_atom) { return carried<why>{st.explain()}; },
    [&st](tick_atom, std::uint64_t born) {
      if (born != st.epoch)
        return;
      st.seen.fresh = false;
      st.step();
    },
  };
}

} // namespace davit::actors
