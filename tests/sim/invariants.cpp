#include "tests/sim/invariants.hpp"

#include "runtime/policy/graph.hpp"
#include "runtime/record/keys.hpp"
#include "runtime/record/ledger.hpp"

namespace davit::sim {

using namespace actors;

namespace {

/// The ledger counts whole milliseconds.
constexpr milliseconds rounding = 2ms;

std::string verb_of(const ports::engine_request& what) {
  if (std::holds_alternative<ports::create_container>(what))
    return "create";
  if (std::holds_alternative<ports::start_container>(what))
    return "start";
  if (std::holds_alternative<ports::remove_container>(what))
    return "remove";
  if (auto* s = std::get_if<ports::signal_container>(&what))
    return s->signal == "SIGKILL" ? "kill" : "term";
  return {};
}

std::string id_of(const ports::engine_request& what) {
  if (auto* r = std::get_if<ports::start_container>(&what))
    return r->id;
  if (auto* r = std::get_if<ports::remove_container>(&what))
    return r->id;
  if (auto* r = std::get_if<ports::signal_container>(&what))
    return r->id;
  return {};
}

bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

} // namespace

invariants::invariants(outside& out, const stack& model, const std::map<std::string, app>& scripts,
                       trace& story)
  : out_{out}, model_{model}, scripts_{scripts}, story_{story} {
  for (auto& [name, s] : model.services) {
    accounts_.emplace(
      name, account{s.davit.recovery, s.davit.post_start_window, policy::edges(s).empty()});
    known_[name].gone = boot_time{};
  }
}

void invariants::fail(std::string what) {
  story_.add(out_.now(), "WRONG: " + what);
  wrong_.push_back(std::move(what));
}

const podman_model::container* invariants::container_of(const std::string& service) const {
  return out_.podman.find(model_.name + '-' + service + "-1");
}

// ---- what crosses the border

void invariants::asked(const ports::engine_request& what, podman_model::ticket number) {
  auto verb = verb_of(what);
  if (verb.empty())
    return;
  look(); // what happened before it was asked
  request r{verb, {}, out_.now(), out_.podman.incarnation()};
  if (auto* made = std::get_if<ports::create_container>(&what))
    r.service = made->what.spec.name;
  else if (auto known = service_of_.find(id_of(what)); known != service_of_.end())
    r.service = known->second;
  story_.add(out_.now(), "ask " + verb + ' ' + r.service + " #" + std::to_string(number));
  if (verb == "start") {
    permit_out_[r.service] = false;
    check_gates(r.service);
  }
  if (verb == "term")
    signal_due_[r.service] = false;
  requests_[number] = std::move(r);
}

void invariants::answered(podman_model::ticket number, const ports::engine_reply& reply) {
  auto found = requests_.find(number);
  if (found == requests_.end())
    return;
  auto r = std::move(found->second);
  requests_.erase(found);
  story_.add(out_.now(), "answer " + r.verb + ' ' + r.service + " #" + std::to_string(number)
                           + (reply.failure ? ": " + reply.failure->message : ""));
  if (reply.failure && reply.failure->code == errc::timeout)
    ran("unknown_" + r.verb);
  if (r.verb != "start")
    return;
  auto* c = container_of(r.service);
  if (!reply.failure && c && !c->app)
    ran("exit_overtook_start");
  if (reply.not_started)
    ran("start_proved_not_done");
}

void invariants::stored(const disk_job& what, const disk_reply& reply) {
  if (std::holds_alternative<disk::sync>(what) && !reply.failure) {
    for (auto& service : std::exchange(written_, {}))
      accounts_.at(service).synced();
    return;
  }
  auto* write = std::get_if<disk::write>(&what);
  if (!write)
    return;
  for (auto& batch : write->batches)
    for (auto& w : batch) {
      if (w.in == ports::family::ledger && w.value)
        read_ledger(w.key, *w.value, !reply.failure);
      if (w.in == ports::family::ledger && !w.value)
        if (auto whose = record::key::parse_ledger(w.key); whose && !reply.failure)
          accounts_.at(whose->service).forgotten();
      if (w.in == ports::family::audit && w.value && contains(*w.value, "a dependency recovered"))
        ran("reset_by_dependency");
    }
}

void invariants::read_ledger(const std::string& key, const std::string& text, bool kept) {
  auto whose = record::key::parse_ledger(key);
  auto read = record::decode_ledger(text, key);
  if (!whose || !read || !accounts_.contains(whose->service))
    return fail("a ledger that cannot be read was written: " + key);
  auto& service = whose->service;
  if (kept) {
    accounts_.at(service).written();
    written_.push_back(service);
  }
  auto& l = read->ledger;
  auto out = l.last && std::holds_alternative<policy::permit>(*l.last);
  if (out && l.permits > permits_[service])
    permit_out_[service] = true;
  permits_[service] = l.permits;
  if (l.last_cause == policy::cause::lost)
    ran("permit_lost");
  if (l.breaker == policy::breaker_state::half_open)
    ran("breaker_half_open");
  if (read->term_at && stop_recorded_[service] != read->term_life) {
    stop_recorded_[service] = read->term_life;
    signal_due_[service] = true;
  }
}

void invariants::told(const event& e) {
  story_.add(out_.now(), e.kind + ' ' + e.service + ": " + e.text);
  if (e.kind == "phase") {
    auto word = e.text.substr(0, e.text.find(':'));
    if (known_.contains(e.service))
      known_[e.service].phase = word, known_[e.service].phase_since = out_.now();
    ran("phase_" + word);
  } else if (e.kind == "health") {
    auto& k = known_[e.service];
    k.ill_since.reset();
    if (contains(e.text, "is ill"))
      k.ill_since = out_.now();
  } else if (e.kind == "store") {
    if (contains(e.text, "slow"))
      ran("store_slow");
    if (contains(e.text, "failed"))
      ran("store_failed");
    if (!contains(e.text, "is ok"))
      for (auto& [service, a] : accounts_)
        a.store_trouble();
  } else if (e.kind == "refusal") {
    for (auto* rule : {"breaker", "ceiling", "trial", "ill", "retries"})
      if (contains(e.text, (std::string{"refused by the "} + rule).c_str()))
        ran(std::string{"refused_by_"} + rule);
    if (contains(e.text, "the trial start failed"))
      ran("half_open_failed");
    if (contains(e.text, "refused by the breaker"))
      accounts_.at(e.service).opened();
  } else if (e.kind == "charge") {
    if (contains(e.text, "the trial start held"))
      ran("half_open_held");
    if (contains(e.text, "ran stable"))
      ran("forgiven");
    if (contains(e.text, "allowed"))
      accounts_.at(e.service).allowed(out_.now());
    ran("charge_" + e.text.substr(0, e.text.find(':')));
  } else if (e.kind == "operation") {
    if (auto at = e.text.find("in phase "); at != std::string::npos)
      ran("resumed_in_" + e.text.substr(at + 9));
    if (contains(e.text, "interrupted before"))
      ran("operation_never_began");
    if (contains(e.text, "undoing"))
      ran("operation_undone");
  } else if (e.kind == "warning" && contains(e.text, "its supervisor died")) {
    ran("actor_restarted");
  }
}

void invariants::died(const life& which) {
  look();
  auto found = service_of_.find(which.id);
  if (found == service_of_.end())
    return;
  auto* c = container_of(found->second);
  if (c && !c->app && !known_[found->second].gone)
    known_[found->second].gone = out_.now();
}

void invariants::submitted(const std::set<std::string>& services) {
  for (auto& service : services)
    accounts_.at(service).ordered();
}

void invariants::born() { daemon_lives_ = true; }

void invariants::crashed(bool power_cut) {
  look();
  daemon_lives_ = false;
  for (auto& [service, out] : permit_out_)
    if (std::exchange(out, false))
      ran("crash_between_charge_and_start");
  for (auto& [service, due] : signal_due_)
    if (std::exchange(due, false))
      ran("crash_between_term_record_and_signal");
  for (auto& [number, r] : requests_)
    ran("crash_during_" + r.verb);
  requests_.clear();
  written_.clear();
  permits_.clear();
  for (auto& [service, a] : accounts_)
    a.crashed(power_cut);
  for (auto& [service, k] : known_) {
    auto* c = container_of(service);
    if (!k.gone && (!c || !c->app))
      k.gone = out_.now();
    k.phase.clear();
    k.ill_since.reset();
  }
}

// ---- what really happened

void invariants::look() {
  auto& history = out_.podman.history();
  for (; read_ < history.size(); ++read_) {
    auto& h = history[read_];
    if (h.what == fact::power_cut)
      continue;
    story_.add(h.at, std::string{"podman: "} + to_string(h.what) + ' ' + h.service
                       + (h.what == fact::end
                            ? std::string{" by "} + to_string(h.why) + ' ' + std::to_string(h.code)
                            : ""));
    switch (h.what) {
      case fact::create: service_of_[h.id] = h.service; break;
      case fact::start: started(h); break;
      case fact::end: ended(h); break;
      case fact::term:
        if (h.ticket != 0)
          stops_.try_emplace(h.life_no, h.at);
        break;
      case fact::kill: killed(h); break;
      default: break;
    }
  }
  for (auto& overlaps = out_.podman.overlaps(); overlaps_ < overlaps.size(); ++overlaps_)
    fail("two mutations at once: " + overlaps[overlaps_]);
}

void invariants::started(const happening& h) {
  auto found = accounts_.find(h.service);
  if (found == accounts_.end())
    return;
  found->second.started(h.at);
  for (auto& what : found->second.wrong())
    fail(h.service + ": " + what);
  known_[h.service].gone.reset();
  known_[h.service].ill_since.reset();
}

void invariants::ended(const happening& h) {
  auto found = accounts_.find(h.service);
  if (found == accounts_.end())
    return;
  auto asked = stops_.contains(h.life_no);
  if (asked && h.why == cause::power_cut)
    ran("power_cut_during_stop");
  found->second.ended(h.at, h.why == cause::app && !asked);
  if (h.why == cause::app && h.code == 0)
    ended_well_.insert(h.service);
  if (!daemon_lives_ || h.why == cause::power_cut)
    known_[h.service].gone = h.at;
}

void invariants::killed(const happening& h) {
  if (h.ticket == 0)
    return; // by somebody's hand
  auto term = stops_.find(h.life_no);
  if (term == stops_.end())
    return fail(h.service + ": SIGKILL without a stop signal before it");
  if (h.at - term->second < h.grace - rounding)
    fail(h.service + ": SIGKILL " + std::to_string((h.at - term->second) / milliseconds{1})
         + " ms after its stop signal, the grace is " + std::to_string(h.grace.count()));
}

// ---- gates

void invariants::check_gates(const std::string& service) {
  auto found = model_.services.find(service);
  if (found == model_.services.end())
    return;
  auto& me = known_[service];
  auto decided = me.phase == "starting" ? me.phase_since : out_.now();
  for (auto& [name, how] : found->second.depends_on)
    if (auto why = not_ready(name, how, decided); !why.empty())
      fail(service + " was started although " + name + ' ' + why);
  for (auto& owner : policy::hosts_of(found->second))
    if (auto why = not_ready(owner, {}, decided); !why.empty())
      fail(service + " was started although " + owner + ", whose namespace it shares, " + why);
}

/// What the daemon must have known when it decided. Empty: it was ready, or may have seemed so.
std::string invariants::not_ready(const std::string& name, const dependency& how,
                                  boot_time decided) const {
  auto& k = known_.at(name);
  auto& s = model_.services.at(name);
  auto* c = container_of(name);
  auto restart = s.davit.recovery.restart;
  auto may_end = restart == restart_mode::no || restart == restart_mode::on_failure;
  if (may_end && ended_well_.contains(name))
    return {};
  if (how.condition == depend_on::completed)
    return "never completed";
  if (k.gone && *k.gone < decided)
    return "was known not to run";
  if (how.condition != depend_on::healthy || !has_readiness(s) || !c || !c->app)
    return {};
  auto script = scripts_.find(name);
  if (c->app->began < decided && script != scripts_.end()
      && out_.now() - c->app->began < script->second.healthy_after)
    return "was never ready in this life";
  if (k.ill_since && *k.ill_since < decided)
    return "was known to be ill";
  return {};
}

} // namespace davit::sim
