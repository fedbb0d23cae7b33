// Carries the API: the accept thread, the connections, the limits and the end.
#include "runtime/effects/http_server.hpp"

#include "runtime/effects/http_exchange.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>
#include <system_error>
#include <thread>
#include <vector>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace davit::effects {
namespace {

/// A connection that is not served: told so, then heard out for a moment.
struct refused_connection {
  owned_fd fd;
  mono_time until;
};
constexpr std::size_t refused_max = 512;
constexpr milliseconds refused_patience = 1s;
constexpr std::size_t requests_per_connection = 1000;
constexpr milliseconds linger_patience = 500ms;
constexpr std::size_t linger_bytes = 32U * 1024 * 1024;

void say_busy(int fd) {
  const std::string answer = busy_answer();
  // One packet into an empty buffer: it fits, or the client is gone.
  if (::send(fd, answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
    ::shutdown(fd, SHUT_WR);
}

} // namespace

struct http_server::core : std::enable_shared_from_this<http_server::core> {
  http_address at;
  owned_fd listener;
  owned_fd wake;
  struct stat socket_file {};
  http_shared shared;
  std::thread accepting;

  std::mutex guard;
  std::condition_variable ended;
  std::set<int> open; // descriptors of living connections

  void accept_loop();
  void accept_once(std::vector<refused_connection>& refused);
  void admit(owned_fd fd, std::vector<refused_connection>& refused);
  void refuse(owned_fd fd, std::vector<refused_connection>& refused);
  void serve(int fd);
  bool stop(milliseconds patience);
  void remove_socket_file();
};

void http_server::core::accept_loop() {
  std::vector<refused_connection> refused;
  while (!shared.stopping) {
    try {
      accept_once(refused);
    } catch (const std::exception& e) { // out of memory: the connection is lost, no more
      ++shared.faults;
      spdlog::error("api: a connection was lost: {}", e.what());
    }
  }
}

void http_server::core::accept_once(std::vector<refused_connection>& refused) {
  std::vector<pollfd> watched{{wake.get(), POLLIN, 0}, {listener.get(), POLLIN, 0}};
  for (const auto& one : refused)
    watched.push_back({one.fd.get(), POLLIN, 0});
  // A refused client is closed when it closes, or when its moment has passed.
  const int patience = refused.empty() ? -1 : 100;
  if (::poll(watched.data(), watched.size(), patience) < 0)
    return; // interrupted: nothing in `watched` was filled in
  const auto now = std::chrono::steady_clock::now();
  for (std::size_t i = refused.size(); i-- > 0;) {
    char sink[4096];
    const bool readable = watched[i + 2].revents != 0;
    if (now >= refused[i].until
        || (readable && ::recv(refused[i].fd.get(), sink, sizeof sink, MSG_DONTWAIT) <= 0))
      refused.erase(refused.begin() + static_cast<std::ptrdiff_t>(i));
  }
  if ((watched[1].revents & POLLIN) == 0)
    return;
  owned_fd fd{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
  if (fd.get() >= 0) {
    admit(std::move(fd), refused);
  } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
    // The client stays in the backlog; try again when a descriptor may be free.
    pollfd only{wake.get(), POLLIN, 0};
    ::poll(&only, 1, 50);
  }
}

void http_server::core::admit(owned_fd fd, std::vector<refused_connection>& refused) {
  {
    const std::lock_guard lock{guard};
    if (open.size() < shared.limits.connections)
      open.insert(fd.get());
    else
      return refuse(std::move(fd), refused);
  }
  try {
    std::thread{[self = shared_from_this(), raw = fd.get()] { self->serve(raw); }}.detach();
    fd.release();
  } catch (const std::exception&) { // no thread or memory to be had
    const std::lock_guard lock{guard};
    open.erase(fd.get());
    refuse(std::move(fd), refused);
  }
}

void http_server::core::refuse(owned_fd fd, std::vector<refused_connection>& refused) {
  ++shared.refused;
  say_busy(fd.get());
  if (refused.size() < refused_max)
    refused.push_back({std::move(fd), std::chrono::steady_clock::now() + refused_patience});
}

void http_server::core::serve(int fd) {
  try {
    http_stream stream{fd};
    http_exchange exchange{shared, stream};
    for (std::size_t n = 0; n < requests_per_connection && !shared.stopping; ++n)
      if (!stream.await_request(shared.limits.idle_patience) || !exchange.serve_one())
        break;
    if (!shared.stopping)
      stream.linger(linger_patience, linger_bytes);
  } catch (...) { // out of memory, most likely: this connection ends, the server does not
    ++shared.faults;
  }
  const std::lock_guard lock{guard};
  open.erase(fd);
  ::close(fd);
  ended.notify_all();
}

bool http_server::core::stop(milliseconds patience) {
  if (shared.stopping.exchange(true))
    return true;
  const std::uint64_t one = 1;
  if (::write(wake.get(), &one, sizeof one) < 0)
    ++shared.faults; // an eventfd with room cannot refuse
  accepting.join();
  listener.reset();
  remove_socket_file();
  std::unique_lock lock{guard};
  for (const int fd : open)
    ::shutdown(fd, SHUT_RD); // wakes whoever waits for a next request
  const bool finished = ended.wait_for(lock, patience, [this] { return open.empty(); });
  for (const int fd : open)
    ::shutdown(fd, SHUT_RDWR);
  return finished;
}

void http_server::core::remove_socket_file() {
  struct stat now {};
  if (at.is_unix() && ::lstat(at.path.c_str(), &now) == 0 && now.st_ino == socket_file.st_ino
      && now.st_dev == socket_file.st_dev)
    ::unlink(at.path.c_str());
}

result<std::unique_ptr<http_server>> http_server::start(const std::string& url,
                                                        std::shared_ptr<ports::front_end> front,
                                                        http_limits limits) {
  auto at = parse_http_address(url);
  if (!at)
    return tl::unexpected<error>(std::move(at.error()));
  auto listener = listen_on(*at);
  if (!listener)
    return tl::unexpected<error>(std::move(listener.error()));
  auto shared = std::make_shared<core>();
  shared->at = std::move(*at);
  shared->listener = std::move(*listener);
  shared->wake = owned_fd{::eventfd(0, EFD_CLOEXEC)};
  if (shared->wake.get() < 0)
    return fail(errc::io, "cannot make an event descriptor for the API server",
                "Raise the limit of open files.");
  if (shared->at.is_unix())
    ::lstat(shared->at.path.c_str(), &shared->socket_file);
  shared->shared.front = std::move(front);
  shared->shared.limits = limits;
  shared->shared.url = shared->at.url();
  try {
    shared->accepting = std::thread{[raw = shared.get()] { raw->accept_loop(); }};
  } catch (const std::system_error& e) {
    return fail(errc::io, std::string{"cannot start the API server's thread: "} + e.what(),
                "Raise the limit of tasks.");
  }
  return std::unique_ptr<http_server>(new http_server(std::move(shared)));
}

http_server::~http_server() { stop(); }

bool http_server::stop(milliseconds patience) { return core_->stop(patience); }

http_counts http_server::counts() const {
  const auto& s = core_->shared;
  return {s.served, s.refused, s.faults};
}

const std::string& http_server::url() const { return core_->shared.url; }

} // namespace davit::effects
