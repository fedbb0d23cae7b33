// The store: group commit over one disk worker.
//
//   commit ──▶ waiting ──flush──▶ write ──▶ `written` ──▶ sync ──▶ `synced`
//
// The first commit sends `flush` to ourselves; it queues behind the commits already in the
// mailbox, so that they become one group. One job is with the worker at a time.
#pragma once

#include "actors/context.hpp"
#include "actors/protocol.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>

namespace davit::actors {

/// A permit waits this long for `synced`; then `written` will do, and the store is slow.
inline constexpr milliseconds permit_patience = 250ms;
/// One group holds at most this much, so that nobody waits behind a flood.
inline constexpr std::size_t group_records_max = 256;
inline constexpr std::size_t group_bytes_max = 1024 * 1024;

struct store_state {
  static inline const char* name = "store";
  explicit store_state(store_actor::pointer self) : self{self} {}

  struct waiter {
    caf::typed_response_promise<std::uint8_t> reply;
    patience until;
  };
  struct job {
    caf::typed_response_promise<disk_answer> reply;
    disk_ask what;
  };

  void commit(batch records, patience until);
  void next();
  void write_group();
  void written(const disk_answer& answer);
  void sync();
  void answer(std::vector<waiter>& whom, durability how);
  void failed(const error& why);
  void became(const char* state, std::string reason);

  store_actor::pointer self;
  context_ptr ctx;
  disk_worker worker;
  std::deque<batch> waiting;
  std::vector<waiter> waiting_callers; ///< of `waiting`
  std::vector<waiter> group_callers;   ///< their records are with the worker, or written
  std::deque<job> jobs;
  bool busy = false;
  bool unsynced = false;
  bool flushing = false;
  std::uint64_t epoch = 0; ///< counts groups; an older tick is stale
  health_note note{"ok", ""};
};

store_actor::behavior_type store(store_actor::stateful_pointer<store_state> self, context_ptr ctx,
                                 disk_worker worker);

} // namespace davit::actors
