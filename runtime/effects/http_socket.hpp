// The sockets below the HTTP server: one that listens, and one connection as cpp-httplib
// wants to see it, with a deadline and an allowance of bytes for every part of a request.
#pragma once

#include "runtime/effects/http_address.hpp"
#include "runtime/model/time.hpp"
#include "runtime/ports/front_end.hpp"

#include <httplib.h>

#include <array>
#include <cstddef>
#include <string>

namespace davit::effects {

/// Closes what it holds.
class owned_fd {
public:
  explicit owned_fd(int fd = -1) : fd_{fd} {}
  owned_fd(owned_fd&& other) noexcept : fd_{other.release()} {}
  owned_fd& operator=(owned_fd&& other) noexcept;
  ~owned_fd() { reset(); }
  int get() const { return fd_; }
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }
  void reset();

private:
  int fd_;
};

/// Listens on `at`; port 0 becomes the port that the kernel chose. A Unix socket has mode
/// 0660 before anybody can connect, and missing folders above it are made. The socket file
/// of a dead daemon is replaced.
/// Errors: conflict (somebody answers there; the message says who), denied, invalid, io.
result<owned_fd> listen_on(http_address& at);

/// Who is at the other end: known for a Unix socket only.
ports::peer peer_of(int fd);

/// One connection. Not shared, except that `::shutdown` of its descriptor wakes it.
class http_stream final : public httplib::Stream {
public:
  explicit http_stream(int fd) : fd_{fd}, from_{peer_of(fd)} {}

  /// Waits for the first byte of a request. False: the client left, or sent nothing.
  bool await_request(milliseconds patience);
  /// What follows may take so long and be so large; more is an error to the reader.
  void allow(milliseconds patience, std::size_t bytes);
  /// Tells the client that no more comes, then reads what it still sends, so that closing
  /// does not destroy the answer under its eyes.
  void linger(milliseconds patience, std::size_t bytes);

  bool client_left() const;
  const ports::peer& from() const { return from_; }

  bool is_readable() const override;
  bool is_writable() const override { return !client_left(); }
  ssize_t read(char* to, size_t size) override;
  ssize_t write(const char* from, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return fd_; }

private:
  const int fd_; // owned by the server
  const ports::peer from_;
  mono_time deadline_{};
  std::size_t allowance_ = 0;
  std::array<char, 4096> buffer_{};
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

} // namespace davit::effects
