#include "runtime/effects/prober.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <system_error>

namespace davit::effects {

namespace {

using kind = ports::probe_answer::kind;
using clock = std::chrono::steady_clock;

std::string words(int code) { return std::system_category().message(code); }

struct descriptor {
  int fd = -1;
  ~descriptor() {
    if (fd >= 0)
      ::close(fd);
  }
};

/// Guards against a pid that the kernel gave to somebody else.
bool belongs_to(std::int32_t pid, const std::string& id) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/cgroup");
  std::string line;
  while (std::getline(in, line))
    if (line.find(id) != std::string::npos)
      return true;
  return false;
}

int left(clock::time_point until) {
  auto ms = std::chrono::duration_cast<milliseconds>(until - clock::now()).count();
  return static_cast<int>(std::max<std::int64_t>(0, ms));
}

ports::probe_answer wait_for(int fd, short what, clock::time_point until, const char* while_) {
  pollfd p{fd, what, 0};
  while (true) {
    auto n = ::poll(&p, 1, left(until));
    if (n > 0)
      return {kind::well, ""};
    if (n == 0)
      return {kind::ill, std::string{"no answer in time while "} + while_};
    if (errno != EINTR)
      return {kind::could_not_look, words(errno)};
  }
}

ports::probe_answer connect_to(int fd, std::uint16_t port, clock::time_point until) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0)
    return {kind::well, ""};
  if (errno != EINPROGRESS)
    return {kind::ill, words(errno)};
  if (auto waited = wait_for(fd, POLLOUT, until, "connecting"); waited.saw != kind::well)
    return waited;
  int code = 0;
  socklen_t size = sizeof code;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) != 0)
    return {kind::could_not_look, words(errno)};
  return code == 0 ? ports::probe_answer{kind::well, ""}
                   : ports::probe_answer{kind::ill, words(code)};
}

/// Only the status line counts; the rest is left unread.
ports::probe_answer get(int fd, const probe_spec& what, clock::time_point until) {
  auto path = what.path.empty() ? std::string{"/"} : what.path;
  auto ask = "GET " + path + " HTTP/1.0\r\nHost: localhost\r\nUser-Agent: davit\r\n\r\n";
  if (::send(fd, ask.data(), ask.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(ask.size()))
    return {kind::ill, words(errno)};
  std::string head;
  while (head.find('\n') == std::string::npos && head.size() < 1024) {
    if (auto waited = wait_for(fd, POLLIN, until, "reading"); waited.saw != kind::well)
      return waited;
    char piece[256];
    auto n = ::recv(fd, piece, sizeof piece, 0);
    if (n <= 0)
      return {kind::ill, n == 0 ? "closed without an answer" : words(errno)};
    head.append(piece, static_cast<std::size_t>(n));
  }
  int status = 0;
  auto space = head.find(' ');
  if (!head.starts_with("HTTP/") || space == std::string::npos
      || std::from_chars(head.data() + space + 1, head.data() + head.size(), status).ec
           != std::errc{})
    return {kind::ill, "no HTTP answer"};
  if (status >= 200 && status < 400)
    return {kind::well, ""};
  return {kind::ill, "HTTP " + std::to_string(status)};
}

} // namespace

namespace_prober::namespace_prober() : own_{::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)} {}

namespace_prober::~namespace_prober() {
  if (own_ >= 0)
    ::close(own_);
}

ports::probe_answer namespace_prober::probe(const ports::probe_request& request) {
  auto until = clock::now() + request.what.timeout;
  auto path = "/proc/" + std::to_string(request.pid) + "/ns/net";
  descriptor theirs{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (theirs.fd < 0 || own_ < 0)
    return {kind::could_not_look, "its network namespace: " + words(errno)};
  if (!belongs_to(request.pid, request.id))
    return {kind::could_not_look, "its process is gone"};
  if (::setns(theirs.fd, CLONE_NEWNET) != 0)
    return {kind::could_not_look, "its network namespace: " + words(errno)};
  descriptor s{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  auto made = errno;
  // A thread that cannot come back would make every later socket in the wrong namespace.
  if (::setns(own_, CLONE_NEWNET) != 0)
    std::terminate();
  if (s.fd < 0)
    return {kind::could_not_look, words(made)};
  auto reached = connect_to(s.fd, request.what.port, until);
  if (reached.saw != kind::well || request.what.what == probe_spec::kind::tcp)
    return reached;
  return get(s.fd, request.what, until);
}

} // namespace davit::effects
