// Goal: what a podman leaves behind that is killed in the middle of a start is told as a ghost,
// and removing it always helps: after a power cut of the service nobody else will mend it.
// Method: a podman service of the test's own, on the same storage, whose runtime is a script
// that stops at the verb it is told to; the service is killed there.
#include "tests/contract/engine_podman.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace davit;
using namespace davit::contract;

namespace {

namespace fs = std::filesystem;

/// Waits for what others do; fails the test after a long while.
template <class Done> void until(Done done) {
  auto end = std::chrono::steady_clock::now() + 30s;
  while (!done()) {
    REQUIRE(std::chrono::steady_clock::now() < end);
    std::this_thread::sleep_for(1ms);
  }
}

/// A podman that is killed where the test wants it.
class torn_podman {
public:
  torn_podman() {
    fs::create_directories(dir_);
    auto conf = read(std::getenv("CONTAINERS_CONF"));
    write("runtime", script(runtime(conf)));
    REQUIRE(::chmod(file("runtime").c_str(), 0755) == 0);
    if (auto line = conf.find("runtime = "); line != std::string::npos)
      conf.erase(line, conf.find('\n', line) + 1 - line);
    auto engine = conf.find("[engine]\n");
    REQUIRE(engine != std::string::npos);
    conf.insert(engine + std::strlen("[engine]\n"), "runtime = \"torn\"\n");
    write("containers.conf", conf + "[engine.runtimes]\ntorn = [\"" + file("runtime") + "\"]\n");
    serve();
  }
  ~torn_podman() {
    fs::remove(dir_ / "stop");
    kill_service();
    fs::remove_all(dir_);
  }

  effects::podman_engine& engine() { return *engine_; }

  /// Starts `id` and kills the service when the runtime is `where` ("after create").
  void start_and_die(const std::string& id, const std::string& where) {
    fs::remove(dir_ / "reached");
    write("stop", where);
    ports::engine_reply reply;
    std::jthread caller([&] { reply = engine_->perform(ports::start_container{id}, 30s); });
    until([&] { return fs::exists(dir_ / "reached"); });
    kill_service();
    caller.join();
    CHECK(promises::code(reply) == errc::timeout); // the connection broke: nobody knows
    fs::remove(dir_ / "stop");
    serve();
  }

private:
  static std::string read(const std::string& path) {
    std::ifstream in(path);
    REQUIRE(in);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  /// The runtime that works here, by the environment's configuration or podman's order.
  static std::string runtime(const std::string& conf) {
    bool crun = fs::exists("/usr/bin/crun") && conf.find("runtime = \"runc\"") == std::string::npos;
    return crun ? "crun" : "runc";
  }
  /// Does what the runtime does; where `stop` says "after VERB" it waits there, and says so.
  std::string script(const std::string& real) const {
    std::string text = R"sh(#!/bin/sh
for word; do case $word in create|start|kill|delete|state) verb=$word; break;; esac; done
@real "$@"
status=$?
[ ! -e @dir/stop ] || [ "$(cat @dir/stop)" != "after $verb" ] || {
  : > @dir/reached
  while [ -e @dir/stop ]; do sleep 0.02; done
}
exit $status
)sh";
    for (auto [name, value] : {std::pair{"@real", real}, {"@dir", dir_.string()}})
      for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at))
        text.replace(at, std::strlen(name), value);
    return text;
  }
  std::string file(const char* name) const { return (dir_ / name).string(); }
  void write(const char* name, const std::string& text) const {
    std::ofstream(dir_ / name) << text;
  }

  void serve() {
    fs::remove(dir_ / "sock");
    auto url = "unix://" + file("sock");
    service_ = ::fork();
    REQUIRE(service_ >= 0);
    if (service_ == 0) {
      ::setenv("CONTAINERS_CONF", file("containers.conf").c_str(), 1);
      if (::chdir(dir_.c_str()) == 0)
        ::execlp("podman", "podman", "system", "service", "-t", "0", url.c_str(), nullptr);
      ::_exit(127);
    }
    engine_ = std::make_unique<effects::podman_engine>(file("sock"));
    until([&] { return !engine_->perform(ports::ping{}, 1s).failure; });
  }
  void kill_service() {
    ::kill(service_, SIGKILL);
    ::waitpid(service_, nullptr, 0);
  }

  fs::path dir_ = fs::temp_directory_path() / ("davit-torn-" + std::to_string(::getpid()));
  pid_t service_ = -1;
  std::unique_ptr<effects::podman_engine> engine_;
};

} // namespace

TEST_CASE("a start that was torn leaves a ghost, which is told, and which a removal ends") {
  podman_world w;
  promises p(w);
  torn_podman torn;
  auto b = p.plan("torn", habit::obeys);
  auto made = torn.engine().perform(ports::create_container{b}, 30s);
  REQUIRE(made.seen);
  auto id = made.seen->id;
  SECTION("between the runtime's create and podman's note of it") {
    torn.start_and_die(id, "after create");
  }
  SECTION("after the runtime's start, before podman's note of it") {
    torn.start_and_die(id, "after start");
  }
  ports::engine_reply reply;
  until([&] { // what the dead service began may still be ending
    reply = torn.engine().perform(ports::start_container{id}, 30s);
    return !reply.not_started;
  });
  if (reply.failure) {
    INFO(reply.failure->message);
    CHECK(reply.ghost);
    CHECK_FALSE(reply.fatal);
  } else {
    REQUIRE(reply.seen);
    CHECK(reply.seen->process_alive); // podman had noted enough after all
  }
  auto removed = torn.engine().perform(ports::remove_container{id, 1s}, 60s);
  CHECK_FALSE(removed.failure);
  auto again = torn.engine().perform(ports::create_container{b}, 30s);
  REQUIRE(again.seen);
  auto begun = torn.engine().perform(ports::start_container{again.seen->id}, 30s);
  CHECK_FALSE(begun.failure);
}
