#include "tests/sim/world.hpp"

#include "runtime/policy/gates.hpp"
#include "runtime/policy/graph.hpp"
#include "runtime/policy/trial.hpp"

#include <algorithm>

namespace davit::sim {

using namespace actors;

namespace {

constexpr std::uint64_t mix = 0x9e3779b97f4a7c15U;
/// More messages without time passing would never end.
constexpr std::uint64_t messages_at_once_max = 300'000;
/// Calls that were on their way when the storm ended, at their longest deadline.
constexpr nanoseconds in_flight_slack = 3min;

std::string event_end(const event& e) { return e.text.substr(0, e.text.find(':')); }

} // namespace

world::world(std::uint64_t seed, options how)
  : seed_{seed}, how_{how}, sky_{how.sky ? *how.sky : weather_of(seed)}, out_{seed * mix, sky_},
    roll_{seed * mix + 11}, scheduler_{seed * mix + 12}, layout_{[&] {
      dice drawn{seed * mix + 13};
      return make_topology(how.layout ? *how.layout : shape_of(seed), drawn, how.healthy);
    }()},
    checks_{out_, layout_.model, layout_.scripts, trace_}, may_be_{std::nullopt} {
  trace_.speak(how.aloud);
  note("seed " + std::to_string(seed) + ", " + sky_.name);
  for (auto& [name, script] : layout_.scripts)
    out_.podman.script(name, script);
  for (auto& [name, s] : layout_.model.services)
    out_.podman.publish(s.image);
  begin_daemon();
}

world::~world() = default;

// ---- the daemon

void world::begin_daemon() {
  booting_ = false;
  note("davitd begins");
  ++incarnations_;
  daemon_ = std::make_unique<incarnation>(out_, *this, roll_.next());
  if (!daemon_->failure())
    return checks_.born();
  note("and fails: " + daemon_->failure()->message);
  ran("daemon_could_not_begin");
  daemon_.reset();
  booting_ = true;
  out_.after(1s, [this] { begin_daemon(); });
}

void world::crash() {
  note("CRASH of davitd");
  ran("daemon_crash");
  checks_.crashed(false);
  daemon_.reset();
  out_.disk.daemon_died();
  booting_ = true;
  out_.after(roll_.between(100ms, 5s), [this] { begin_daemon(); });
}

void world::power_cut() {
  note("POWER CUT");
  ran("power_cut");
  checks_.look();
  daemon_.reset();
  out_.podman.power_cut();
  checks_.crashed(true);
  out_.disk.power_cut();
  out_.clocks->new_boot(roll_.between(1s, 30min));
  out_.advance_to(out_.now());
  if (roll_.hit(0.7))
    out_.after(roll_.between(5s, 3min), [this] { out_.clocks->set_wall_wrong_by(0s, true); });
  if (!std::exchange(booting_, true))
    out_.after(roll_.between(2s, 20s), [this] { begin_daemon(); });
}

void world::crash_soon() {
  if (!daemon_ || doom_ != doom::none)
    return;
  doom_ = doom::crash;
  doom_in_ = roll_.below(roll_.hit(0.5) ? 25 : 300);
}

void world::power_cut_soon() {
  if (doom_ != doom::none)
    return;
  doom_ = doom::power_cut;
  doom_in_ = roll_.below(roll_.hit(0.5) ? 25 : 300);
}

// ---- time

std::optional<boot_time> world::next_due() const {
  auto next = out_.next_event();
  if (!daemon_)
    return next;
  if (auto timer = daemon_->next_timeout()) {
    auto due = out_.now() + std::max(nanoseconds{0}, *timer - out_.clocks->read().mono);
    if (!next || due < *next)
      next = due;
  }
  return next;
}

/// Handles every message there is, unless a crash comes between two.
void world::settle() {
  std::uint64_t at_once = 0;
  while (daemon_ && daemon_->has_work()) {
    if (doom_ != doom::none && doom_in_-- == 0)
      return std::exchange(doom_, doom::none) == doom::crash ? crash() : power_cut();
    daemon_->one_message(scheduler_);
    ++messages_;
    if (++at_once > messages_at_once_max)
      return checks_.fail("messages without end");
  }
  if (daemon_ && !daemon_->host()) {
    ran("daemon_aborted");
    crash();
  }
}

void world::round() {
  auto due = next_due();
  out_.advance_to(*due);
  checks_.look();
  if (daemon_)
    daemon_->fire_until(out_.clocks->read().mono);
  settle();
  checks_.look();
}

bool world::run_until(const std::function<bool()>& done, nanoseconds at_most) {
  auto end = out_.now() + at_most;
  settle();
  while (wrong().empty()) {
    if (done())
      return true;
    auto due = next_due();
    if (!due || *due > end)
      break;
    round();
  }
  if (wrong().empty() && out_.now() < end)
    out_.advance_to(end);
  return done();
}

void world::run_for(nanoseconds how_long) {
  run_until([] { return false; }, how_long);
}

// ---- the border

void world::asked(const ports::engine_request& what, podman_model::ticket number) {
  checks_.asked(what, number);
}
void world::answered(podman_model::ticket number, const ports::engine_reply& reply) {
  checks_.answered(number, reply);
}
void world::stored(const disk_job& what, const disk_reply& reply) { checks_.stored(what, reply); }
void world::died(const life& which) { checks_.died(which); }

void world::told(const event& e) {
  checks_.told(e);
  if (e.kind != "operation")
    return;
  auto what = event_end(e);
  if (what == "install done")
    may_be_ = {trying_};
  else if (what == "install failed" && e.text.find("could not be kept") == std::string::npos
           && e.text.find("revision") == std::string::npos) // it said that it is half done
    may_be_ = may_have_been_;
  else if (what == "uninstall done")
    may_be_ = {std::nullopt};
  // Half done, and said so: either state is right until the next operation ends.
  for (auto* words :
       {"could not be kept", "does not run either", "still waiting", "interrupted", "left behind"})
    was_torn_ = was_torn_ || e.text.find(words) != std::string::npos;
  was_partial_ = was_partial_ || e.text.find("left behind") != std::string::npos
                 || e.text.find("could not be removed") != std::string::npos;
}

// ---- hands

void world::install(stack model) {
  operation_request what;
  what.kind = operation_kind::install;
  what.stack = model.name;
  what.author = "operator";
  what.model = std::move(model);
  refresh_credits(what);
}

void world::ask(operation_kind kind, const std::string& service) {
  operation_request what;
  what.kind = kind;
  what.stack = layout_.model.name;
  what.service = service;
  what.author = "operator";
  refresh_credits(what);
}

/// Submits it if the host would take it, and tells the clerk who may start for it.
void world::refresh_credits(const operation_request& what) {
  auto* host = daemon_ ? daemon_->host() : nullptr;
  if (!host || !host->is_ready || host->refuse(what))
    return;
  ran(std::string{"asked_"} + to_string(what.kind));
  note(std::string{"operator: "} + to_string(what.kind) + ' ' + what.service + ", version "
       + std::to_string(version_));
  may_have_been_ = may_be_;
  std::set<std::string> starts;
  auto found = host->stacks.find(what.stack);
  auto was_up = [&](const std::string& name) {
    if (found == host->stacks.end())
      return false;
    auto& orders = found->second.order.orders;
    auto o = orders.find(name);
    return o != orders.end() && o->second.goal == policy::goal::up;
  };
  if (what.kind == operation_kind::install) {
    for (auto& [name, s] : what.model.services)
      if (!was_up(name) || found->second.order.model.services.at(name) != s)
        starts.insert(name);
    checks_.submitted(starts); // and once more, should it be undone
    trying_ = what.model;
    may_be_.push_back(trying_);
  } else if (what.kind == operation_kind::uninstall) {
    may_be_.push_back(std::nullopt);
  } else if (what.kind != operation_kind::stop) {
    for (auto& [name, s] : layout_.model.services)
      if (what.service.empty() || what.service == name || !was_up(name))
        starts.insert(name);
  }
  checks_.submitted(starts);
  daemon_->submit(what);
}

// ---- questions

bool world::operation_pending() const {
  auto* host = daemon_ ? daemon_->host() : nullptr;
  if (!host || !host->is_ready)
    return true;
  return std::any_of(host->stacks.begin(), host->stacks.end(),
                     [](auto& s) { return !s.second.operation.empty(); });
}

std::string world::container_of(const std::string& service) const {
  return layout_.model.name + '-' + service + "-1";
}

const container_report* world::report(const std::string& service) const {
  auto* st = daemon_ ? daemon_->stack(layout_.model.name) : nullptr;
  if (!st)
    return nullptr;
  auto found = st->children.find(service);
  return found == st->children.end() ? nullptr : &found->second.report;
}

/// Where the policy itself says that nothing more is to be expected.
bool world::is_excused(const std::string& service, const container_report& r) const {
  auto st = daemon_->stack(layout_.model.name);
  auto& c = st->children.at(service);
  if (c.broken)
    return true; // its supervisor died too often
  auto mode = layout_.model.services.at(service).davit.recovery.restart;
  auto ends = mode == restart_mode::no || mode == restart_mode::on_failure;
  return r.stuck && (ends || !r.refusal.empty());
}

std::string world::missing(const std::string& service, const stack_state& st) const {
  auto& r = st.children.at(service).report;
  auto goal = st.goal_of(service);
  auto runs = out_.podman.alive(container_of(service));
  auto goes_down = [&](const std::string& name) {
    auto g = st.goal_of(name);
    return g == policy::goal::down || g == policy::goal::absent;
  };
  if (is_excused(service, r))
    return {};
  if (goal == policy::goal::down || goal == policy::goal::absent)
    return runs ? service + " still runs; " : "";
  if (goal == policy::goal::completed)
    return r.completed ? "" : service + " has not completed; ";
  for (auto& name : policy::requirements(st.order.model, service))
    if (goes_down(name) || is_excused(name, st.children.at(name).report))
      return {}; // it waits for what will not come
  auto ready = r.status.health == readiness::ready || r.status.health == readiness::none;
  auto lets_be_ill = r.status.health == readiness::ill;
  if (runs && r.alive && (ready || lets_be_ill))
    return {};
  return service + " is " + to_string(r.status.phase) + " (" + r.status.reason
         + ", runs: " + (runs ? "yes" : "no") + ", health: " + to_string(r.status.health) + "); ";
}

std::string world::missing() const {
  if (!daemon_ || !daemon_->host() || !daemon_->host()->is_ready)
    return "davitd is not up";
  if (operation_pending())
    return "an operation is at work";
  auto& stacks = daemon_->host()->stacks;
  if (!stacks.contains(layout_.model.name))
    return {};
  auto* st = daemon_->stack(layout_.model.name);
  if (!st || !st->has_order)
    return "the stack has no supervisor";
  std::string out;
  for (auto& [name, s] : st->order.model.services)
    out += st->children.contains(name) ? missing(name, *st) : name + " has no supervisor; ";
  return out;
}

std::string world::all_reports() const {
  std::string out;
  for (auto& [name, s] : layout_.model.services)
    if (auto* r = report(name))
      out += name + " " + to_string(r->status.phase) + (r->alive ? " alive" : "")
             + (r->settled ? " settled" : "") + (r->stuck ? " stuck" : "")
             + (r->gone ? " gone" : "") + " order " + std::to_string(r->order) + ", revision "
             + r->revision + "; ";
  return out;
}

bool world::reached() const { return missing().empty(); }

nanoseconds world::bound() const {
  nanoseconds chain{0};
  std::map<std::string, nanoseconds> upto;
  for (auto& name : policy::start_order(layout_.model)) {
    auto& s = layout_.model.services.at(name);
    nanoseconds before{0};
    for (auto& needs : policy::edges(s))
      before = std::max(before, upto[needs]);
    upto[name] = before + s.davit.readiness_deadline + policy::start_period(s);
    chain = std::max(chain, upto[name]);
  }
  nanoseconds pending{0};
  for (auto& [name, s] : layout_.model.services)
    if (auto* r = report(name); r && r->status.next_attempt_at)
      pending
        = std::max<nanoseconds>(pending, *r->status.next_attempt_at - out_.clocks->read().wall);
  return chain + look_again_after + pending + in_flight_slack;
}

std::map<std::string, std::uint64_t> world::paths() const {
  auto all = paths_;
  for (auto* more : {&checks_.paths(), &out_.podman.paths(), &out_.disk.paths()})
    for (auto& [name, n] : *more)
      all[name] += n;
  if (daemon_)
    all["unexpected_message"] += daemon_->unexpected();
  return all;
}

} // namespace davit::sim
