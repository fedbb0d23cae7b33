// The two actors that hear of the outside: deaths, and podman's events. Both pass on what
// they hear to the container that asked for it, and decide nothing.
#pragma once

#include "actors/context.hpp"
#include "actors/protocol.hpp"
#include "runtime/ports/exits.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <map>

namespace davit::actors {

struct exits_state {
  static inline const char* name = "exits";
  explicit exits_state(exits_actor::pointer self) : self{self} {}
  exits_actor::pointer self;
  std::shared_ptr<ports::exit_watcher> watcher;
  std::map<std::string, caf::actor> listeners; ///< by container id
};

exits_actor::behavior_type exits(exits_actor::stateful_pointer<exits_state> self, context_ptr ctx,
                                 std::shared_ptr<ports::exit_watcher> watcher);

struct events_state {
  static inline const char* name = "events";
  explicit events_state(events_actor::pointer self) : self{self} {}
  events_actor::pointer self;
  engine_actor engine;
  std::map<std::string, caf::actor> listeners; ///< by container id
};

events_actor::behavior_type events(events_actor::stateful_pointer<events_state> self,
                                   context_ptr ctx, engine_actor engine);

} // namespace davit::actors
