// One life of the daemon: the real house over workers that pass everything on to the models.
// It ends as kill -9 ends it: at any message boundary, with nothing said.
#pragma once

#include "actors/house.hpp"
#include "tests/sim/clocks_model.hpp"
#include "tests/sim/disk_model.hpp"
#include "tests/sim/podman_model.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/stateful_actor.hpp>

#include <set>

namespace davit::sim {

/// Everything outside the daemon; lives through its crashes.
struct outside {
  outside(std::uint64_t seed, const weather& w);

  /// Does it after so long, in true time, whoever lives then.
  void after(nanoseconds delay, std::function<void()> what);
  std::optional<boot_time> next_event() const;
  /// Moves every clock and model to then, and does what is due.
  void advance_to(boot_time when);
  boot_time now() const { return clocks->truth(); }

  std::shared_ptr<clocks_model> clocks;
  podman_model podman;
  disk_model disk;
  dice roll;

private:
  std::map<std::pair<boot_time, std::uint64_t>, std::function<void()>> later_;
  std::uint64_t numbers_ = 0;
};

/// Sees everything that crosses the daemon's border.
struct witness {
  virtual ~witness() = default;
  virtual void asked(const ports::engine_request& what, podman_model::ticket number) = 0;
  virtual void answered(podman_model::ticket number, const ports::engine_reply& reply) = 0;
  virtual void stored(const actors::disk_job& what, const actors::disk_reply& reply) = 0;
  virtual void told(const event& e) = 0;
  virtual void died(const life& which) = 0; ///< the daemon hears of it now
};

class incarnation {
public:
  /// Built, prepared and loading. failure() says why where it could not be.
  incarnation(outside& out, witness& who, std::uint64_t seed);
  ~incarnation();
  incarnation(const incarnation&) = delete;

  const std::optional<error>& failure() const { return failure_; }
  bool has_work() const;
  /// Handles one message; the dice pick whose.
  void one_message(dice& roll);
  std::optional<mono_time> next_timeout() const;
  void fire_until(mono_time now);

  /// Kills a random actor of one of these kinds. @returns which, or nothing.
  std::string kill_one(const std::set<std::string>& kinds, dice& roll);
  void submit(actors::operation_request what);
  void halt();
  const actors::host_state* host() const;
  const actors::stack_state* stack(const std::string& name) const;
  moment now() const { return context_->now(); }
  std::uint64_t unexpected() const { return context_->unexpected; }

  // from the scripted workers
  void ask_engine(const actors::engine_job& what, std::size_t worker, std::uint64_t number);
  void ask_disk(const actors::disk_job& what, std::uint64_t number);
  void ask_probe(const ports::probe_request& what, std::uint64_t number);

private:
  template <class State, class Handle> static const State* peek(const Handle& who);
  caf::scheduler::test_coordinator& scheduler() const;
  void meet(caf::resumable* job);
  void listen();
  void spawn_workers(actors::house_parts& parts);
  actors::disk_reply perform(const actors::disk_job& what);

  outside& out_;
  witness& who_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true); ///< callbacks hold it weakly
  std::optional<error> failure_;
  caf::actor_system_config config_;
  std::shared_ptr<actors::context> context_;
  std::unique_ptr<caf::actor_system> system_;
  std::vector<caf::actor> hands_; ///< the engine's workers, by number
  caf::actor disk_hand_;
  caf::actor probe_hand_;
  actors::house house_;
  std::set<caf::actor_id> known_;
  std::vector<caf::actor_addr> all_; ///< every actor that ever ran, in order
};

} // namespace davit::sim
