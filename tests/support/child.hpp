// A process that a test can kill.
#pragma once

#include "tests/catch.hpp"

#include <csignal>
#include <cstdlib>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace davit::testing {

/// This program again, in a process of its own, with one test case (whose name holds no comma,
/// which is an 'or' to Catch): there role() tells the case that it is the child, and where to
/// work. A mere fork would lack the background threads that a library had started before.
class child {
public:
  /// "DIR" in the child, else nullptr.
  static const char* role() { return std::getenv(variable); }
  /// In the child: something was done that must survive.
  static void say_line() { REQUIRE(::write(1, "\n", 1) == 1); }

  child(const std::string& test_case, const std::string& dir) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    std::string name = test_case;
    std::string program = "child";
    std::string role_is = std::string{variable} + "=" + dir;
    char* args[] = {program.data(), name.data(), nullptr};
    char* environment[] = {role_is.data(), nullptr};
    REQUIRE(::posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, args, environment) == 0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    output_ = ends[0];
  }
  child(const child&) = delete;
  child& operator=(const child&) = delete;
  ~child() {
    ::close(output_);
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }

  pid_t pid() const { return pid_; }

  /// Waits for the child to say this many lines.
  void hear(std::size_t lines) {
    char c = 0;
    while (lines > 0 && ::read(output_, &c, 1) == 1)
      lines -= c == '\n' ? 1 : 0;
    REQUIRE(lines == 0);
  }

  void kill() {
    REQUIRE(::kill(pid_, SIGKILL) == 0);
    int status = 0;
    REQUIRE(::waitpid(pid_, &status, 0) == pid_);
    CHECK(WIFSIGNALED(status));
    pid_ = -1;
  }

private:
  static constexpr const char* variable = "DAVIT_TEST_CHILD";
  pid_t pid_ = -1;
  int output_ = -1;
};

} // namespace davit::testing
