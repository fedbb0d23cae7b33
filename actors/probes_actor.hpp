// The probes: every health check of the host, each on its own schedule, none overlapping
// itself. Sends transitions, not results.
//
//   due ──▶ podman's check (engine) or our own probe ──▶ the health rule ──▶ the container,
//                                                        only if it changed its mind
#pragma once

#include "actors/context.hpp"
#include "actors/protocol.hpp"
#include "runtime/policy/health.hpp"

#include <caf/typed_event_based_actor.hpp>

namespace davit::actors {

struct probes_state {
  static inline const char* name = "probes";
  explicit probes_state(probes_actor::pointer self) : self{self} {}

  struct checked {
    davit::life life;
    caf::actor who;
    policy::health_rules rules;
    policy::health_record record;
    std::optional<probe_spec> probe; ///< absent: podman's own check
    std::int32_t pid = 0;
    boot_time since{};
    std::uint64_t epoch = 0; ///< an older timer or answer is stale
  };

  void watch(checked next);
  void due(const std::string& id, std::uint64_t born);
  void looked(const std::string& id, std::uint64_t born, policy::look_result seen,
              const std::string& words);
  void arm(checked& c);

  probes_actor::pointer self;
  context_ptr ctx;
  engine_actor engine;
  probe_worker prober;
  std::map<std::string, checked> all; ///< by container id
  std::uint64_t epochs = 0;
};

probes_actor::behavior_type probes(probes_actor::stateful_pointer<probes_state> self,
                                   context_ptr ctx, engine_actor engine, probe_worker prober);

} // namespace davit::actors
