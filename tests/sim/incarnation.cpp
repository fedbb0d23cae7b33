#include "tests/sim/incarnation.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>

namespace davit::sim {

using namespace actors;

// ---- outside

outside::outside(std::uint64_t seed, const weather& w)
  : clocks{std::make_shared<clocks_model>(seed, w.host.has_rtc, w.host.drift_ppm)},
    podman{seed + 1, w.engine}, disk{seed + 2, w.disk}, roll{seed + 3} {
  podman.set_wall([c = clocks] { return c->wall_ns(); });
  podman.advance_to(now());
  disk.advance_to(now());
}

void outside::after(nanoseconds delay, std::function<void()> what) {
  later_.emplace(std::pair{now() + delay, numbers_++}, std::move(what));
}

std::optional<boot_time> outside::next_event() const {
  auto next = podman.next_event();
  if (!later_.empty() && (!next || later_.begin()->first.first < *next))
    next = later_.begin()->first.first;
  return next;
}

void outside::advance_to(boot_time when) {
  clocks->run_to(clocks->mono_at(when));
  auto until = std::max(when, now());
  disk.advance_to(until);
  podman.advance_to(until);
  while (!later_.empty() && later_.begin()->first.first <= until) {
    auto due = later_.extract(later_.begin());
    due.mapped()();
  }
}

// ---- the workers: they take what they are asked to the models, and answer when told to

namespace {

using engine_hand_actor
  = engine_worker::extend<caf::reacts_to<tick_atom, std::uint64_t, engine_answer>>;
using disk_hand_actor = disk_worker::extend<caf::reacts_to<tick_atom, std::uint64_t, disk_answer>>;
using probe_answered = carried<ports::probe_answer>;
using probe_hand_actor
  = probe_worker::extend<caf::reacts_to<tick_atom, std::uint64_t, probe_answered>>;

/// Who waits, by the number of the question.
template <class Answer> struct hand_state {
  static inline const char* name = "hand";
  template <class Self> explicit hand_state(Self*) {}
  std::map<std::uint64_t, caf::typed_response_promise<Answer>> open;
  std::uint64_t last = 0;
};

/// What every hand does: passes the question on, and later the answer back.
template <class Hand, class Ask, class Answer, class Begin>
typename Hand::behavior_type hand(typename Hand::template stateful_pointer<hand_state<Answer>> self,
                                  Begin begin) {
  return {
    [self, begin](work_atom, const Ask& what) {
      auto& st = self->state;
      auto reply = self->template make_response_promise<Answer>();
      st.open.emplace(++st.last, reply);
      begin(what, st.last);
      return reply;
    },
    [self](tick_atom, std::uint64_t number, const Answer& answer) {
      if (auto found = self->state.open.extract(number))
        found.mapped().deliver(answer);
    },
  };
}

class model_watcher final : public ports::exit_watcher {
public:
  model_watcher(podman_model& podman, std::weak_ptr<bool> alive)
    : podman_{podman}, alive_{std::move(alive)} {}
  void watch(const life& which, std::int32_t pid, std::int32_t conmon) override {
    if (!alive_.expired())
      podman_.watch(which, pid, conmon);
  }
  void forget(const std::string& id) override {
    if (!alive_.expired())
      podman_.forget(id);
  }

private:
  podman_model& podman_;
  std::weak_ptr<bool> alive_;
};

class silent_notifier final : public ports::notifier {
  void ready() override {}
  void stopping() override {}
  void watchdog() override {}
  void status(const std::string&) override {}
  std::optional<milliseconds> watchdog_interval() override { return std::nullopt; }
};

class dice_chance final : public ports::chance {
public:
  explicit dice_chance(std::uint64_t seed) : roll_{seed} {}
  double unit() override { return roll_.unit(); }
  std::string id() override { return roll_.hex(12); }

private:
  dice roll_;
};

template <class... Fs> struct overloaded : Fs... { using Fs::operator()...; };
template <class... Fs> overloaded(Fs...) -> overloaded<Fs...>;

} // namespace

// ---- birth and death

incarnation::incarnation(outside& out, witness& who, std::uint64_t seed) : out_{out}, who_{who} {
  config_.set("scheduler.policy", caf::atom("testing"));
  auto feed = std::make_shared<event_feed>([this](const event& e) {
    if (alive_)
      who_.told(e);
  });
  context_ = std::make_shared<context>(out.clocks, std::make_shared<dice_chance>(seed), feed,
                                       settings{"/state/secrets", "host", "", ""});
  if (auto prepared = prepare(*context_, out.disk); !prepared) {
    failure_ = prepared.error();
    return;
  }
  out.disk.take_delay();
  system_ = std::make_unique<caf::actor_system>(config_);
  scheduler().clock().current_time = out.clocks->read().mono;
  house_parts parts;
  spawn_workers(parts);
  parts.exit_watcher = std::make_shared<model_watcher>(out.podman, alive_);
  parts.notifier = std::make_shared<silent_notifier>();
  house_ = build(*system_, context_, std::move(parts));
  listen();
  caf::anon_send(house_.host, load_atom_v);
}

void incarnation::spawn_workers(house_parts& parts) {
  auto add = [&](std::vector<engine_worker>& group, std::size_t how_many) {
    for (; how_many > 0; --how_many) {
      auto begin = [this, n = hands_.size()](const engine_ask& what, std::uint64_t number) {
        ask_engine(*what, n, number);
      };
      engine_hand_actor made = system_->spawn(
        hand<engine_hand_actor, engine_ask, engine_answer, decltype(begin)>, begin);
      hands_.push_back(caf::actor_cast<caf::actor>(made));
      group.push_back(made);
    }
  };
  add(parts.workers.mutations, mutation_slots);
  add(parts.workers.looks, look_slots);
  add(parts.workers.pulls, pull_slots);
  add(parts.workers.probes, probe_slots);
  auto to_disk = [this](const disk_ask& what, std::uint64_t n) { ask_disk(*what, n); };
  disk_hand_actor disk
    = system_->spawn(hand<disk_hand_actor, disk_ask, disk_answer, decltype(to_disk)>, to_disk);
  disk_hand_ = caf::actor_cast<caf::actor>(disk);
  parts.disk = disk;
  using ask = carried<ports::probe_request>;
  auto to_probe = [this](const ask& what, std::uint64_t n) { ask_probe(*what, n); };
  probe_hand_actor prober
    = system_->spawn(hand<probe_hand_actor, ask, probe_answered, decltype(to_probe)>, to_probe);
  probe_hand_ = caf::actor_cast<caf::actor>(prober);
  parts.prober = prober;
}

/// Called while podman still knows us: drop all that it would tell.
incarnation::~incarnation() {
  alive_.reset();
  out_.podman.daemon_died();
  if (!system_)
    return;
  auto kill = [](const caf::strong_actor_ptr& who) {
    // Ahead of everything in its mailbox: what it would have done next does not happen.
    if (who)
      who->enqueue(nullptr, caf::make_message_id(caf::message_priority::high),
                   caf::make_message(caf::exit_msg{who->address(), caf::exit_reason::kill}),
                   nullptr);
  };
  for (auto& address : all_)
    kill(caf::actor_cast<caf::strong_actor_ptr>(address));
  auto& jobs = scheduler().jobs;
  std::size_t met = all_.size();
  while (!jobs.empty()) {
    meet(jobs.front());
    for (; met < all_.size(); ++met)
      kill(caf::actor_cast<caf::strong_actor_ptr>(all_[met]));
    scheduler().run_once();
  }
  scheduler().clock().cancel_all();
  hands_.clear();
  disk_hand_ = probe_hand_ = nullptr;
  house_ = {};
}

// ---- running

caf::scheduler::test_coordinator& incarnation::scheduler() const {
  return static_cast<caf::scheduler::test_coordinator&>(system_->scheduler());
}

bool incarnation::has_work() const { return system_ && !scheduler().jobs.empty(); }

/// Every actor passes here before it runs for the first time.
void incarnation::meet(caf::resumable* job) {
  auto* who = dynamic_cast<caf::scheduled_actor*>(job);
  if (who && known_.insert(who->id()).second)
    all_.push_back(who->address());
}

void incarnation::one_message(dice& roll) {
  auto& jobs = scheduler().jobs;
  auto next = jobs.begin() + static_cast<std::ptrdiff_t>(roll.below(jobs.size()));
  std::rotate(jobs.begin(), next, next + 1);
  meet(jobs.front());
  scheduler().run_once();
}

std::optional<mono_time> incarnation::next_timeout() const {
  if (!system_ || !scheduler().has_pending_timeout())
    return std::nullopt;
  return scheduler().clock().schedule().begin()->first;
}

void incarnation::fire_until(mono_time now) {
  if (!system_)
    return;
  scheduler().clock().current_time = now;
  for (auto next = next_timeout(); next && *next <= now; next = next_timeout())
    scheduler().trigger_timeout();
}

std::string incarnation::kill_one(const std::set<std::string>& kinds, dice& roll) {
  std::vector<caf::strong_actor_ptr> found;
  for (auto& address : all_)
    if (auto who = caf::actor_cast<caf::strong_actor_ptr>(address))
      if (auto* local = dynamic_cast<caf::local_actor*>(caf::actor_cast<caf::abstract_actor*>(who));
          local && !local->getf(caf::abstract_actor::is_terminated_flag)
          && kinds.contains(local->name()))
        found.push_back(std::move(who));
  if (found.empty())
    return {};
  auto& who = found[roll.below(found.size())];
  std::string name
    = static_cast<caf::local_actor*>(caf::actor_cast<caf::abstract_actor*>(who))->name();
  caf::anon_send_exit(who, caf::exit_reason::kill);
  return name;
}

void incarnation::submit(operation_request what) {
  caf::anon_send(house_.host, submit_atom_v, carried<operation_request>{std::move(what)});
}

void incarnation::halt() { caf::anon_send(house_.host, halt_atom_v); }

template <class State, class Handle> const State* incarnation::peek(const Handle& who) {
  auto* plain = caf::actor_cast<caf::abstract_actor*>(who);
  if (!plain || plain->getf(caf::abstract_actor::is_terminated_flag))
    return nullptr;
  return &static_cast<typename Handle::template stateful_pointer<State>>(plain)->state;
}

const host_state* incarnation::host() const { return peek<host_state>(house_.host); }

const stack_state* incarnation::stack(const std::string& name) const {
  auto* all = host();
  if (!all)
    return nullptr;
  auto found = all->stacks.find(name);
  return found == all->stacks.end() ? nullptr : peek<stack_state>(found->second.actor);
}

// ---- the border

void incarnation::listen() {
  engine_ears ears;
  ears.exited = [this](const life& which, boot_time heard, const exit_info& exit) {
    who_.died(which);
    caf::anon_send(house_.exits, exited_atom_v, which, out_.clocks->mono_at(heard), exit);
  };
  ears.monitor_lost
    = [this](const life& which) { caf::anon_send(house_.exits, touched_atom_v, which.id); };
  ears.touched
    = [this](const std::string& id) { caf::anon_send(house_.events, touched_atom_v, id); };
  ears.gap = [this] { caf::anon_send(house_.events, gap_atom_v); };
  ears.reachable = [this](bool yes) { caf::anon_send(house_.events, reach_atom_v, yes); };
  out_.podman.hear(std::move(ears));
}

void incarnation::ask_engine(const engine_job& what, std::size_t worker, std::uint64_t number) {
  if (!alive_)
    return;
  auto ticket = std::make_shared<podman_model::ticket>(0);
  *ticket = out_.podman.submit(
    what.request, what.deadline, [this, worker, number, ticket](ports::engine_reply reply) {
      who_.answered(*ticket, reply);
      caf::anon_send(hands_[worker], tick_atom_v, number, engine_answer{std::move(reply)});
    });
  who_.asked(what.request, *ticket);
}

void incarnation::ask_disk(const disk_job& what, std::uint64_t number) {
  if (!alive_)
    return;
  disk_answer answer{perform(what)};
  out_.after(out_.disk.take_delay(),
             [this, life = std::weak_ptr<bool>{alive_}, what, number, answer] {
               if (life.expired())
                 return;
               who_.stored(what, *answer);
               caf::anon_send(disk_hand_, tick_atom_v, number, answer);
             });
}

disk_reply incarnation::perform(const disk_job& what) {
  disk_reply reply;
  auto note = [&](auto&& outcome) {
    if (!outcome)
      reply.failure = outcome.error();
    return outcome.has_value();
  };
  auto& d = out_.disk;
  std::visit(
    overloaded{
      [&](const disk::write& j) { note(d.write(j.batches)); },
      [&](const disk::sync&) { note(d.sync()); },
      [&](const disk::load& j) {
        if (auto found = d.load(j.in, j.prefix); note(found))
          reply.records = std::move(*found);
      },
      [&](const disk::load_current&) {
        if (auto found = d.load_current(reply.trouble); note(found))
          reply.files = std::move(*found);
      },
      [&](const disk::load_revision& j) {
        if (auto found = d.load(j.stack, j.revision); note(found))
          reply.files.push_back(std::move(*found));
      },
      [&](const disk::list_revisions& j) {
        if (auto found = d.revisions(j.stack); note(found))
          reply.names = std::move(*found);
      },
      [&](const disk::put_revision& j) { note(d.put(j.file)); },
      [&](const disk::make_current& j) {
        if (note(d.put(j.file)))
          note(d.select(j.file.stack, j.file.revision));
      },
      [&](const disk::select_revision& j) { note(d.select(j.stack, j.revision)); },
      [&](const disk::remove_revision& j) { note(d.remove(j.stack, j.revision)); },
      [&](const disk::put_secret& j) { note(d.put_secret(j.stack, j.name, j.content, j.mode)); },
    },
    what);
  return reply;
}

void incarnation::ask_probe(const ports::probe_request& what, std::uint64_t number) {
  if (!alive_)
    return;
  ports::probe_answer answer;
  auto* c = out_.podman.find(what.id);
  using kind = ports::probe_answer::kind;
  if (!c || !c->app || c->app->pid != what.pid)
    answer = {kind::could_not_look, "its network namespace is gone"};
  else if (out_.podman.answers(what.id))
    answer = {kind::well, ""};
  else
    answer = {kind::ill, "connection refused"};
  out_.after(out_.roll.between(1ms, 30ms),
             [this, life = std::weak_ptr<bool>{alive_}, number, answer] {
               if (!life.expired())
                 caf::anon_send(probe_hand_, tick_atom_v, number, probe_answered{answer});
             });
}

} // namespace davit::sim
