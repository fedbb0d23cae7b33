// Goal: every death of a watched container is told once, soon, with its exit code; what is
// watched too late or under another's pid is told as dead, and nothing else ever is.
// Method: real containers and real processes; the sink's condition variable says when.
#include "runtime/effects/pidfd_exits.hpp"
#include "tests/contract/engine_podman.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>

using namespace davit;
using namespace davit::contract;

namespace {

struct recorder final : ports::exit_sink {
  struct told {
    life which;
    mono_time at;
    exit_info exit;
  };
  void exited(const life& which, mono_time at, const exit_info& exit) override {
    std::lock_guard lock(mutex);
    all.push_back({which, at, exit});
    changed.notify_all();
  }
  void monitor_lost(const life& which) override {
    std::lock_guard lock(mutex);
    lost.push_back(which);
    changed.notify_all();
  }
  /// The n-th report, or a failed test after a long while.
  told wait(std::size_t n) {
    std::unique_lock lock(mutex);
    REQUIRE(changed.wait_for(lock, 20s, [&] { return all.size() >= n; }));
    return all[n - 1];
  }
  std::size_t count() {
    std::lock_guard lock(mutex);
    return all.size();
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<told> all;
  std::vector<life> lost;
};

struct ears {
  podman_world w;
  promises p{w};
  recorder heard;
  effects::pidfd_exits exits{heard};

  observation up_and_watched(const std::string& name, habit h) {
    auto seen = p.up(name, h);
    exits.watch(seen.current(), seen.pid, seen.conmon_pid);
    return seen;
  }
};

/// As told; where conmon was slow on a busy machine, as the look tells it later.
std::optional<std::int32_t> code_of(ears& e, const recorder::told& told) {
  return told.exit.code ? told.exit.code : e.p.wait_for_end(told.which.id).exit.code;
}

/// A process of ours that is of no container.
struct stranger {
  pid_t pid = ::fork();
  stranger() {
    if (pid == 0) {
      ::pause();
      ::_exit(0);
    }
  }
  ~stranger() {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
};

} // namespace

TEST_CASE("an exit is told with its life and its code") {
  ears e;
  std::optional<std::int32_t> code;
  // On a machine too busy for conmon podman itself never learns a code (-1): then once more.
  for (std::size_t n = 1; n <= 3 && !code; ++n) {
    auto seen = e.up_and_watched("exits-" + std::to_string(n), habit::obeys);
    e.p.ask(ports::signal_container{seen.id, "SIGTERM"});
    auto told = e.heard.wait(n);
    CHECK(told.which == seen.current());
    CHECK_FALSE(told.exit.oom);
    code = code_of(e, told);
  }
  CHECK(code == 7);
}

TEST_CASE("a SIGKILL from outside is told as 137, and is no want of memory") {
  ears e;
  auto seen = e.up_and_watched("killed", habit::ignores);
  e.w.kill_process(seen);
  auto told = e.heard.wait(1);
  CHECK(code_of(e, told) == 137);
  CHECK_FALSE(told.exit.oom);
}

TEST_CASE("a life that ends at once is told, however late it is watched") {
  ears e;
  auto seen = e.p.up("brief", habit::fails);
  e.p.wait_for_end(seen.id);
  e.exits.watch(seen.current(), seen.pid, seen.conmon_pid);
  auto told = e.heard.wait(1);
  CHECK(told.which == seen.current());
  // podman has taken conmon's note away by now; the look tells the code.
  CHECK((!told.exit.code || told.exit.code == 3));
}

TEST_CASE("a pid that another process has by now is told as dead") {
  ears e;
  stranger other;
  life which{std::string(64, 'b'), 42};
  e.exits.watch(which, other.pid, 0);
  auto told = e.heard.wait(1);
  CHECK(told.which == which);
  CHECK_FALSE(told.exit.code);
  CHECK(::kill(other.pid, 0) == 0);
}

TEST_CASE("many that die together are all told, each once, with codes of their own") {
  ears e;
  std::map<life, std::int32_t> codes;
  std::vector<observation> all;
  for (int i = 0; i < 6; ++i) {
    auto b = e.p.plan("crowd" + std::to_string(i), habit::obeys);
    give_shell(b, "trap 'exit " + std::to_string(20 + i) + "' TERM; while :; do sleep 0.05; done");
    all.push_back(e.p.up(b));
    e.exits.watch(all.back().current(), all.back().pid, all.back().conmon_pid);
    e.exits.watch(all.back().current(), all.back().pid, all.back().conmon_pid); // twice is fine
    codes[all.back().current()] = 20 + i;
  }
  for (const auto& one : all)
    REQUIRE(::kill(one.pid, SIGTERM) == 0);
  for (std::size_t n = 1; n <= all.size(); ++n) {
    auto told = e.heard.wait(n);
    REQUIRE(codes.count(told.which) == 1);
    CHECK(code_of(e, told) == codes[told.which]);
    codes.erase(told.which);
  }
  CHECK(codes.empty());
}

TEST_CASE("each life of one container is told by itself") {
  ears e;
  auto first = e.up_and_watched("lives", habit::fails);
  CHECK(e.heard.wait(1).which == first.current());
  e.p.wait_for_end(first.id);
  auto again = e.p.ask(ports::start_container{first.id});
  REQUIRE(again.seen);
  e.exits.watch(again.seen->current(), again.seen->pid, again.seen->conmon_pid);
  auto told = e.heard.wait(2);
  CHECK(told.which == again.seen->current());
  CHECK_FALSE(told.which == first.current());
}

TEST_CASE("what is forgotten is not told") {
  ears e;
  auto forgotten = e.up_and_watched("forgotten", habit::obeys);
  e.exits.forget(forgotten.id);
  e.w.kill_process(forgotten);
  e.p.wait_for_end(forgotten.id);
  auto known = e.up_and_watched("known", habit::obeys);
  e.w.kill_process(known);
  CHECK(e.heard.wait(1).which == known.current());
  CHECK(e.heard.count() == 1);
}

TEST_CASE("a monitor that dies is told while its container lives, and the death after it too") {
  ears e;
  auto seen = e.up_and_watched("monitor", habit::obeys);
  e.w.kill_monitor(seen);
  {
    std::unique_lock lock(e.heard.mutex);
    REQUIRE(e.heard.changed.wait_for(lock, 20s, [&] { return !e.heard.lost.empty(); }));
    CHECK(e.heard.lost[0] == seen.current());
    CHECK(e.heard.all.empty());
  }
  e.w.kill_process(seen);
  auto told = e.heard.wait(1);
  CHECK(told.which == seen.current());
  CHECK_FALSE(told.exit.code); // nobody was there to hear it
}

TEST_CASE("a kill for want of memory is told as such") {
  ears e;
  auto b = e.p.plan("greedy", habit::obeys);
  // tail keeps one endless line in memory
  give_shell(b, "while [ ! -e /go ]; do sleep 0.02; done; exec tail /dev/zero");
  b.spec.resources.memory = 24 << 20;
  b.spec.resources.memory_swap = 24 << 20;
  mount gate;
  gate.type = mount::kind::tmpfs;
  gate.target = "/scratch";
  b.spec.mounts = {gate};
  auto seen = e.p.up(b);
  e.exits.watch(seen.current(), seen.pid, seen.conmon_pid);
  auto root = "/proc/" + std::to_string(seen.pid) + "/root/go";
  REQUIRE(::close(::creat(root.c_str(), 0644)) == 0);
  auto told = e.heard.wait(1);
  CHECK(code_of(e, told) == 137);
  CHECK(told.exit.oom);
}
