#include "actors/feed.hpp"

#include <algorithm>

namespace davit::actors {

void event_feed::tell(wall_time at, std::string stack, std::string service, std::string kind,
                      std::string text) {
  std::lock_guard guard{mutex_};
  events_.push_back(
    {++last_, at, std::move(stack), std::move(service), std::move(kind), std::move(text)});
  if (events_.size() > kept)
    events_.pop_front();
  if (also_)
    also_(events_.back());
  more_.notify_all();
}

std::vector<event> event_feed::after(std::uint64_t seq, std::size_t limit, milliseconds patience) {
  std::unique_lock guard{mutex_};
  if (patience > 0ms)
    more_.wait_for(guard, patience, [&] { return last_ > seq; });
  auto first
    = std::find_if(events_.begin(), events_.end(), [&](const event& e) { return e.seq > seq; });
  std::vector<event> out;
  for (; first != events_.end() && out.size() < limit; ++first)
    out.push_back(*first);
  return out;
}

std::uint64_t event_feed::last() const {
  std::lock_guard guard{mutex_};
  return last_;
}

} // namespace davit::actors
