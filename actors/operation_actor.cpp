#include "actors/operation_actor.hpp"

#include "actors/handlers.hpp"
#include "runtime/policy/blueprint.hpp"
#include "runtime/policy/gates.hpp"
#include "runtime/policy/grace_table.hpp"
#include "runtime/policy/graph.hpp"
#include "runtime/record/config_hash.hpp"
#include "runtime/record/keys.hpp"

#include <algorithm>

namespace davit::actors {

using record::operation_phase;

namespace {

std::uint64_t last_order(const stack_order& order) {
  std::uint64_t last = 0;
  for (auto& [name, o] : order.orders)
    last = std::max({last, o.order, o.restart_order});
  return last;
}

bool is_up(const stack_order& order, const std::string& service) {
  auto found = order.orders.find(service);
  return found != order.orders.end() && found->second.goal == policy::goal::up;
}

std::string words_of(const container_report& r) {
  std::string out = to_string(r.status.phase);
  if (!r.status.reason.empty())
    out += ": " + r.status.reason;
  if (!r.refusal.empty() && r.refusal != r.status.reason)
    out += " (" + r.refusal + ")";
  if (!r.status.exit_reason.empty() && out.find(r.status.exit_reason) == std::string::npos)
    out += "; last exit: " + r.status.exit_reason;
  return out;
}

/// What lies as files beside the revision: secrets, and configs written in the manifest.
string_map kept_files(const operation_request& request) {
  auto out = request.secrets;
  for (auto& [name, config] : request.model.configs)
    if (config.content)
      out[policy::config_file(name)] = *config.content;
  return out;
}

bool is_ready(const policy::trial_member& m) {
  return m.alive && (m.ready == readiness::ready || m.ready == readiness::none);
}

} // namespace

stack_order next_order(const stack_order& before, const operation_request& request,
                       const std::string& id, const context& ctx) {
  stack_order out;
  out.stack = request.stack;
  out.id = record::revision_id(record::revision_number(before.id).value_or(0) + 1);
  out.created = ctx.now().wall;
  out.author = request.author;
  out.model = request.model;
  if (!request.source.empty())
    out.source = request.source;
  out.trial = id;
  for (auto& [name, content] : kept_files(request))
    out.secret_digests[name] = record::secret_digest(ctx.set.digest_key, content);
  auto number = last_order(before) + 1;
  for (auto& [name, spec] : request.model.services) {
    auto old = before.model.services.find(name);
    auto same = old != before.model.services.end() && old->second == spec && is_up(before, name);
    out.orders[name] = same ? before.orders.at(name) : service_order{policy::goal::up, number, 0};
  }
  return out;
}

// ---- from the beginning

void operation_state::launch() {
  shown.id = kept.id;
  shown.kind = kept.kind;
  shown.stack = kept.stack;
  now = before;
  if (kept.phase != operation_phase::staged)
    return resume();
  journal(operation_phase::staged, [this] {
    switch (request.kind) {
      case operation_kind::install: return install();
      case operation_kind::uninstall: return remove_all("");
      default: return change_orders();
    }
  });
}

void operation_state::install() {
  now = next_order(before, request, kept.id, *ctx);
  kept.to = now.id;
  auto files = kept_files(request);
  keep_secrets({files.begin(), files.end()}, [this] { apply(now, [this] { prepare(); }); });
}

void operation_state::prepare() {
  say("preparing images, networks and volumes");
  self->request(peers.stack, caf::infinite, prep_atom_v)
    .then(
      [this](const carried<operation_note>& note) {
        kept.created.networks = note->networks;
        kept.created.volumes = note->volumes;
        for (auto& line : note->lines)
          say(line);
        if (!note->failures.empty()) {
          std::string why;
          for (auto& failure : note->failures)
            why += (why.empty() ? "" : "; ") + failure;
          return revert(why);
        }
        journal(operation_phase::trial, [this] { watch(); });
      },
      [this](caf::error& e) { revert("the stack's supervisor died: " + to_string(e)); });
}

void operation_state::change_orders() {
  auto number = last_order(now) + 1;
  for (auto& service : targets()) {
    auto& o = now.orders[service];
    switch (request.kind) {
      case operation_kind::stop: o.goal = policy::goal::down; break;
      case operation_kind::start:
        o.goal = policy::goal::up;
        o.order = number;
        break;
      default: o.goal = policy::goal::up; o.order = o.restart_order = number;
    }
  }
  apply(now, [this] { journal(operation_phase::trial, [this] { watch(); }); });
}

std::set<std::string> operation_state::targets() const {
  std::set<std::string> out;
  if (request.service.empty()) {
    for (auto& [name, spec] : now.model.services)
      out.insert(name);
    return out;
  }
  out.insert(request.service);
  // Who is started needs what it depends on.
  if (request.kind == operation_kind::start)
    for (auto& name : policy::requirements(now.model, request.service))
      if (!is_up(now, name))
        out.insert(name);
  return out;
}

void operation_state::remove_all(const std::string& why) {
  failure = why;
  for (auto& [name, spec] : now.model.services)
    now.orders[name].goal = policy::goal::absent;
  give_up = ctx->now().boot + policy::full_stop_time(now.model) + stop_slack;
  auto phase = why.empty() ? operation_phase::trial : operation_phase::reverting;
  journal(phase, [this] {
    apply(now, [this] {
      at = stage::removing;
      watch();
    });
  });
}

void operation_state::revert(const std::string& why) {
  if (at == stage::ended || !failure.empty())
    return;
  say("failed: " + why);
  kept.error = why;
  if (before.id.empty()) {
    say("undoing: everything that this install made is removed");
    return remove_all(why);
  }
  say("undoing: back to revision " + before.id);
  failure = why;
  // Its services begin new lives only where the failed revision changed them.
  auto number = last_order(now) + 1;
  auto back = before;
  for (auto& [name, o] : back.orders)
    if (auto tried = now.model.services.find(name);
        o.goal == policy::goal::up
        && (tried == now.model.services.end() || tried->second != back.model.services.at(name)))
      o.order = number;
  members.clear();
  reports.clear();
  journal(operation_phase::reverting, [this, back] { apply(back, [this] { watch(); }); });
}

/// The order in force is still the one that failed: the one before lies on the disk.
void operation_state::go_back(const std::string& why) {
  self
    ->request(peers.store, caf::infinite, ask_atom_v,
              disk_ask{disk_job{disk::load_revision{kept.stack, kept.from}}})
    .then(
      [this, why](const disk_answer& answer) {
        auto lost = answer->failure || answer->files.empty();
        auto old = lost ? record::decode_revision("", kept.from)
                        : record::decode_revision(answer->files.front().content, kept.from);
        if (!old)
          return finish(false, why + "; and revision " + kept.from + " cannot be read");
        before = *old;
        before.trial.clear();
        revert(why);
      },
      [this](caf::error& e) { finish(false, "the store died: " + to_string(e)); });
}

void operation_state::resume() {
  say("going on after a restart of davitd, in phase " + std::string{to_string(kept.phase)});
  kept.to = now.id;
  auto installing = request.kind == operation_kind::install;
  if (kept.phase == operation_phase::reverting || (installing && now.trial != kept.id)) {
    auto why = kept.error.empty() ? "davitd was interrupted" : kept.error;
    return kept.from.empty() ? remove_all(why) : go_back(why);
  }
  if (request.kind == operation_kind::uninstall)
    return remove_all("");
  watch();
}

// ---- watching

void operation_state::watch() {
  if (at == stage::staging)
    at = stage::watching;
  if (give_up == boot_time{})
    give_up = ctx->now().boot + policy::full_stop_time(now.model) + stop_slack;
  shown.phase = to_string(kept.phase);
  self->send(peers.stack, watch_atom_v, caf::actor_cast<caf::actor>(self));
  judge();
}

/// Whether a report answers to what we want now, or still to what was wanted before.
bool operation_state::is_news(const std::string& service, const container_report& report) const {
  auto asked = now.orders.find(service);
  if (asked == now.orders.end())
    return true; // it left the model, and only has to go
  auto& o = asked->second;
  auto up = o.goal == policy::goal::up;
  return report.revision == now.id && report.wanted_up == up && report.order == o.order
         && (request.kind != operation_kind::restart || !targets().contains(service)
             || report.order_paid >= o.restart_order);
}

void operation_state::reported(const std::string& service, const container_report& report) {
  if (!is_news(service, report))
    return;
  auto& m = members[service];
  auto& last = reports[service];
  auto news
    = last.status.phase != report.status.phase || last.status.health != report.status.health;
  last = report;
  auto was_ready = is_ready(m);
  auto new_life = report.alive && (!m.alive || !m.alive_since);
  m.job = policy::is_job(now.model, service);
  m.alive = report.alive;
  m.completed = report.completed;
  m.stuck = report.stuck;
  m.gated = !report.status.waiting_for.empty();
  m.ready = report.status.health;
  m.shown = report.status.phase;
  // What ended before we came to look was started, too, where its order was paid for.
  auto was_started = report.stuck && report.order_paid >= report.order;
  m.started = m.started || report.alive || report.completed || was_started;
  m.words = words_of(report);
  auto boot = ctx->now().boot;
  if (new_life)
    m.alive_since = boot;
  if (!report.alive)
    m.alive_since.reset();
  if (!is_ready(m))
    m.ready_since.reset();
  else if (!was_ready || new_life)
    m.ready_since = boot;
  if (news)
    say(service + ": " + m.words);
  judge();
}

void operation_state::commit() {
  at = stage::ended;
  if (!failure.empty())
    return journal(operation_phase::reverted, [this] { finish(false, failure); });
  auto done = [this] { journal(operation_phase::committed, [this] { finish(true, ""); }); };
  if (request.kind != operation_kind::install)
    return done();
  now.trial.clear();
  apply(now, done);
}

void operation_state::clean() {
  at = stage::ended;
  // A failed first install takes back the volumes that it made: a half-run initdb in one
  // makes every later install fail.
  auto volumes = failure.empty() ? request.volumes : !kept.created.volumes.empty();
  self->request(peers.stack, caf::infinite, clean_atom_v, volumes)
    .then(
      [this](const carried<operation_note>& note) {
        std::string left;
        for (auto& f : note->failures)
          left += (left.empty() ? "" : "; ") + f;
        if (!left.empty())
          return journal(operation_phase::failed, [this, left] {
            finish(false, (failure.empty() ? "" : failure + "; ") + "left behind: " + left, true);
          });
        auto end = failure.empty() ? operation_phase::committed : operation_phase::reverted;
        stack_gone = true;
        journal(end, [this] { finish(failure.empty(), failure); });
      },
      [this](caf::error& e) { finish(false, "the stack's supervisor died: " + to_string(e)); });
}

operation_actor::behavior_type operation(operation_actor::stateful_pointer<operation_state> self,
                                         context_ptr ctx, operation_peers peers,
                                         operation_request request, record::operation_record kept,
                                         stack_order before) {
  auto& st = self->state;
  guard(self, ctx, operation_state::name);
  st.ctx = std::move(ctx);
  st.peers = std::move(peers);
  st.request = std::move(request);
  st.kept = std::move(kept);
  st.before = std::move(before);
  return {
    [&st](work_atom) { st.launch(); },
    [&st](report_atom, const std::string& service, const carried<container_report>& report) {
      st.reported(service, *report);
    },
    [&st](tick_atom, std::uint64_t born) {
      if (born == st.epoch)
        st.judge();
    },
  };
}

} // namespace davit::actors
