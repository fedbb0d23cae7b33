// The real podman for contract tests: its address comes from DAVIT_TEST_PODMAN, which
// tests/contract/run.sh sets. Without it the tests fail: none is ever skipped.
#pragma once

#include "runtime/effects/podman_client.hpp"
#include "tests/contract/engine_contract.hpp"

#include <signal.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

namespace davit::contract {

inline constexpr const char* demo_image = "localhost/davit-demo:1";

inline std::string podman_socket() {
  const char* url = std::getenv("DAVIT_TEST_PODMAN");
  if (!url)
    throw std::runtime_error("DAVIT_TEST_PODMAN is not set: run tests/contract/run.sh");
  std::signal(SIGPIPE, SIG_IGN); // as every program of ours does
  return effects::podman::socket_path(url).value();
}

/// Low limits, so that it starts where CAP_SYS_RESOURCE is missing as well.
inline void give_shell(blueprint& what, const std::string& script) {
  what.spec.image = demo_image;
  what.spec.command = {{"sh", "-c", script}};
  what.spec.network_mode = what.spec.networks.empty() ? "none" : "";
}

inline constexpr const char* obedient = "trap 'exit 7' TERM; while :; do sleep 0.05; done";

class podman_world final : public world {
public:
  podman_world() : engine_{podman_socket()} { clear(); }
  ~podman_world() override { clear(); }

  ports::engine& engine() override { return engine_; }
  effects::podman_engine& podman() { return engine_; }
  std::string image() override { return demo_image; }
  void give(habit h, blueprint& what) override {
    give_shell(what, obedient);
    healthcheck check;
    switch (h) {
      case habit::obeys:
      case habit::unhealed: return;
      case habit::ignores: give_shell(what, "trap '' TERM; while :; do sleep 0.05; done"); return;
      case habit::fails: give_shell(what, "exit 3"); return;
      case habit::missing: what.spec.command = {{"/bin/no-such-command"}}; return;
      case habit::well: check.test = {"CMD-SHELL", "echo fine"}; break;
      case habit::ill: check.test = {"CMD-SHELL", "echo poor; exit 1"}; break;
      case habit::hangs: check.test = {"CMD-SHELL", "sleep 30"}; break;
    }
    check.interval = 10s;
    check.retries = 3;
    what.spec.healthcheck = check;
  }
  void rest() override { std::this_thread::sleep_for(1ms); }
  void kill_process(const observation& of) override { end(of.pid); }
  void kill_monitor(const observation& of) override { end(of.conmon_pid); }

private:
  static void end(std::int32_t pid) {
    REQUIRE(pid > 1);
    REQUIRE(::kill(pid, SIGKILL) == 0);
  }
  void clear() {
    for (int pass = 0; pass < 2; ++pass) // a guest first, then its owner
      for (const char* value : {"1", "2"})
        for (const auto& c : engine_.perform(ports::list_containers{mark, value}, 60s).list)
          engine_.perform(ports::remove_container{c.id}, 60s);
    engine_.perform(ports::remove_network{"contract-net"}, 60s);
    engine_.perform(ports::remove_volume{"contract-vol"}, 60s);
  }

  effects::podman_engine engine_;
};

} // namespace davit::contract
