// The event feed: the last events of the host, numbered, for everybody who follows them.
// Shared by all actors and the front end; the only thing that they share.
#pragma once

#include "runtime/model/status.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

namespace davit::actors {

class event_feed {
public:
  /// How many events are kept; a follower that is slower misses the oldest.
  static constexpr std::size_t kept = 2'000;

  /// @param also  hears every event, in order (the log); may be empty.
  explicit event_feed(std::function<void(const event&)> also = {}) : also_{std::move(also)} {}

  void tell(wall_time at, std::string stack, std::string service, std::string kind,
            std::string text);

  /// Events after `seq`, oldest first, at most `limit`. Waits up to `patience` for the first.
  std::vector<event> after(std::uint64_t seq, std::size_t limit, milliseconds patience = 0ms);

  std::uint64_t last() const;

private:
  mutable std::mutex mutex_;
  std::condition_variable more_;
  std::deque<event> events_; ///< guarded by mutex_
  std::uint64_t last_ = 0;   ///< guarded by mutex_
  std::function<void(const event&)> also_;
};

} // namespace davit::actors
