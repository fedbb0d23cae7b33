// podman's event stream: only ever a reason to look. It lags a death by up to half a second and
// may leave things out, so nothing is concluded from it.
#pragma once

#include "runtime/effects/podman_http.hpp"
#include "runtime/ports/engine.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <thread>
#include <tuple>

namespace davit::effects {

namespace podman {

/// Finds in the stream what is worth a look, each thing once: podman tells again what it told
/// in the second of `since`, and on a rotation of its log even more.
class event_reader {
public:
  /// The containers touched by the lines that are whole by now.
  std::vector<std::string> feed(const char* data, std::size_t size);
  /// Of the latest event; 0: none yet. The next stream begins there.
  std::int64_t latest_ns() const { return latest_ns_; }
  /// A new stream begins: half a line is dropped.
  void restart() { line_.clear(); }

private:
  using mark = std::tuple<std::int64_t, std::string, std::string>; ///< when, who, what
  std::optional<std::string> line();
  std::string line_;
  std::int64_t latest_ns_ = 0;
  std::set<mark> known_;
  std::deque<mark> order_; ///< oldest first, so that known_ stays small
};

} // namespace podman

/// Follows the stream on a thread of its own from construction to destruction, which takes
/// less than 100 ms. Calls `sink` from that thread only: reachable(true) once podman answers,
/// gap() after every break, touched() for what happened to a container.
class podman_events {
public:
  podman_events(std::string socket, ports::event_sink& sink);
  ~podman_events();
  podman_events(const podman_events&) = delete;
  podman_events& operator=(const podman_events&) = delete;

private:
  void run();
  void follow();
  bool pause(milliseconds span); ///< false: leaving
  void tell(bool reachable);

  podman::http http_;
  ports::event_sink& sink_;
  podman::event_reader reader_;   // the thread's own, as are the next two
  std::optional<bool> reachable_; ///< as told last
  bool broken_ = false;           ///< a gap is to be told once the stream is back

  std::mutex mutex_;
  std::condition_variable changed_;
  // under mutex_
  httplib::Client* client_ = nullptr; ///< of the stream that is open now
  bool leaving_ = false;
  bool ended_ = false;

  std::thread thread_;
};

} // namespace davit::effects
