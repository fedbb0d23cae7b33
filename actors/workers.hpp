// The blocking workers of production: thin actors, a thread each, over the ports.
#pragma once

#include "actors/engine_actor.hpp"
#include "runtime/ports/prober.hpp"

#include <caf/actor_system.hpp>

namespace davit::actors {

/// Looks of our own probes at once; each may block for its timeout.
inline constexpr std::size_t prober_threads = 4;

engine_workers spawn_engine_workers(caf::actor_system& system,
                                    std::shared_ptr<ports::engine> engine);

disk_worker spawn_disk_worker(caf::actor_system& system, std::shared_ptr<ports::store> store,
                              std::shared_ptr<ports::desired_files> files);

probe_worker spawn_prober(caf::actor_system& system, std::shared_ptr<ports::prober> prober);

/// One job of the disk, done at once.
disk_reply perform(const disk_job& job, ports::store& store, ports::desired_files& files);

} // namespace davit::actors
