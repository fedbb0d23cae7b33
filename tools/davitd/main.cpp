// davitd: the composition root. The only place where actors and effects meet.
//
//   options ─▶ store, clocks ─▶ actors over the workers ─▶ what runs is adopted ─▶ API ─▶ READY
//   SIGTERM ─▶ no new work ─▶ API ends ─▶ actors end ─▶ store closes; containers go on
#include "actors/front_end.hpp"
#include "actors/house.hpp"
#include "actors/workers.hpp"
#include "runtime/effects/desired_files.hpp"
#include "runtime/effects/http_server.hpp"
#include "runtime/effects/manifest_files.hpp"
#include "runtime/effects/pidfd_exits.hpp"
#include "runtime/effects/podman_client.hpp"
#include "runtime/effects/podman_events.hpp"
#include "runtime/effects/prober.hpp"
#include "runtime/effects/rocks_store.hpp"
#include "runtime/effects/system_chance.hpp"
#include "runtime/effects/system_clocks.hpp"
#include "runtime/effects/systemd_notifier.hpp"
#include "runtime/manifest/loader.hpp"
#include "tools/davitd/options.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <filesystem>
#include <iostream>

namespace davit::daemon {

namespace {

/// SIGTERM to exit takes at most 2 s (issue of the main job): what is in flight gets this.
constexpr milliseconds drain = 1s;

struct scheduling : caf::actor_system_config {
  scheduling() {
    set("scheduler.policy", caf::atom("sharing")); // an atom: a string is silently ignored
    set("scheduler.max-threads", std::size_t{2});
  }
};

/// Deaths, from the watcher's thread to the actors.
class exit_relay final : public ports::exit_sink {
public:
  void connect(const actors::exits_actor& to) { to_ = to; }
  void exited(const life& which, mono_time at, const exit_info& exit) override {
    caf::anon_send(to_, actors::exited_atom_v, which, at, exit);
  }
  void monitor_lost(const life& which) override {
    caf::anon_send(to_, actors::touched_atom_v, which.id);
  }

private:
  actors::exits_actor to_;
};

/// podman's events, from the stream's thread to the actors.
class event_relay final : public ports::event_sink {
public:
  explicit event_relay(actors::events_actor to) : to_{std::move(to)} {}
  void touched(const std::string& id) override { caf::anon_send(to_, actors::touched_atom_v, id); }
  void gap() override { caf::anon_send(to_, actors::gap_atom_v); }
  void reachable(bool yes) override { caf::anon_send(to_, actors::reach_atom_v, yes); }

private:
  actors::events_actor to_;
};

int complain(const error& why) {
  std::cerr << "davitd: " << why.message << '\n';
  if (!why.remedy.empty())
    std::cerr << "  " << why.remedy << '\n';
  return 1;
}

void log_event(const event& e) {
  auto where = e.stack.empty()     ? std::string{"davitd"}
               : e.service.empty() ? e.stack
                                   : e.stack + '/' + e.service;
  auto level = e.kind == "warning" || e.kind == "refusal" || e.kind == "orphan"
                 ? spdlog::level::warn
                 : spdlog::level::info;
  spdlog::log(level, "{}: {}: {}", where, e.kind, e.text);
}

void begin_logging(const std::string& level) {
  auto log
    = std::make_shared<spdlog::logger>("davitd", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  log->set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%l%$ %v");
  log->set_level(spdlog::level::from_str(level));
  log->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(log));
}

/// The host's configuration is wrong: say all of it and do not start.
bool config_is_right(const std::string& path) {
  auto read
    = manifest::load_host_config(path, effects::read_manifest_file, effects::manifest_file_exists);
  for (auto& f : read.findings)
    std::cerr << manifest::to_string(f) << '\n';
  return !manifest::any_error(read.findings);
}

/// davit.slice exists where systemd is PID 1; podman there manages cgroups through it.
std::string cgroup_parent() {
  return std::filesystem::exists("/run/systemd/system") ? "davit.slice" : "";
}

sigset_t block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int s : {SIGTERM, SIGINT, SIGHUP})
    sigaddset(&set, s);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return set;
}

void wait_for_the_end(const sigset_t& set) {
  int signal = 0;
  do
    sigwait(&set, &signal);
  while (signal == SIGHUP); // nothing to reload: configuration is read at the start
  spdlog::info("davitd: leaving on {}", signal == SIGTERM ? "SIGTERM" : "SIGINT");
}

int run(const options& chosen) {
  auto signals = block_signals();
  begin_logging(chosen.log_level);
  auto socket = socket_path(chosen.podman);
  if (!socket)
    return complain(socket.error()), 2;
  if (!config_is_right(chosen.config))
    return 2;
  auto opened = effects::rocks_store::open(chosen.state);
  if (!opened)
    return complain(opened.error());
  std::shared_ptr<ports::store> store = std::move(*opened);
  auto files = std::make_shared<effects::desired_files>(chosen.state);
  auto podman = std::make_shared<effects::podman_engine>(*socket);
  auto notifier = std::make_shared<effects::systemd_notifier>();
  auto feed = std::make_shared<actors::event_feed>(log_event);
  auto ctx = std::make_shared<actors::context>(
    std::make_shared<effects::system_clocks>(), std::make_shared<effects::system_chance>(), feed,
    actors::settings{chosen.state + "/secrets", chosen.state, cgroup_parent(), {}});
  if (auto ready = actors::prepare(*ctx, *store); !ready)
    return complain(ready.error());

  exit_relay deaths; // the watcher's thread speaks to it until the watcher is gone
  auto watcher = std::make_shared<effects::pidfd_exits>(deaths);
  scheduling config;
  caf::actor_system system{config};
  actors::house all = actors::build(
    system, ctx,
    {actors::spawn_engine_workers(system, podman), actors::spawn_disk_worker(system, store, files),
     actors::spawn_prober(system, std::make_shared<effects::namespace_prober>()), watcher,
     notifier});
  deaths.connect(all.exits);
  actors::watch_over(system, all, [] {
    spdlog::critical("davitd: its host actor died; the service manager starts it anew");
    spdlog::shutdown();
    std::_Exit(EXIT_FAILURE); // containers go on, and the next daemon adopts them
  });
  event_relay happenings{all.events};
  auto events = std::make_unique<effects::podman_events>(*socket, happenings);
  auto front = std::make_shared<actors::front_end>(system, ctx, all, podman, DAVIT_VERSION);
  auto server = effects::http_server::start(chosen.listen, front);
  auto code = 0;
  if (server) {
    caf::anon_send(all.host, actors::load_atom_v);
    wait_for_the_end(signals);
    notifier->stopping();
  } else {
    code = complain(server.error());
  }
  caf::anon_send(all.engine, actors::leave_atom_v);
  front->leave();
  if (server)
    (*server)->stop(drain);
  events.reset();
  all.leave();
  front.reset();
  // Workers that wait for podman are not waited for: podman goes on without us, and the next
  // daemon looks before it acts.
  spdlog::shutdown();
  store.reset();
  std::_Exit(code);
}

} // namespace

} // namespace davit::daemon

int main(int argc, char** argv) {
  auto code = 0;
  auto chosen = davit::daemon::parse(argc, argv, code);
  return chosen ? davit::daemon::run(*chosen) : code;
}
