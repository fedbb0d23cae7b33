// The thread that follows, reconnects and gives up.
#include "runtime/effects/podman_events.hpp"

#include "runtime/effects/podman_codec.hpp"

#include <httplib.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace davit::effects {

namespace podman {

namespace {

constexpr std::size_t longest_line = 256U << 10U;
constexpr std::size_t most_known = 2048;

/// What changes a container's state from outside, or ends it. Checks, exec sessions and the
/// cleanup after a death, which podman tells of too, change nothing that a look would show.
const std::set<std::string>& telling() {
  static const std::set<std::string> actions{"died",    "remove",  "start",   "stop",
                                             "restart", "pause",   "unpause", "rename",
                                             "create",  "restore", "update"};
  return actions;
}

} // namespace

std::vector<std::string> event_reader::feed(const char* data, std::size_t size) {
  std::vector<std::string> touched;
  for (std::size_t i = 0; i < size; ++i) {
    if (data[i] != '\n') {
      if (line_.size() < longest_line)
        line_ += data[i];
      continue;
    }
    if (auto id = line(); id && std::find(touched.begin(), touched.end(), *id) == touched.end())
      touched.push_back(std::move(*id));
    line_.clear();
  }
  return touched;
}

std::optional<std::string> event_reader::line() {
  auto root = nlohmann::json::parse(line_, nullptr, false);
  if (!root.is_object() || root.value("Type", nlohmann::json()) != "container")
    return std::nullopt;
  auto when = root.value("timeNano", nlohmann::json());
  auto what = root.value("Action", nlohmann::json());
  auto who = root.value("id", nlohmann::json());
  if (!who.is_string())
    who = root.value("Actor", nlohmann::json::object()).value("ID", nlohmann::json());
  if (!when.is_number() || !what.is_string() || !who.is_string())
    return std::nullopt;
  mark m{when.get<std::int64_t>(), who.get<std::string>(), what.get<std::string>()};
  latest_ns_ = std::max(latest_ns_, std::get<0>(m));
  if (!telling().contains(std::get<2>(m)) || !known_.insert(m).second)
    return std::nullopt;
  order_.push_back(m);
  if (order_.size() > most_known) {
    known_.erase(order_.front());
    order_.pop_front();
  }
  return std::get<1>(m);
}

} // namespace podman

namespace {

constexpr milliseconds first_pause{100};
constexpr milliseconds longest_pause{5000};
/// The stream has no heartbeat, so it is only renewed now and then; `since` loses nothing.
constexpr milliseconds silence = std::chrono::hours(1);
constexpr std::int64_t ns_per_s = 1'000'000'000;

} // namespace

podman_events::podman_events(std::string socket, ports::event_sink& sink)
  : http_{std::move(socket)}, sink_{sink}, thread_{[this] { run(); }} {}

podman_events::~podman_events() {
  std::unique_lock lock(mutex_);
  leaving_ = true;
  changed_.notify_all();
  // A stop() that comes before the request has begun is lost: it is repeated.
  while (!changed_.wait_for(lock, milliseconds{5}, [this] { return ended_; }))
    if (client_)
      client_->stop();
  lock.unlock();
  thread_.join();
}

void podman_events::run() {
  auto next = first_pause;
  do {
    auto begun = std::chrono::steady_clock::now();
    follow();
    // A stream that held for a while was a good one: begin with the short pause again.
    bool good = std::chrono::steady_clock::now() - begun > longest_pause;
    next = good ? first_pause : std::min(next * 2, longest_pause);
  } while (pause(next));
  std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

bool podman_events::pause(milliseconds span) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, span, [this] { return leaving_; });
}

void podman_events::tell(bool reachable) {
  if (reachable_ == reachable)
    return;
  reachable_ = reachable;
  sink_.reachable(reachable);
}

void podman_events::follow() {
  auto client = http_.client(silence);
  {
    std::lock_guard lock(mutex_);
    if (leaving_)
      return;
    client_ = client.get();
  }
  auto path = std::string(podman::api)
              + "/events?stream=true&filters=" + podman::encoded(R"({"type":["container"]})");
  if (auto ns = reader_.latest_ns(); ns > 0)
    path += "&since=" + std::to_string(ns / ns_per_s);
  reader_.restart();
  httplib::Request request;
  request.method = "GET";
  request.path = path;
  bool flows = false;
  request.response_handler = [&](const httplib::Response& response) {
    flows = response.status == 200;
    if (!flows)
      return false;
    tell(true);
    if (std::exchange(broken_, false))
      sink_.gap();
    return true;
  };
  request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    for (const auto& id : reader_.feed(data, size))
      sink_.touched(id);
    return true;
  };
  client->send(request);
  bool leaving = false;
  {
    std::lock_guard lock(mutex_);
    client_ = nullptr;
    leaving = leaving_;
  }
  if (leaving)
    return;
  broken_ = true;
  if (!flows)
    tell(false);
}

} // namespace davit::effects
