// Goal: the system's clocks, chance and notifier say what their ports promise.
// Method: comparisons that hold on any machine; a notify socket of the test's own.
#include "runtime/effects/system_chance.hpp"
#include "runtime/effects/system_clocks.hpp"
#include "runtime/effects/systemd_notifier.hpp"
#include "tests/catch.hpp"
#include "tests/support/temp_dir.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <set>

using namespace davit;
using namespace davit::effects;
using namespace std::chrono_literals;

namespace {

/// Sets variables for one test and takes them away again.
struct environment {
  std::vector<std::string> names;
  void set(const std::string& name, const std::string& value) {
    ::setenv(name.c_str(), value.c_str(), 1);
    names.push_back(name);
  }
  ~environment() {
    for (const auto& name : names)
      ::unsetenv(name.c_str());
  }
};

/// The manager's end.
struct notify_socket {
  davit::testing::temp_dir dir;
  int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  notify_socket() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path().c_str());
    REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  ~notify_socket() { ::close(fd); }
  std::string path() const { return dir / "notify"; }
  std::string hear() {
    char text[512];
    const auto size = ::recv(fd, text, sizeof text, MSG_DONTWAIT); // it was sent before we ask
    return size < 0 ? "nothing" : std::string(text, static_cast<std::size_t>(size));
  }
};

} // namespace

TEST_CASE("the clocks agree with themselves and with the machine") {
  system_clocks clocks;
  const auto first = clocks.read();
  const auto second = clocks.read();
  CHECK(second.mono >= first.mono);
  CHECK(second.boot >= first.boot);
  CHECK(first.boot.time_since_epoch() >= first.mono.time_since_epoch()); // suspend counts there
  // The monotonic clock is the one that timers of the standard library run on.
  const auto now = std::chrono::steady_clock::now();
  CHECK(now >= second.mono);
  CHECK(now - second.mono < 1min);
  const auto wall = std::chrono::system_clock::now();
  CHECK(wall - second.wall < 1min);
  std::string boot_id;
  std::ifstream{"/proc/sys/kernel/random/boot_id"} >> boot_id;
  CHECK(first.boot_id == boot_id);
  CHECK(first.boot_id.size() == 36);
}

TEST_CASE("chance is spread over [0, 1), and ids do not repeat") {
  system_chance chance;
  double sum = 0;
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    const double x = chance.unit();
    CHECK((x >= 0 && x < 1));
    sum += x;
    const auto id = chance.id();
    CHECK(id.size() == 12);
    CHECK(id.find_first_not_of("0123456789abcdef") == std::string::npos);
    ids.insert(id);
  }
  CHECK(ids.size() == 1000);
  CHECK((sum > 400 && sum < 600)); // eleven standard deviations either way
  CHECK(system_chance{}.unit() != system_chance{}.unit());
}

TEST_CASE("the notifier says one thing at a time to who listens") {
  notify_socket manager;
  environment env;
  env.set("NOTIFY_SOCKET", manager.path());
  systemd_notifier notifier;
  notifier.ready();
  CHECK(manager.hear() == "READY=1");
  notifier.watchdog();
  CHECK(manager.hear() == "WATCHDOG=1");
  notifier.status("two\nREADY=1 lines");
  CHECK(manager.hear() == "STATUS=two READY=1 lines");
  notifier.stopping();
  CHECK(manager.hear() == "STOPPING=1");
  CHECK(manager.hear() == "nothing");
}

TEST_CASE("the notifier is silent where nobody listens") {
  systemd_notifier notifier;
  notifier.ready();
  CHECK_FALSE(notifier.watchdog_interval());
  environment env;
  env.set("NOTIFY_SOCKET", "/nonexistent/notify");
  notifier.ready();
}

TEST_CASE("the watchdog is fed three times as often as it must be") {
  environment env;
  env.set("WATCHDOG_USEC", "30000000");
  systemd_notifier notifier;
  CHECK(notifier.watchdog_interval() == 10s);
  env.set("WATCHDOG_PID", "1"); // meant for another process
  CHECK_FALSE(notifier.watchdog_interval());
}
