#include "actors/host_actor.hpp"

#include "actors/handlers.hpp"
#include "runtime/policy/consistency.hpp"
#include "runtime/record/keys.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace davit::actors {

namespace {

std::string in_words(const std::vector<policy::inconsistency>& found) {
  std::string out;
  for (auto& f : found)
    if (f.level == policy::severity::error)
      out += (out.empty() ? "" : "; ") + f.path + ": " + f.message
             + (f.remedy.empty() ? "" : " (" + f.remedy + ")");
  return out;
}

/// A refusal travels as an operation that never was: no id, and the error's code in `phase`.
carried<operation_status> no(const error& why) {
  operation_status out;
  out.done = true;
  out.phase = to_string(why.code);
  out.error = why.message;
  return out;
}

} // namespace

// ---- operations

std::optional<error> host_state::refuse(const operation_request& request) const {
  auto found = stacks.find(request.stack);
  if (found != stacks.end() && !found->second.operation.empty())
    return error{errc::conflict,
                 "operation " + found->second.operation + " is at work on " + request.stack
                   + "; wait for it",
                 ""};
  if (request.kind != operation_kind::install) {
    if (found == stacks.end())
      return error{errc::not_found, "no stack named " + request.stack + " is installed", ""};
    if (!request.service.empty() && !found->second.order.model.services.contains(request.service))
      return error{errc::not_found,
                   "stack " + request.stack + " has no service named " + request.service, ""};
    return std::nullopt;
  }
  if (request.model.name != request.stack)
    return error{errc::invalid, "the model is of stack " + request.model.name, ""};
  auto wrong = policy::check(request.model);
  std::vector<const stack*> others;
  for (auto& [name, m] : stacks)
    others.push_back(&m.order.model);
  auto clashes = policy::port_clashes(request.model, others);
  wrong.insert(wrong.end(), clashes.begin(), clashes.end());
  if (policy::any_error(wrong))
    return error{errc::invalid, in_words(wrong), ""};
  return std::nullopt;
}

carried<operation_status> host_state::submit(const operation_request& request) {
  if (auto why = refuse(request))
    return no(*why);
  record::operation_record record;
  record.id = ctx->chance->id();
  record.kind = to_string(request.kind);
  record.stack = request.stack;
  record.author = request.author;
  auto now = ctx->now();
  record.started = now.wall;
  record.started_ledger = now.ledger;
  if (auto found = stacks.find(request.stack); found != stacks.end())
    record.from = found->second.order.id;
  if (!request.service.empty())
    record.options[service_option] = request.service;
  if (request.volumes)
    record.options[volumes_option] = "true";
  if (!request.wait)
    record.options[wait_option] = "false";
  begin(request, record);
  return operations[record.id];
}

void host_state::begin(const operation_request& request, record::operation_record record) {
  auto& m = stacks[request.stack];
  if (!m.actor)
    m.actor = spawn_stack(request.stack);
  m.operation = record.id;
  operation_status first;
  first.id = record.id;
  first.kind = record.kind;
  first.stack = record.stack;
  first.phase = to_string(record.phase);
  operations[record.id] = first;
  auto me = caf::actor_cast<host_actor>(self);
  auto worker = self->spawn(operation, ctx, operation_peers{me, m.actor, peers.store}, request,
                            std::move(record), m.order);
  self->send(worker, work_atom_v);
}

void host_state::noted(const operation_note& note) {
  auto& s = note.status;
  operations[s.id] = s;
  auto found = stacks.find(s.stack);
  if (!s.done || found == stacks.end() || found->second.operation != s.id)
    return;
  found->second.operation.clear();
  if (note.stack_gone) {
    self->demonitor(found->second.actor.address());
    self->send(found->second.actor, leave_atom_v);
    stacks.erase(found);
  } else {
    found->second.order_asked = true;
    self->request(found->second.actor, caf::infinite, want_atom_v)
      .then(
        [this, stack = s.stack](const carried<stack_order>& order) {
          auto m = stacks.find(stack);
          if (m == stacks.end())
            return;
          m->second.order = *order;
          m->second.order_asked = false;
          if (order->id.empty() && m->second.operation.empty()) { // nothing of it was ever kept
            self->demonitor(m->second.actor.address());
            self->send(m->second.actor, leave_atom_v);
            stacks.erase(m);
          }
        },
        [](caf::error&) {}); // a stack that died is loaded again
  }
  finished.push_back(s.id);
  retire_operations();
}

void host_state::retire_operations() {
  while (finished.size() > finished_kept) {
    operations.erase(finished.front());
    finished.pop_front();
  }
}

// ---- supervision

stack_actor host_state::spawn_stack(const std::string& name) {
  return self->spawn<caf::monitored>(
    stack_keeper, ctx,
    stack_peers{peers.engine, peers.store, peers.exits, peers.events, peers.probes}, name);
}

