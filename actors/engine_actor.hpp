// The engine: lanes and slots over thin blocking workers, so that no actor ever waits.
//
//   mutations  kill > restart > start > create and remove; at most 4 at once, one of the
//              slots never for an operation, one at a time for each container
//   looks      2 workers       pulls   2 workers       health checks   4 workers
//
// Each kind of request has its deadline; the worker keeps it and always answers.
#pragma once

#include "actors/context.hpp"
#include "actors/protocol.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <array>
#include <deque>
#include <set>

namespace davit::actors {

/// Two cores saturate at about four starts at once; more only lengthens the queue.
inline constexpr std::size_t mutation_slots = 4;
inline constexpr std::size_t operation_slots = mutation_slots - 1;
inline constexpr std::size_t look_slots = 2;
inline constexpr std::size_t pull_slots = 2;
inline constexpr std::size_t probe_slots = 4;

/// In the order in which waiting requests are served.
enum class lane : std::uint8_t { kill, start, create, look, pull, probe };
inline constexpr std::size_t lanes = 6;

lane lane_of(const ports::engine_request& request);
/// What the request works on: one mutation at a time for each. Empty: nothing to guard.
std::string subject_of(const ports::engine_request& request);
/// How long the worker may take before the outcome counts as unknown.
milliseconds deadline_of(const ports::engine_request& request);

/// The workers of one engine, by group.
struct engine_workers {
  std::vector<engine_worker> mutations; ///< mutation_slots
  std::vector<engine_worker> looks;
  std::vector<engine_worker> pulls;
  std::vector<engine_worker> probes;
};

struct engine_state {
  static inline const char* name = "engine";
  explicit engine_state(engine_actor::pointer self) : self{self} {}

  struct job {
    caf::typed_response_promise<engine_answer> reply;
    engine_ask what;
    origin from = origin::recovery;
    std::string subject;
  };

  caf::typed_response_promise<engine_answer> ask(const engine_ask& what, origin from);
  void serve();
  bool serve_mutation();
  bool serve_group(lane from, std::vector<engine_worker>& idle);
  void run(job j, std::vector<engine_worker>& idle, bool mutation);
  void observe(const ports::engine_reply& reply);
  void became(const char* state, std::string reason);
  health_note health() const;

  engine_actor::pointer self;
  context_ptr ctx;
  engine_workers idle;
  std::array<std::deque<job>, lanes> queues;
  std::set<std::string> busy_subjects;
  std::size_t operations_in_flight = 0;
  std::multiset<mono_time> unanswered; ///< when each call began that podman owes a quick answer
  bool leaving = false;
  health_note note{"ok", ""};
};

engine_actor::behavior_type engine(engine_actor::stateful_pointer<engine_state> self,
                                   context_ptr ctx, engine_workers workers);

} // namespace davit::actors
