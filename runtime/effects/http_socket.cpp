// The sockets below the HTTP server.
#include "runtime/effects/http_socket.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace davit::effects {
namespace {

/// The kernel's own default; cpp-httplib's 5 refused half of 200 simultaneous clients.
constexpr int backlog = 511;
constexpr milliseconds write_patience = 10s;

errc code_of(int fault) {
  switch (fault) {
    case EACCES:
    case EPERM: return errc::denied;
    case EADDRINUSE: return errc::conflict;
    case ENOSPC: return errc::no_space;
    default: return errc::io;
  }
}

auto failed(const std::string& what, const std::string& remedy = {}) {
  const int fault = errno;
  return fail(code_of(fault), what + ": " + std::strerror(fault), remedy);
}

sockaddr_un unix_address(const std::string& path) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, path.c_str(), path.size() + 1);
  return to;
}

std::string name_of(std::int64_t pid) {
  std::ifstream comm{"/proc/" + std::to_string(pid) + "/comm"};
  std::string name;
  std::getline(comm, name);
  return name.empty() ? "a process" : name;
}

/// Makes way at `path` where a dead daemon left its socket, and only then.
result<void> clear_the_way(const std::string& path) {
  struct stat seen {};
  if (::lstat(path.c_str(), &seen) != 0)
    return errno == ENOENT ? result<void>{} : result<void>{failed("cannot look at " + path)};
  if (!S_ISSOCK(seen.st_mode))
    return fail(errc::conflict, path + " exists and is no socket",
                "Move it away, or listen elsewhere with --listen.");
  const owned_fd knock{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (knock.get() < 0)
    return failed("cannot make a socket");
  const auto to = unix_address(path);
  const bool answers
    = ::connect(knock.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0
      || errno == EAGAIN; // its backlog is full
  if (answers) {
    const auto owner = peer_of(knock.get());
    std::string who = "somebody";
    if (owner.pid > 0)
      who = name_of(owner.pid) + " (pid " + std::to_string(owner.pid) + ")";
    return fail(errc::conflict, who + " already listens on " + path,
                "Stop it first, or listen elsewhere with --listen.");
  }
  if (errno != ECONNREFUSED)
    return failed("cannot tell whether " + path + " is in use");
  if (::unlink(path.c_str()) != 0)
    return failed("cannot remove the stale socket " + path);
  return {};
}

result<owned_fd> listen_unix(const http_address& at) {
  std::error_code trouble;
  const auto folder = std::filesystem::path{at.path}.parent_path();
  std::filesystem::create_directories(folder, trouble);
  if (trouble)
    return fail(code_of(trouble.value()),
                "cannot make " + folder.string() + ": " + trouble.message(),
                "Make it, or listen elsewhere with --listen.");
  if (auto clear = clear_the_way(at.path); !clear)
    return tl::unexpected<error>(std::move(clear.error()));
  owned_fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const auto to = unix_address(at.path);
  if (fd.get() < 0 || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
    return failed("cannot bind " + at.path, "Check who may write to its folder.");
  // Nobody can connect before listen(): the mode is right from the first moment, without a
  // umask that all threads would share.
  if (::chmod(at.path.c_str(), 0660) != 0 || ::listen(fd.get(), backlog) != 0)
    return failed("cannot listen on " + at.path);
  return fd;
}

result<owned_fd> listen_tcp(http_address& at) {
  const bool six = at.host == "::1";
  sockaddr_storage storage{};
  socklen_t size = 0;
  if (six) {
    auto& to = reinterpret_cast<sockaddr_in6&>(storage);
    to.sin6_family = AF_INET6;
    to.sin6_addr = in6addr_loopback;
    to.sin6_port = htons(at.port);
    size = sizeof to;
  } else {
    auto& to = reinterpret_cast<sockaddr_in&>(storage);
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(at.port);
    size = sizeof to;
  }
  owned_fd fd{::socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const int yes = 1;
  auto* to = reinterpret_cast<sockaddr*>(&storage);
  if (fd.get() < 0 || ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0
      || ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) != 0
      || ::bind(fd.get(), to, size) != 0 || ::listen(fd.get(), backlog) != 0
      || ::getsockname(fd.get(), to, &size) != 0)
    return failed("cannot listen on " + at.url(), "Choose another port with --listen.");
  at.port = ntohs(six ? reinterpret_cast<sockaddr_in6&>(storage).sin6_port
                      : reinterpret_cast<sockaddr_in&>(storage).sin_port);
  return fd;
}

/// Waits for `events`; false: nothing before the deadline.
bool wait_for(int fd, short events, mono_time deadline) {
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd one{fd, events, 0};
    const int ready = ::poll(&one, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready >= 0 || errno != EINTR)
      return ready > 0;
  }
}

} // namespace

owned_fd& owned_fd::operator=(owned_fd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

void owned_fd::reset() {
  if (fd_ >= 0)
    ::close(fd_);
  fd_ = -1;
}

result<owned_fd> listen_on(http_address& at) {
  return at.is_unix() ? listen_unix(at) : listen_tcp(at);
}

ports::peer peer_of(int fd) {
  ucred who{};
  socklen_t size = sizeof who;
  sockaddr_storage local{};
  socklen_t local_size = sizeof local;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&local), &local_size) != 0
      || local.ss_family != AF_UNIX || ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0
      || who.pid == 0)
    return {};
  return {static_cast<std::int64_t>(who.uid), static_cast<std::int64_t>(who.pid)};
}

bool http_stream::await_request(milliseconds patience) {
  return begin_ != end_ || wait_for(fd_, POLLIN, std::chrono::steady_clock::now() + patience);
}

void http_stream::allow(milliseconds patience, std::size_t bytes) {
  deadline_ = std::chrono::steady_clock::now() + patience;
  allowance_ = bytes;
}

void http_stream::linger(milliseconds patience, std::size_t bytes) {
  ::shutdown(fd_, SHUT_WR);
  allow(patience, bytes);
  begin_ = end_ = 0;
  std::array<char, 4096> sink{};
  while (read(sink.data(), sink.size()) > 0)
    ;
}

bool http_stream::client_left() const {
  pollfd one{fd_, POLLRDHUP, 0};
  return ::poll(&one, 1, 0) > 0 && (one.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

bool http_stream::is_readable() const { return begin_ != end_ || wait_for(fd_, POLLIN, deadline_); }

ssize_t http_stream::read(char* to, size_t size) {
  if (begin_ == end_) {
    if (allowance_ == 0 || !wait_for(fd_, POLLIN, deadline_))
      return -1;
    const auto got
      = ::recv(fd_, buffer_.data(), std::min(buffer_.size(), allowance_), MSG_DONTWAIT);
    if (got <= 0)
      return got;
    begin_ = 0;
    end_ = static_cast<std::size_t>(got);
    allowance_ -= end_;
  }
  const auto count = std::min(size, end_ - begin_);
  std::memcpy(to, buffer_.data() + begin_, count);
  begin_ += count;
  return static_cast<ssize_t>(count);
}

ssize_t http_stream::write(const char* from, size_t size) {
  if (!wait_for(fd_, POLLOUT, std::chrono::steady_clock::now() + write_patience))
    return -1;
  return ::send(fd_, from, size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void http_stream::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

void http_stream::get_local_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

} // namespace davit::effects
