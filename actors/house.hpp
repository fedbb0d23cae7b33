// The whole house, in the order in which it is built. The workers come from outside: threads
// over podman and the disk in production, scripted ones in the simulation.
#pragma once

#include "actors/engine_actor.hpp"
#include "actors/host_actor.hpp"
#include "runtime/ports/exits.hpp"

#include <functional>

namespace davit::actors {

struct house_parts {
  engine_workers workers;
  disk_worker disk;
  probe_worker prober;
  std::shared_ptr<ports::exit_watcher> exit_watcher;
  std::shared_ptr<ports::notifier> notifier;
};

struct house {
  store_actor store;
  engine_actor engine;
  exits_actor exits;
  events_actor events;
  probes_actor probes;
  host_actor host;

  /// Ends everything, the host first; nothing it manages is touched.
  void leave();
};

/// The host is built but has not loaded anything: send it load_atom.
house build(caf::actor_system& system, const context_ptr& ctx, house_parts parts);

/// Calls `fallen` once if the host ends by itself: the process must not go on without it.
void watch_over(caf::actor_system& system, const house& all, std::function<void()> fallen);

/// Reads what must be known before the first actor asks for the time: the clock's anchor and
/// the key of the secrets' digests, made on the first run.
result<void> prepare(context& ctx, ports::store& store);

} // namespace davit::actors
