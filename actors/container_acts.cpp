// What a container does with its hands, and what the engine's answers mean.
#include "actors/container_actor.hpp"
#include "runtime/policy/blueprint.hpp"

namespace davit::actors {

using policy::verb;

void container_state::perform(const policy::act_do& what, const moment& now) {
  switch (what.verb) {
    case verb::create: return create();
    case verb::start: return start();
    case verb::term: return term(what.why);
    case verb::kill: memo.killed_at = now.ledger; return signal(verb::kill, "SIGKILL");
    case verb::remove: return remove();
  }
}

void container_state::term(policy::cause why) {
  auto& chosen = order.plan.spec.stop_signal;
  auto name = !chosen.empty()                  ? chosen
              : !last_look.stop_signal.empty() ? last_look.stop_signal
                                               : std::string{"SIGTERM"};
  if (memo.term_at && memo.term_life == seen.life) { // begun before a crash: its time stays
    memo.term_sent = true;
    return signal(verb::term, name);
  }
  memo.committing = true;
  policy::charge_request request;
  request.why = why;
  request.ended = seen.life;
  self
    ->request(peers.tracker, caf::infinite, term_atom_v,
              carried<policy::charge_request>{std::move(request)})
    .then(
      [this, why, name, which = seen.life](const carried<ledger_note>& note) {
        memo.committing = false;
        memo.term_at = note->term_at;
        memo.term_life = which;
        memo.term_cause = why;
        memo.term_sent = true;
        memo.killed_at.reset();
        if (policy::alive(seen) && seen.life == which)
          return signal(verb::term, name);
        step();
      },
      [this](caf::error&) {
        memo.committing = false;
        memo.retry_at = ctx->now().boot + ask_again_after;
        step();
      });
}

void container_state::signal(verb what, const std::string& name) {
  memo.in_flight = what;
  ask(ports::signal_container{seen.life.id, name}, [this, what](const ports::engine_reply& reply) {
    memo.in_flight.reset();
    if (what == verb::term)
      termed(reply);
    // The death itself is heard through the pidfd; what the answer's look saw may be older.
    if (reply.seen)
      observed(*reply.seen);
    else
      seen.fresh = false;
    step();
  });
}

/// The grace counts from when the signal is known to be out: podman may have taken its time.
void container_state::termed(const ports::engine_reply& reply) {
  auto code = reply.failure ? reply.failure->code : errc::io;
  if (reply.failure && (code == errc::timeout || code == errc::unreachable || code == errc::busy)) {
    memo.term_sent = false; // it may never have arrived: once more
    memo.retry_at = ctx->now().boot + ask_again_after;
    return;
  }
  memo.term_at = ctx->now().ledger;
}

void container_state::start() {
  memo.in_flight = verb::start;
  ask(ports::start_container{seen.life.id},
      [this, generation = order.want.generation](const ports::engine_reply& reply) {
        memo.in_flight.reset();
        if (!reply.failure)
          memo.generation = generation;
        started(reply);
        step();
      });
}

void container_state::started(const ports::engine_reply& reply) {
  auto now = ctx->now();
  if (reply.seen)
    observed(*reply.seen);
  else
    seen.fresh = false;
  if (!reply.failure) {
    memo.permit.reset();
    memo.rebooted = false;
    memo.term_at.reset();
    memo.killed_at.reset();
    recovered = policy::costs_budget(memo.last_cause);
    return;
  }
  auto code = reply.failure->code;
  if (reply.not_started) {
    seen.fresh = false;
    memo.retry_at = now.boot + policy::start_again_after;
    return;
  }
  if (reply.ghost) {
    // Right after a stop by hand podman says so of every container, for a moment.
    auto stale = seen.ended && now.boot - seen.ended_at < policy::stale_for;
    seen.ghost_start = !stale;
    seen.fresh = !stale;
    if (stale)
      memo.retry_at = now.boot + policy::exit_look_every;
    return;
  }
  if (code == errc::unreachable || code == errc::busy) { // nothing was done: the permit stays
    seen.fresh = false;
    memo.retry_at = now.boot + ask_again_after;
    return;
  }
  if (code == errc::not_found) {
    seen.fresh = false;
    return;
  }
  memo.permit.reset(); // an unknown outcome spends it as well
  if (code == errc::timeout) {
    seen.fresh = false;
    return;
  }
  attempt_failed(reply);
}

void container_state::attempt_failed(const ports::engine_reply& reply) {
  memo.attempt_failed = true;
  memo.attempt_fatal = reply.fatal;
  memo.attempt_error = reply.failure->message;
  exit_text = "could not be started: " + reply.failure->message;
  ctx->tell(stack, service, "exit", exit_text);
}

void container_state::create() {
  memo.in_flight = verb::create;
  ask(ports::create_container{policy::with_data_of(order.plan, last_look)},
      [this](const ports::engine_reply& reply) {
        memo.in_flight.reset();
        created(reply);
        step();
      });
}

void container_state::created(const ports::engine_reply& reply) {
  if (reply.seen)
    observed(*reply.seen);
  else
    seen.fresh = false;
  if (!reply.failure
      || (reply.seen && reply.seen->status != engine_status::absent && !seen.foreign))
    return; // ours is there, whoever made it
  auto code = reply.failure->code;
  if (code == errc::unreachable || code == errc::busy || code == errc::timeout) {
    seen.fresh = false;
    memo.retry_at = ctx->now().boot + ask_again_after;
    return;
  }
  attempt_failed(reply);
}

void container_state::remove() {
  memo.in_flight = verb::remove;
  auto keeps = order.want.goal != policy::goal::absent; // the next container gets them
  auto removed = [this](const ports::engine_reply& reply) {
    memo.in_flight.reset();
    if (reply.seen)
      observed(*reply.seen);
    else
      seen.fresh = false;
    if (reply.failure && reply.failure->code != errc::not_found) {
      ctx->tell(stack, service, "warning", "cannot be removed: " + reply.failure->message);
      memo.retry_at = ctx->now().boot + ask_again_after;
      seen.fresh = false;
    }
    step();
  };
  ask(ports::remove_container{seen.life.id, order.want.grace, keeps},
      [this, keeps, removed](const ports::engine_reply& reply) {
        auto left = policy::anonymous_volumes(last_look);
        if (keeps || reply.failure || left.empty())
          return removed(reply);
        // podman removes with a container only what it made for it, not what it was given again.
        auto open = std::make_shared<std::size_t>(left.size());
        for (auto& name : left)
          ask(ports::remove_volume{name}, [this, open, removed, reply](auto& answer) {
            if (answer.failure && answer.failure->code != errc::not_found)
              ctx->tell(stack, service, "warning", answer.failure->message);
            if (--*open == 0)
              removed(reply);
          });
      });
}

} // namespace davit::actors
