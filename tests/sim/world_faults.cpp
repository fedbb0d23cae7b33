// What goes wrong in a history, and what must be so once it no longer does.
#include "runtime/policy/grace_table.hpp"
#include "tests/sim/world.hpp"

#include <algorithm>
#include <iterator>

namespace davit::sim {

using namespace actors;

namespace {

const std::set<std::string> restarted_in_place{"container", "tracker", "stack"};

std::string version_of(const stack& st) {
  for (auto& [name, s] : st.services)
    if (auto v = s.environment.find("VERSION"); v != s.environment.end())
      return name + ' ' + v->second;
  return "the first";
}

} // namespace

bool world::ended_since(std::size_t when) const {
  auto& all = out_.podman.history();
  return std::any_of(all.begin() + static_cast<std::ptrdiff_t>(when), all.end(),
                     [](auto& h) { return h.what == fact::end && h.why == cause::app; });
}

/// Again and again while the storm lasts, after `mean` on average. Zero: never.
void world::every(nanoseconds mean, const std::function<void()>& what) {
  if (mean <= 0ns)
    return;
  out_.after(roll_.between(mean / 5, mean * 9 / 5), [this, mean, what] {
    if (!storm_)
      return;
    what();
    every(mean, what);
  });
}

const std::string& world::any_service() {
  auto& all = layout_.model.services;
  return std::next(all.begin(), static_cast<std::ptrdiff_t>(roll_.below(all.size())))->first;
}

void world::begin_storm() {
  storm_ = true;
  auto& h = sky_.host;
  every(h.daemon_crash_every, [this] { crash_soon(); });
  every(h.power_cut_every, [this] { power_cut_soon(); });
  every(h.wall_jump_every, [this] { wall_jump(); });
  every(h.suspend_every, [this] {
    note("the host sleeps");
    ran("suspend");
    out_.clocks->suspend(roll_.between(1s, 20min));
  });
  every(h.actor_crash_every, [this] {
    if (auto who = daemon_ ? daemon_->kill_one(restarted_in_place, roll_) : ""; !who.empty()) {
      note("CRASH of a " + who + " actor");
      ran("killed_" + who);
    }
  });
  if (!how_.whims)
    return;
  every(roll_.between(2min, 15min), [this] { whim(); });
  if (sky_.name != "calm")
    every(roll_.between(4min, 30min), [this] { hand(); });
}

/// What an operator thinks of.
void world::whim() {
  auto dice = roll_.below(100);
  auto later_again = [this](operation_kind kind, const std::string& service) {
    out_.after(roll_.between(5s, 4min), [this, kind, service] { ask(kind, service); });
  };
  if (dice < 20) {
    ask(operation_kind::restart, any_service());
  } else if (dice < 28) {
    ask(operation_kind::restart);
  } else if (dice < 45) {
    auto service = roll_.hit(0.4) ? std::string{} : any_service();
    ask(operation_kind::stop, service);
    later_again(operation_kind::start, service);
  } else if (dice < 55) {
    ask(operation_kind::start, any_service());
  } else if (dice < 75) {
    install(changed(layout_.model, any_service(), ++version_));
  } else if (dice < 85) {
    ask(operation_kind::uninstall);
    out_.after(roll_.between(1s, 3min), [this] { install(layout_.model); });
  } else if (dice < 95) {
    install(layout_.model);
  } else {
    host_shutdown();
  }
}

/// Somebody with a shell, who does not know of us.
void world::hand() {
  auto name = container_of(any_service());
  switch (roll_.below(6)) {
    case 0: out_.podman.remove_by_hand(name); break;
    case 1: out_.podman.kill_conmon(name); break;
    case 2: out_.podman.kill_process(name, 137); break;
    case 3: out_.podman.hang_service(roll_.between(1s, 30s)); break;
    case 4: out_.podman.kill_service(roll_.between(100ms, 5s)); break;
    default: out_.podman.stop_by_hand(name); break;
  }
  note("by hand: something done to " + name);
}

void world::wall_jump() {
  auto off = roll_.between(0s, 10h) - 5h;
  auto right = roll_.hit(0.4);
  note(right ? "the wall clock is set right" : "the wall clock jumps");
  ran("wall_jump");
  out_.clocks->set_wall_wrong_by(right ? nanoseconds{0} : off, right);
}

/// systemd asks for an end, everything stops in order, and the power goes.
void world::host_shutdown() {
  if (!daemon_)
    return;
  note("the host shuts down");
  ran("host_shutdown");
  daemon_->halt();
  auto full = policy::full_stop_time(layout_.model);
  out_.after(roll_.between(100ms, full + 10s), [this] {
    if (storm_)
      power_cut_soon();
  });
}

void world::calm_down() {
  note("the storm is over");
  storm_ = false;
  doom_ = doom::none;
  out_.podman.set_weather({});
  out_.disk.set_weather({});
  for (auto& [name, script] : layout_.scripts)
    out_.podman.script(name, cured(script));
}

void world::live() {
  run_for(1s);
  install(layout_.model);
  begin_storm();
  auto large = layout_.model.services.size() > 10;
  run_for(roll_.between(10min, large ? 20min : 90min));
  calm_down();
  // What was halted stays so until the machine goes down.
  if (paths_["host_shutdown"] > 0)
    power_cut();
  check_end();
}

/// Invariants 5, 6 and 7: after the storm, and within the bound.
void world::check_end() {
  auto operations = 2 * policy::full_stop_time(layout_.model) + bound() + 10min;
  if (!run_until([this] { return !operation_pending(); }, operations)) {
    if (wrong().empty())
      checks_.fail("an operation does not end: " + all_reports());
    return;
  }
  run_for(30s); // every death is counted, every wait is known
  // What began in the storm may still end as the storm would have it; then the waits begin.
  auto lately = out_.podman.history().size();
  auto there_in_time = run_until([this] { return reached(); }, bound());
  for (int more = 0; !there_in_time && more < 5 && ended_since(lately); ++more) {
    lately = out_.podman.history().size();
    there_in_time = run_until([this] { return reached(); }, bound());
  }
  if (!there_in_time) {
    if (wrong().empty())
      checks_.fail("not reached within the bound: " + missing());
    return;
  }
  auto& stacks = daemon_->host()->stacks;
  auto found = stacks.find(layout_.model.name);
  auto there = found == stacks.end() ? std::nullopt : std::optional{found->second.order.model};
  if (!was_torn_ && std::find(may_be_.begin(), may_be_.end(), there) == may_be_.end())
    checks_.fail(there ? "the stack is neither the old nor the new one: " + version_of(*there)
                       : std::string{"the stack is gone, and nobody wanted that"});
  std::set<std::string> orphans;
  for (auto& o : daemon_->host()->orphans)
    orphans.insert(o.id);
  for (auto& [id, c] : out_.podman.containers()) {
    auto& service = c.made_of.what.spec.name;
    auto wanted = there && there->services.contains(service);
    if (!wanted && !was_partial_ && !orphans.contains(id))
      checks_.fail("a container is left that nobody wants: " + c.name);
  }
  if (!there && !was_partial_ && out_.podman.has_network("shop_default"))
    checks_.fail("a network is left that nobody wants");
  note("all is well");
}

} // namespace davit::sim