void host_state::stack_died(const caf::down_msg& down) {
  for (auto& vital : {peers.engine.address(), peers.store.address(), peers.exits.address(),
                      peers.events.address(), peers.probes.address()})
    if (vital == down.source) { // others hold its handle: only a new daemon mends that
      ctx->tell("", "", "warning", "a vital part died: " + to_string(down.reason));
      return self->quit(caf::exit_reason::unhandled_exception);
    }
  for (auto& [name, m] : stacks) {
    if (m.actor.address() != down.source)
      continue;
    ctx->tell(name, "", "warning", "its supervisor died: " + to_string(down.reason));
    auto now = ctx->now().mono;
    std::erase_if(m.deaths, [&](mono_time at) { return at + actor_restarts_window <= now; });
    m.deaths.push_back(now);
    // An operation holds its handle and knows its order: only the journal mends that.
    if (m.deaths.size() > actor_restarts_max || !m.operation.empty() || m.order_asked)
      return self->quit(caf::exit_reason::unhandled_exception); // systemd starts us anew
    m.actor = spawn_stack(name);
    if (!m.order.id.empty())
      self->send(m.actor, load_atom_v, carried<stack_order>{m.order});
    return;
  }
}

void host_state::bound_audit() {
  auto now = ctx->now().mono;
  if (audit_bounded && now < *audit_bounded + audit_bounded_every)
    return;
  audit_bounded = now;
  self
    ->request(peers.store, caf::infinite, ask_atom_v,
              disk_ask{disk_job{disk::load{ports::family::audit, record::key::audits}}})
    .then(
      [this](const disk_answer& answer) {
        auto& rows = answer->records; // by key, and so by time
        if (rows.size() <= audit_kept)
          return;
        ports::record_batch cut;
        auto row = rows.begin();
        for (auto n = rows.size() - audit_kept; n > 0; --n, ++row)
          cut.push_back({ports::family::audit, row->first, {}});
        caf::anon_send(peers.store, commit_atom_v, batch{std::move(cut)},
                       static_cast<std::uint8_t>(patience::none));
      },
      [](caf::error&) {}); // the store tells its own death
}

/// One round of the watchdog: it is fed only once every supervisor has answered.
void host_state::round() {
  bound_audit();
  auto every = notifier->watchdog_interval();
  auto epoch = ++round_epoch;
  self->delayed_send(self, every.value_or(round_default), tick_atom_v, epoch);
  if (!every)
    return;
  silent = 5 + stacks.size();
  auto heard = [this, epoch](bool) {
    if (epoch == round_epoch && --silent == 0)
      notifier->watchdog();
  };
  auto lost = [](caf::error&) {}; // who does not answer keeps the watchdog hungry
  self->request(peers.engine, *every, alive_atom_v).then(heard, lost);
  self->request(peers.store, *every, alive_atom_v).then(heard, lost);
  self->request(peers.exits, *every, alive_atom_v).then(heard, lost);
  self->request(peers.events, *every, alive_atom_v).then(heard, lost);
  self->request(peers.probes, *every, alive_atom_v).then(heard, lost);
  for (auto& [name, m] : stacks)
    self->request(m.actor, *every, alive_atom_v).then(heard, lost);
}

host_actor::behavior_type host(host_actor::stateful_pointer<host_state> self, context_ptr ctx,
                               host_peers peers, std::shared_ptr<ports::notifier> notifier) {
  auto& st = self->state;
  guard(self, ctx, host_state::name);
  st.ctx = std::move(ctx);
  st.peers = std::move(peers);
  st.notifier = std::move(notifier);
  self->set_down_handler([&st](caf::scheduled_actor*, caf::down_msg& d) { st.stack_died(d); });
  self->monitor(st.peers.engine);
  self->monitor(st.peers.store);
  self->monitor(st.peers.exits);
  self->monitor(st.peers.events);
  self->monitor(st.peers.probes);
  self->set_exit_handler([self](caf::scheduled_actor*, caf::exit_msg& x) {
    for (auto& [name, m] : self->state.stacks)
      self->send_exit(m.actor, x.reason);
    self->quit(std::move(x.reason));
  });
  return {
    [&st](load_atom) { return st.load(); },
    [&st](submit_atom, const carried<operation_request>& r) { return st.submit(*r); },
    [&st](opstat_atom, const std::string& id) {
      auto found = st.operations.find(id);
      return found == st.operations.end()
               ? no({errc::not_found, "no operation " + id + " is known", ""})
               : carried<operation_status>{found->second};
    },
    [&st](opnote_atom, const carried<operation_note>& note) { st.noted(*note); },
    [&st](plan_atom, const carried<stack>& next) { return carried<plan>{st.make_plan(*next)}; },
    [&st](status_atom) { return st.status(); },
    [&st](why_atom, const std::string& stack,
          const std::string& service) -> caf::result<carried<why>> {
      auto found = st.stacks.find(stack);
      if (found == st.stacks.end())
        return caf::make_error(caf::sec::invalid_argument, stack);
      return st.self->delegate(found->second.actor, why_atom_v, service);
    },
    [&st](halt_atom) {
      for (auto& [name, m] : st.stacks)
        st.self->send(m.actor, halt_atom_v);
    },
    [&st](tick_atom, std::uint64_t born) {
      if (born == st.round_epoch)
        st.round();
    },
  };
}

} // namespace davit::actors
