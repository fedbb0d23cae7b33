#include "actors/stack_actor.hpp"

#include "actors/handlers.hpp"
#include "actors/tracker_actor.hpp"
#include "runtime/policy/blueprint.hpp"
#include "runtime/policy/graph.hpp"
#include "runtime/record/config_hash.hpp"

#include <algorithm>

namespace davit::actors {

namespace {

/// A service that a revision no longer has: it goes, and nothing else is asked of it.
const service_order gone_order{policy::goal::absent, 0, 0};

/// No container's id. podman removes nothing whose namespace another container shares: its
/// guests, bound to nobody, are removed before it, and wait for the next one.
constexpr const char* nobody = "-";

bool is_ready(const container_report& r) {
  return r.alive && (r.status.health == readiness::ready || r.status.health == readiness::none);
}

} // namespace

// ---- what is wanted

caf::typed_response_promise<carried<disk_reply>> stack_state::apply(const stack_order& next) {
  auto reply = self->make_response_promise<carried<disk_reply>>();
  disk::make_current file{{next.stack, next.id, record::encode(next)}};
  self->request(peers.store, caf::infinite, ask_atom_v, disk_ask{disk_job{std::move(file)}})
    .then(
      [this, reply, next](const disk_answer& answer) mutable {
        if (!answer->failure) {
          adopt(next);
          if (needs.lack_something() && !is_leaving())
            prepare_until_done(); // an install's own round joins this one
        }
        reply.deliver(answer);
      },
      [reply](caf::error& e) mutable { reply.deliver(std::move(e)); });
  return reply;
}

void stack_state::adopt(const stack_order& next) {
  auto first = !has_order;
  order = next;
  has_order = true;
  for (auto& [name, spec] : order.model.services)
    children[name].last_spec = spec;
  spawn_children();
  if (first)
    needs.bind(self, ctx, peers.engine, [this] { send_wants(); });
  needs.expect(order);
  send_wants();
}

void stack_state::spawn_children() {
  for (auto& [name, c] : children) {
    if (!c.container)
      spawn_child(name);
    else
      self->send(c.tracker, rules_atom_v, carried<tracker_rules>{rules_of(name)});
  }
}

void stack_state::spawn_child(const std::string& service) {
  auto& c = children[service];
  auto me = caf::actor_cast<stack_actor>(self);
  c.tracker = self->spawn<caf::monitored>(tracker, ctx, peers.store, stack_name, service,
                                          rules_of(service));
  c.container = self->spawn<caf::monitored>(
    container, ctx,
    container_peers{peers.engine, peers.exits, peers.events, peers.probes, c.tracker, me},
    stack_name, service);
  c.sent.reset();
  c.known = false;
}

void stack_state::child_died(const caf::down_msg& down) {
  for (auto& [name, c] : children) {
    if (c.container.address() != down.source && c.tracker.address() != down.source)
      continue;
    // The two live and die together: neither can be trusted to agree with a new other.
    caf::anon_send_exit(c.container, caf::exit_reason::kill);
    caf::anon_send_exit(c.tracker, caf::exit_reason::kill);
    auto now = ctx->now().mono;
    std::erase_if(c.deaths, [&](mono_time at) { return at + actor_restarts_window <= now; });
    c.deaths.push_back(now);
    ctx->tell(stack_name, name, "warning", "its supervisor died: " + to_string(down.reason));
    if (c.deaths.size() > actor_restarts_max) {
      c.broken = true;
      c.container = nullptr;
      c.tracker = nullptr;
      c.report.status.phase = phase::broken;
      c.report.status.reason = "internal: its supervisor died again and again; see the log";
      c.report.stuck = true;
      return;
    }
    spawn_child(name);
    return send_want(name, c);
  }
}

tracker_rules stack_state::rules_of(const std::string& service) const {
  auto& rules = children.at(service).last_spec.davit;
  return {rules.recovery, rules.critical, rules.post_start_window};
}

policy::goal stack_state::goal_of(const std::string& service) const {
  auto found = order.orders.find(service);
  if (!order.model.services.contains(service) || found == order.orders.end())
    return policy::goal::absent;
  if (found->second.goal == policy::goal::up && policy::is_job(order.model, service))
    return policy::goal::completed;
  return found->second.goal;
}

policy::member stack_state::member_of(const std::string& service) const {
  policy::member out;
  auto found = children.find(service);
  if (found == children.end())
    return out;
  auto& r = found->second.report;
  out.known = found->second.known;
  out.alive = r.alive;
  out.completed = r.completed;
  out.stuck = r.stuck;
  out.ready = r.status.health;
  out.shown = r.status.phase;
  auto mode = found->second.last_spec.davit.recovery.restart;
  out.has_ended_well = !r.alive && mode == restart_mode::no && r.status.exit_code == 0;
  auto goal = goal_of(service);
  out.goes_down = halted || goal == policy::goal::down || goal == policy::goal::absent;
  return out;
}

std::set<std::string> stack_state::gates_for(const service& s) const {
  auto look = [this](const std::string& name) { return member_of(name); };
  auto gates = policy::start_gates(order.model, s, look);
  gates.merge(needs.missing_for(s, order.model));
  return gates;
}

/// A dependency that nobody has looked at yet, and an image that is not there yet, hold a
/// start back, but explain no death: else a crash of ours would make every restart free.
bool stack_state::is_blameless(const service& s) const {
  auto look = [this](const std::string& name) { return member_of(name); };
  for (auto& [name, edge] : s.depends_on)
    if (auto m = look(name); m.known && !policy::satisfied(edge.condition, m))
      return false;
  for (auto& owner : policy::hosts_of(s))
    if (auto m = look(owner); m.known && !m.alive)
      return false;
  return true;
}

container_order stack_state::order_for(const std::string& service, const child& c) const {
  auto look = [this](const std::string& name) { return member_of(name); };
  auto& spec = c.last_spec;
  policy::blueprint_context with{
    order.id, order.trial, ctx->set.host_label, ctx->set.cgroup_parent, ctx->set.secret_dir, {}};
  for (auto& owner : policy::hosts_of(spec))
    if (auto found = children.find(owner); found != children.end())
      with.bound_id
        = found->second.report.removing ? nobody : found->second.report.status.container_id;
  container_order out;
  out.plan = policy::make_blueprint(order.model, spec, with);
  record::digest_map digests;
  for (auto& name : policy::granted(spec))
    if (auto found = order.secret_digests.find(name); found != order.secret_digests.end())
      digests.insert(*found);
  auto& w = out.want;
  // The owner's id is no configuration: its change is seen by the bound id itself.
  auto hashed = out.plan.spec;
  hashed.network_mode = spec.network_mode;
  hashed.ipc = spec.ipc;
  hashed.pid = spec.pid;
  w.config_hash = record::config_hash(hashed, digests);
  out.plan.labels[label::config_hash] = w.config_hash;
  auto asked = order.orders.find(service);
  auto& by = asked == order.orders.end() ? gone_order : asked->second;
  w.goal = goal_of(service);
  w.halt = halted;
  w.trial = order.trial;
  if (order.model.services.contains(service)) {
    w.gates = gates_for(spec);
    w.blameless = is_blameless(spec);
  }
  w.stop_gates = policy::stop_gates(order.model, service, look);
  w.order = by.order;
  w.restart_order = by.restart_order;
  w.generation = c.generation;
  w.bound_id = with.bound_id;
  w.restart = spec.davit.recovery.restart;
  auto probed = spec.davit.probe.has_value();
  w.ill = spec.davit.on_unhealthy.value_or(probed ? on_unhealthy::restart : on_unhealthy::none);
  w.grace = out.plan.grace;
  return out;
}

void stack_state::send_wants() {
  for (auto& [name, c] : children)
    send_want(name, c);
}

void stack_state::send_want(const std::string& service, child& c) {
  if (!c.container || !has_order)
    return;
  auto next = order_for(service, c);
  // The plan differs only where the want or the revision does; the want is cheap to compare.
  if (c.sent && c.sent->want == next.want && c.sent->plan.labels == next.plan.labels)
    return;
  c.sent = next;
  self->send(c.container, want_atom_v, carried<container_order>{std::move(next)});
}

// ---- what is heard

void stack_state::reported(const std::string& service, const container_report& report) {
  auto found = children.find(service);
  if (found == children.end())
    return;
  auto before = std::exchange(found->second.report, report);
  auto known = std::exchange(found->second.known, true);
  if (known)
    fell_or_recovered(service, before, report);
  drop_gone();
  send_wants();
  answer_adopted();
  if (observer)
    self->send(caf::actor_cast<operation_actor>(observer), report_atom_v, service,
               carried<container_report>{report});
}

void stack_state::fell_or_recovered(const std::string& service, const container_report& before,
                                    const container_report& now) {
  auto new_life = now.alive && now.life != before.life && before.life.started_at != 0;
  auto recovered = is_ready(now) && !is_ready(before);
  for (auto& name : policy::dependents_of(order.model, service)) {
    auto& dependent = children[name];
    if (!dependent.container)
      continue;
    auto edge = dependent.last_spec.depends_on.find(service);
    auto follows = edge == dependent.last_spec.depends_on.end() || edge->second.restart;
    if (new_life && follows)
      ++dependent.generation; // its life is bound to one that is over
    if (!recovered || dependent.report.alive)
      continue;
    if (now.recovered)
      self->send(dependent.container, reset_atom_v);
    else
      self->send(dependent.container, wake_atom_v);
  }
}

/// A service that left the model, and whose container is gone, is forgotten.
void stack_state::drop_gone() {
  for (auto c = children.begin(); c != children.end();) {
    if (order.model.services.contains(c->first) || !c->second.known || !c->second.report.gone) {
      ++c;
      continue;
    }
    auto tracker = c->second.tracker;
    self->demonitor(c->second.tracker.address());
    self->demonitor(c->second.container.address());
    self->send_exit(c->second.container, caf::exit_reason::user_shutdown);
    self->request(tracker, caf::infinite, forget_atom_v)
      .then([this, tracker](bool) { self->send_exit(tracker, caf::exit_reason::user_shutdown); },
            [this, tracker](caf::error&) {
              self->send_exit(tracker, caf::exit_reason::user_shutdown);
            });
    c = children.erase(c);
  }
}

void stack_state::answer_adopted() {
  for (auto& [name, c] : children)
    if (!c.known && !c.broken)
      return;
  for (auto& reply : std::exchange(adopted, {}))
    reply.deliver(true);
}

void stack_state::prepare_until_done() {
  needs.prepare(order, origin::recovery,
                [this](const operation_note& note) { prepare_again(note); });
}

/// What a round could not make is tried again, unless all of it is on its way out.
void stack_state::prepare_again(const operation_note& note) {
  if (note.failures.empty())
    return;
  needs.later(prepare_again_after, [this] {
    if (!is_leaving())
      prepare_until_done();
  });
}

bool stack_state::is_leaving() const {
  return std::all_of(order.orders.begin(), order.orders.end(),
                     [](auto& o) { return o.second.goal == policy::goal::absent; });
}

stack_actor::behavior_type stack_keeper(stack_actor::stateful_pointer<stack_state> self,
                                        context_ptr ctx, stack_peers peers, std::string name) {
  auto& st = self->state;
  guard(self, ctx, stack_state::name);
  st.ctx = std::move(ctx);
  st.peers = std::move(peers);
  st.stack_name = std::move(name);
  self->set_down_handler([&st](caf::scheduled_actor*, caf::down_msg& d) { st.child_died(d); });
  self->set_exit_handler([self](caf::scheduled_actor*, caf::exit_msg& x) {
    auto& st = self->state;
    for (auto& [service, c] : st.children) {
      self->send_exit(c.container, x.reason);
      self->send_exit(c.tracker, x.reason);
    }
    self->quit(std::move(x.reason));
  });
  auto prepare = [&st](origin from, resources::done then) {
    st.needs.prepare(st.order, from, std::move(then));
  };
  return {
    [&st](apply_atom, const carried<stack_order>& next) { return st.apply(*next); },
    [&st](load_atom, const carried<stack_order>& next) {
      st.adopt(*next);
      st.prepare_until_done();
    },
    [&st, prepare](prep_atom) {
      auto reply = st.self->make_response_promise<carried<operation_note>>();
      prepare(origin::operation, [&st, reply](const operation_note& note) mutable {
        st.prepare_again(note);
        reply.deliver(carried<operation_note>{note});
      });
      return reply;
    },
    [&st](clean_atom, bool volumes) { return st.clean(volumes); },
    [self](leave_atom) { self->send_exit(self, caf::exit_reason::user_shutdown); },
    [&st](report_atom, const std::string& service, const carried<container_report>& report) {
      st.reported(service, *report);
    },
    [&st](watch_atom, const caf::actor& who) {
      st.observer = who;
      for (auto& [service, c] : st.children)
        if (who && c.known)
          st.self->send(caf::actor_cast<operation_actor>(who), report_atom_v, service,
                        carried<container_report>{c.report});
    },
    [&st](halt_atom) {
      st.halted = true;
      st.send_wants();
    },
    [&st](status_atom) { return carried<stack_status>{st.status()}; },
    [&st](want_atom) { return carried<stack_order>{st.order}; },
    [&st](why_atom, const std::string& service) -> caf::result<carried<why>> {
      auto found = st.children.find(service);
      if (found == st.children.end() || !found->second.container)
        return caf::make_error(caf::sec::invalid_argument, service);
      return st.self->delegate(found->second.container, why_atom_v);
    },
    [](alive_atom) { return true; },
    [&st](work_atom) {
      auto reply = st.self->make_response_promise<bool>();
      st.adopted.push_back(reply);
      st.answer_adopted();
      return reply;
    },
    [&st](tick_atom, std::uint64_t number) { st.needs.due(number); },
  };
}

} // namespace davit::actors
