// A stack: the dependency-aware parent of its containers. It keeps the gates, orders stops,
// and tells dependents when a dependency falls or recovers.
//
//   revision file ──▶ order ──▶ a want for each service ──▶ containers
//        reports ◀── containers;  gates are computed anew from every report
#pragma once

#include "actors/container_actor.hpp"
#include "actors/resources.hpp"
#include "runtime/policy/gates.hpp"

#include <caf/typed_response_promise.hpp>

#include <deque>

namespace davit::actors {

/// Restarts of an actor in place, a minute; beyond that it is broken: internal.
inline constexpr std::size_t actor_restarts_max = 3;
inline constexpr milliseconds actor_restarts_window = 1min;

/// Everybody a stack needs to hand on to its children.
struct stack_peers {
  engine_actor engine;
  store_actor store;
  exits_actor exits;
  events_actor events;
  probes_actor probes;
};

struct stack_state {
  static inline const char* name = "stack";
  explicit stack_state(stack_actor::pointer self) : self{self} {}

  /// One service: its two actors, what they were told last, and what they said last.
  struct child {
    container_actor container;
    tracker_actor tracker;
    std::deque<mono_time> deaths; ///< of its actors, inside the window
    bool broken = false;          ///< its actors died too often
    std::optional<container_order> sent;
    container_report report;
    bool known = false;
    std::uint64_t generation = 0;
    service last_spec; ///< kept for a service that the model no longer has
  };

  caf::typed_response_promise<carried<disk_reply>> apply(const stack_order& next);
  void adopt(const stack_order& next);
  void spawn_children();
  void spawn_child(const std::string& service);
  void child_died(const caf::down_msg& down);
  void reported(const std::string& service, const container_report& report);
  void fell_or_recovered(const std::string& service, const container_report& before,
                         const container_report& now);
  void send_wants();
  void send_want(const std::string& service, child& c);
  container_order order_for(const std::string& service, const child& c) const;
  std::set<std::string> gates_for(const service& s) const;
  bool is_blameless(const service& s) const;
  policy::goal goal_of(const std::string& service) const;
  policy::member member_of(const std::string& service) const;
  tracker_rules rules_of(const std::string& service) const;
  void drop_gone();
  void answer_adopted();
  /// After a boot nobody waits for images and networks: it is tried until they are there.
  void prepare_until_done();
  void prepare_again(const operation_note& note);
  bool is_leaving() const; ///< all of it is wanted absent
  caf::typed_response_promise<carried<operation_note>> clean(bool volumes);
  void forget_everything(caf::typed_response_promise<carried<operation_note>> reply,
                         operation_note note);
  stack_status status() const;

  stack_actor::pointer self;
  context_ptr ctx;
  stack_peers peers;
  std::string stack_name;
  stack_order order;
  bool has_order = false;
  bool halted = false;
  std::map<std::string, child> children;                  ///< by service
  resources needs;                                        ///< images, networks, volumes
  std::vector<caf::typed_response_promise<bool>> adopted; ///< who waits for every first look
  caf::actor observer;                                    ///< the operation that watches, or none
};

stack_actor::behavior_type stack_keeper(stack_actor::stateful_pointer<stack_state> self,
                                        context_ptr ctx, stack_peers peers, std::string name);

} // namespace davit::actors
