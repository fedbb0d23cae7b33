#include "actors/watchers.hpp"

#include "actors/handlers.hpp"

namespace davit::actors {

exits_actor::behavior_type exits(exits_actor::stateful_pointer<exits_state> self, context_ptr ctx,
                                 std::shared_ptr<ports::exit_watcher> watcher) {
  auto& st = self->state;
  guard(self, ctx, exits_state::name);
  st.watcher = std::move(watcher);
  return {
    [&st](watch_atom, const life& which, std::int32_t pid, std::int32_t conmon,
          const caf::actor& who) {
      st.listeners[which.id] = who;
      st.watcher->watch(which, pid, conmon);
    },
    [&st](forget_atom, const std::string& id) {
      st.listeners.erase(id);
      st.watcher->forget(id);
    },
    [&st](touched_atom, const std::string& id) {
      if (auto who = st.listeners.find(id); who != st.listeners.end())
        st.self->send(caf::actor_cast<container_actor>(who->second), touched_atom_v);
    },
    [&st](exited_atom, const life& which, mono_time at, const exit_info& exit) {
      if (auto who = st.listeners.find(which.id); who != st.listeners.end())
        st.self->send(caf::actor_cast<container_actor>(who->second), exited_atom_v, which, at,
                      exit);
    },
    [](alive_atom) { return true; },
  };
}

events_actor::behavior_type events(events_actor::stateful_pointer<events_state> self,
                                   context_ptr ctx, engine_actor engine) {
  auto& st = self->state;
  guard(self, ctx, events_state::name);
  st.engine = std::move(engine);
  auto touch = [&st](const caf::actor& who) {
    st.self->send(caf::actor_cast<container_actor>(who), touched_atom_v);
  };
  return {
    [&st](watch_atom, const std::string& id, const caf::actor& who) { st.listeners[id] = who; },
    [&st](forget_atom, const std::string& id) { st.listeners.erase(id); },
    [&st, touch](touched_atom, const std::string& id) {
      if (auto who = st.listeners.find(id); who != st.listeners.end())
        touch(who->second);
    },
    [&st, touch](gap_atom) {
      for (auto& [id, who] : st.listeners)
        touch(who);
    },
    [&st](reach_atom, bool yes) { st.self->send(st.engine, reach_atom_v, yes); },
    [](alive_atom) { return true; },
  };
}

} // namespace davit::actors
