#include "actors/tracker_actor.hpp"

#include "actors/handlers.hpp"
#include "runtime/record/keys.hpp"

namespace davit::actors {

namespace {

constexpr int window_passed = 1;
constexpr int ran_stable = 2;

std::string in_seconds(milliseconds wait) {
  if (wait <= 0ms)
    return "at once";
  auto tenths = (wait.count() + 50) / 100;
  return "in " + std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + " s";
}

} // namespace

tracker_state::promise tracker_state::load() {
  auto reply = self->make_response_promise<carried<ledger_note>>();
  auto key = record::key::ledger(stack, service);
  self
    ->request(store, caf::infinite, ask_atom_v,
              disk_ask{disk_job{disk::load{ports::family::ledger, key}}})
    .then(
      [this, key, reply](const disk_answer& answer) mutable {
        auto found = answer->records.find(key);
        if (answer->failure)
          ctx->tell(stack, service, "warning",
                    "its ledger cannot be read: " + answer->failure->message);
        if (found != answer->records.end()) {
          if (auto read = record::decode_ledger(found->second, key))
            kept = *read;
          else
            ctx->tell(stack, service, "warning", read.error().message + ". " + read.error().remedy);
          rebooted = kept.boot_id != ctx->boot_id();
          if (rebooted)
            policy::grant(kept.ledger, ctx->now().ledger);
        }
        auto first = note();
        first.rebooted = rebooted;
        reply.deliver(carried<ledger_note>{std::move(first)});
      },
      [reply](caf::error& e) mutable { reply.deliver(std::move(e)); });
  return reply;
}

std::string tracker_state::words(const policy::charge_request& request,
                                 const std::optional<policy::verdict>& verdict,
                                 const moment& now) const {
  std::string text = to_string(request.why);
  if (!verdict)
    return text + ": no start follows";
  if (auto* yes = std::get_if<policy::permit>(&*verdict))
    return text + ": start " + std::to_string(yes->n) + " allowed "
           + in_seconds(yes->not_before - now.ledger);
  auto& no = std::get<policy::refusal>(*verdict);
  return text + ": refused by the " + to_string(no.by) + ": " + no.reason;
}

tracker_state::promise tracker_state::charge(const policy::charge_request& request) {
  auto reply = self->make_response_promise<carried<ledger_note>>();
  auto now = ctx->now();
  auto verdict = policy::charge(kept.ledger, rules.recovery, rules.critical, request, now.ledger,
                                ctx->chance->unit());
  if (request.ended == kept.term_life)
    kept.term_at.reset();
  auto refused = verdict && std::holds_alternative<policy::refusal>(*verdict);
  auto text = words(request, verdict, now);
  ctx->tell(stack, service, refused ? "refusal" : "charge", text);
  unready();
  commit(reply, request.wants_permit ? patience::synced : patience::none,
         refused ? "refusal" : "charge", text);
  return reply;
}

tracker_state::promise tracker_state::term(const policy::charge_request& request) {
  auto reply = self->make_response_promise<carried<ledger_note>>();
  kept.term_at = ctx->now().ledger;
  kept.term_life = request.ended;
  kept.term_cause = request.why;
  commit(reply, patience::synced, "stop", std::string{"asked to stop: "} + to_string(request.why));
  return reply;
}

tracker_state::promise tracker_state::reset() {
  auto reply = self->make_response_promise<carried<ledger_note>>();
  policy::reset(kept.ledger, rules.recovery, ctx->now().ledger);
  commit(reply, patience::synced, "reset", "a dependency recovered: counters begin anew");
  return reply;
}

caf::typed_response_promise<bool> tracker_state::forget() {
  auto reply = self->make_response_promise<bool>();
  ++epoch;
  kept = {};
  self
    ->request(store, caf::infinite, commit_atom_v,
              batch{{{ports::family::ledger, record::key::ledger(stack, service), {}}}},
              static_cast<std::uint8_t>(patience::synced))
    .then([reply](std::uint8_t) mutable { reply.deliver(true); },
          [reply](caf::error& e) mutable { reply.deliver(std::move(e)); });
  return reply;
}

void tracker_state::commit(promise reply, patience until, const char* what,
                           const std::string& text) {
  auto now = ctx->now();
  kept.boot_id = ctx->boot_id();
  ports::record_batch records{
    {ports::family::ledger, record::key::ledger(stack, service), record::encode(kept)},
    ctx->clock_record(),
    ctx->audit(now, "davitd", what, stack, service, text)};
  // What was decided is told as it was decided, whatever happens while it is written.
  auto decided = carried<ledger_note>{note()};
  self
    ->request(store, caf::infinite, commit_atom_v, batch{std::move(records)},
              static_cast<std::uint8_t>(until))
    .then([reply, decided](std::uint8_t) mutable { reply.deliver(decided); },
          [reply](caf::error& e) mutable { reply.deliver(std::move(e)); });
}

void tracker_state::ready() {
  ++epoch;
  auto& l = kept.ledger;
  if (l.breaker == policy::breaker_state::half_open)
    self->delayed_send(self, rules.post_start_window, tick_atom_v, window_passed, epoch);
  if (l.streak > 0 || !l.charged.empty())
    self->delayed_send(self, rules.recovery.stable_after, tick_atom_v, ran_stable, epoch);
}

void tracker_state::unready() { ++epoch; }

void tracker_state::due(int what) {
  auto text = "ran stable: counters begin anew";
  if (what == window_passed) {
    if (!policy::settle(kept.ledger))
      return;
    text = "the trial start held: the breaker closes";
  } else {
    policy::forgive(kept.ledger);
  }
  ctx->tell(stack, service, "charge", text);
  commit({}, patience::none, "forgive", text); // nobody asked, nobody is answered
}

void tracker_state::set_rules(const tracker_rules& next) {
  if (next == rules)
    return;
  rules = next;
  // Another configuration grants an open breaker its trial at once.
  policy::grant(kept.ledger, ctx->now().ledger);
}

ledger_note tracker_state::note() const {
  auto& l = kept.ledger;
  ledger_note out;
  out.verdict = l.last;
  out.charged_life = l.charged_life;
  out.last_cause = l.last_cause;
  out.order_paid = l.order_paid;
  out.completed_hash = l.completed_hash;
  out.breaker = l.breaker;
  out.trial_restarts = l.trial_restarts;
  out.counts = {policy::in_window(l, rules.recovery, ctx->now().ledger), l.total};
  out.starts = static_cast<std::uint32_t>(l.automatic.size());
  out.term_at = kept.term_at;
  out.term_life = kept.term_life;
  out.term_cause = kept.term_cause;
  return out;
}

tracker_actor::behavior_type tracker(tracker_actor::stateful_pointer<tracker_state> self,
                                     context_ptr ctx, store_actor store, std::string stack,
                                     std::string service, tracker_rules rules) {
  auto& st = self->state;
  guard(self, ctx, tracker_state::name);
  st.ctx = std::move(ctx);
  st.store = std::move(store);
  st.stack = std::move(stack);
  st.service = std::move(service);
  st.rules = std::move(rules);
  return {
    [&st](load_atom) { return st.load(); },
    [&st](charge_atom, const carried<policy::charge_request>& r) { return st.charge(*r); },
    [&st](term_atom, const carried<policy::charge_request>& r) { return st.term(*r); },
    [&st](rules_atom, const carried<tracker_rules>& next) { st.set_rules(*next); },
    [&st](ready_atom) { st.ready(); },
    [&st](unready_atom) { st.unready(); },
    [&st](reset_atom) { return st.reset(); },
    [&st](forget_atom) { return st.forget(); },
    [&st](status_atom) { return carried<ledger_note>{st.note()}; },
    [&st](tick_atom, int what, std::uint64_t born) {
      if (born == st.epoch)
        st.due(what);
    },
  };
}

} // namespace davit::actors
