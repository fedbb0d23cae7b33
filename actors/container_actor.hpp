// A container: owns what is wanted and what is seen of one service.
//
//   every message ──▶ folds one fact into want, seen or memo ──▶ step() ──▶ decide()
//                                                                 │
//        charge: the tracker · term: durable, then the signal · else: the engine
//
// The decisions are in policy/step; here they are only carried out.
#pragma once

#include "actors/context.hpp"
#include "actors/protocol.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <functional>

namespace davit::actors {

/// Everybody a container speaks to.
struct container_peers {
  engine_actor engine;
  exits_actor exits;
  events_actor events;
  probes_actor probes;
  tracker_actor tracker;
  stack_actor stack;
};

/// Acts without time passing: more is a livelock, and the actor crashes.
inline constexpr int acts_at_once_max = 16;
/// After an answer that says nothing (nobody there, a tracker that died).
inline constexpr milliseconds ask_again_after = 1s;

struct container_state {
  static inline const char* name = "container";
  explicit container_state(container_actor::pointer self) : self{self} {}

  // ---- facts: each folds one, and then comes the step
  void loaded(const ledger_note& note);
  void wanted(const container_order& order);
  void died(const life& which, const exit_info& exit);
  void touched();
  void health(const life& which, readiness now, const std::string& words);
  void woken();
  void noted(const ledger_note& note);
  void observed(const observation& what);
  void absent();

  // ---- acts
  void step();
  void act(const policy::step& next, const moment& now);
  void look();
  void charge(const policy::act_charge& what);
  void perform(const policy::act_do& what, const moment& now);
  void term(policy::cause why);
  void signal(policy::verb verb, const std::string& name);
  void termed(const ports::engine_reply& reply);
  void start();
  void started(const ports::engine_reply& reply);
  void create();
  void created(const ports::engine_reply& reply);
  void remove();
  void arm(std::optional<boot_time> look_at, const moment& now);

  void ask(ports::engine_request request, std::function<void(const ports::engine_reply&)> then);
  void attempt_failed(const ports::engine_reply& reply);
  void begin_life(const observation& what);
  void enter(phase next, const std::string& reason, const moment& now);
  void report(const moment& now);
  container_report make_report(const moment& now) const;
  why explain() const;
  ports::engine_request request_for_look() const;

  container_actor::pointer self;
  context_ptr ctx;
  container_peers peers;
  std::string stack;
  std::string service;

  container_order order;
  policy::seen seen;
  policy::memo memo;
  ledger_note ledger; ///< as the tracker said last
  bool has_ledger = false;
  bool has_order = false;
  bool has_looked = false;
  observation last_look;
  std::string watched_id; ///< registered with exits, events and probes
  bool removing = false;  ///< the last verdict was to remove it
  bool recovered = false; ///< the present life was paid for by a charged restart

  std::uint64_t epoch = 0; ///< counts timers; an older one is stale
  int acts_at_once = 0;
  mono_time acts_since{};
  policy::step last;
  service_status shown;
  std::optional<container_report> told;
  std::string exit_text;    ///< how the last life ended, in words
  exit_info last_exit_info; ///< the same, for as long as the next one lasts
  std::string health_text;
};

container_actor::behavior_type container(container_actor::stateful_pointer<container_state> self,
                                         context_ptr ctx, container_peers peers, std::string stack,
                                         std::string service);

} // namespace davit::actors
