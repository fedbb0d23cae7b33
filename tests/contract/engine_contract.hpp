// Goal: whatever stands behind ports::engine keeps its promises: the actors and the simulation
// rely on them, so the real podman and its model must both keep them.
// Method: one function with a section a promise, run over each engine. It names no engine;
// what it needs besides the port (processes that behave in a certain way, hands that break
// something, time that passes) is a `world`. Nothing is awaited by a fixed sleep.
#pragma once

#include "runtime/ports/engine.hpp"
#include "tests/catch.hpp"

#include <functional>

namespace davit::contract {

/// How the main process of a container behaves.
enum class habit : std::uint8_t {
  obeys,    ///< runs until its stop signal, then exits with 7
  ignores,  ///< runs; only a SIGKILL ends it
  fails,    ///< exits with 3 by itself, soon after its start
  missing,  ///< its command does not exist
  well,     ///< obeys, and its health check passes
  ill,      ///< obeys, and its health check fails
  hangs,    ///< obeys, and its health check takes 30 s
  unhealed, ///< obeys, and has no health check
};

struct world {
  virtual ~world() = default;
  virtual ports::engine& engine() = 0;
  /// An image that is there and has no health check.
  virtual std::string image() = 0;
  /// Fills in image, command and check so that it behaves thus.
  virtual void give(habit h, blueprint& what) = 0;
  /// Lets a little time pass, a millisecond or so.
  virtual void rest() = 0;
  /// SIGKILL from outside, to the main process or to its monitor.
  virtual void kill_process(const observation& of) = 0;
  virtual void kill_monitor(const observation& of) = 0;
};

inline constexpr const char* mark = "io.davit.contract";

class promises {
public:
  explicit promises(world& w) : w_{w} {}

  ports::engine_reply ask(const ports::engine_request& r, milliseconds deadline = 60s) {
    return w_.engine().perform(r, deadline);
  }
  blueprint plan(const std::string& name, habit h) {
    blueprint b;
    b.name = "contract-" + name;
    b.spec.name = name;
    b.labels = {{mark, "1"}, {label::service, name}};
    b.grace = 2s;
    w_.give(h, b);
    return b;
  }
  observation made(const blueprint& b) {
    auto reply = ask(ports::create_container{b});
    INFO((reply.failure ? reply.failure->message : ""));
    REQUIRE_FALSE(reply.failure);
    REQUIRE(reply.seen);
    return *reply.seen;
  }
  observation up(const blueprint& b) {
    auto reply = ask(ports::start_container{made(b).id});
    INFO((reply.failure ? reply.failure->message : ""));
    REQUIRE_FALSE(reply.failure);
    REQUIRE(reply.seen);
    return *reply.seen;
  }
  observation up(const std::string& name, habit h) { return up(plan(name, h)); }
  observation look(const std::string& id) {
    auto reply = ask(ports::inspect_container{id});
    INFO((reply.failure ? reply.failure->message : ""));
    REQUIRE_FALSE(reply.failure);
    REQUIRE(reply.seen);
    return *reply.seen;
  }
  observation wait(const std::string& id, const std::function<bool(const observation&)>& until) {
    auto seen = look(id);
    for (int tries = 0; !until(seen) && tries < 20'000; ++tries) {
      w_.rest();
      seen = look(id);
    }
    REQUIRE(until(seen));
    return seen;
  }
  observation wait_for_end(const std::string& id) {
    return wait(id, [](const observation& o) { return o.status == engine_status::exited; });
  }
  static errc code(const ports::engine_reply& reply) {
    REQUIRE(reply.failure);
    CHECK_FALSE(reply.failure->message.empty());
    return reply.failure->code;
  }

private:
  world& w_;
};

inline void containers_are_made(world& w) {
  promises p(w);
  SECTION("a created container is seen as it was asked for, and does not run") {
    auto b = p.plan("new", habit::obeys);
    auto seen = p.made(b);
    CHECK(seen.id.size() == 64);
    CHECK(seen.name == b.name);
    CHECK(seen.status == engine_status::created);
    CHECK(seen.labels[mark] == "1");
    CHECK(seen.image == w.image());
    CHECK_FALSE(seen.image_id.empty());
    CHECK_FALSE(seen.process_alive);
    CHECK_FALSE(seen.exit.code);
    CHECK(seen.started_at == 0);
    CHECK_FALSE(seen.has_healthcheck);
  }
  SECTION("a name that is in use is a conflict, and the look shows its holder") {
    auto holder = p.made(p.plan("twin", habit::obeys));
    auto reply = p.ask(ports::create_container{p.plan("twin", habit::fails)});
    CHECK(p.code(reply) == errc::conflict);
    CHECK_FALSE(reply.fatal);
    if (reply.seen)
      CHECK(reply.seen->id == holder.id);
  }
  SECTION("an image that is not there is not found") {
    auto b = p.plan("imageless", habit::obeys);
    b.spec.image = "localhost/davit-nowhere:1";
    CHECK(p.code(p.ask(ports::create_container{b})) == errc::not_found);
  }
  SECTION("a network that is not there is not found") {
    auto b = p.plan("netless", habit::obeys);
    b.spec.network_mode.clear();
    b.spec.networks["contract-nowhere"] = {};
    CHECK(p.code(p.ask(ports::create_container{b})) == errc::not_found);
  }
  SECTION("it is found by its full id and its exact name, never by the beginning of an id") {
    auto seen = p.made(p.plan("named", habit::obeys));
    CHECK(p.look(seen.name).id == seen.id);
    CHECK(p.look(seen.id).name == seen.name);
    CHECK(p.look(seen.id.substr(0, 12)).status == engine_status::absent);
    CHECK(p.look("contract-nobody").status == engine_status::absent);
  }
  SECTION("a new name is told by the look, and the old one is free") {
    auto seen = p.made(p.plan("before", habit::obeys));
    auto other = p.made(p.plan("other", habit::obeys));
    auto reply = p.ask(ports::rename_container{seen.id, "contract-after"});
    CHECK_FALSE(reply.failure);
    REQUIRE(reply.seen);
    CHECK(reply.seen->name == "contract-after");
    CHECK(p.look("contract-before").status == engine_status::absent);
    CHECK(p.code(p.ask(ports::rename_container{seen.id, other.name})) == errc::conflict);
  }
  SECTION("a list holds exactly those with the label") {
    auto one = p.made(p.plan("one", habit::obeys));
    auto b = p.plan("two", habit::obeys);
    b.labels[mark] = "2";
    auto two = p.made(b);
    auto reply = p.ask(ports::list_containers{mark, "2"});
    CHECK_FALSE(reply.failure);
    REQUIRE(reply.list.size() == 1);
    CHECK(reply.list[0].id == two.id);
    CHECK(p.ask(ports::list_containers{mark, "3"}).list.empty());
  }
}

inline void containers_are_started(world& w) {
  promises p(w);
  SECTION("a start is over when the process runs, and the look proves it") {
    auto seen = p.up("starts", habit::obeys);
    CHECK(seen.status == engine_status::running);
    CHECK(seen.alive());
    CHECK(seen.pid > 0);
    CHECK(seen.process_alive);
    CHECK(seen.conmon_alive);
    CHECK(seen.started_at > 0);
    CHECK_FALSE(seen.exit.code);
  }
  SECTION("starting what runs is no failure and begins no other life") {
    auto seen = p.up("again", habit::obeys);
    auto reply = p.ask(ports::start_container{seen.id});
    CHECK_FALSE(reply.failure);
    REQUIRE(reply.seen);
    CHECK(reply.seen->current() == seen.current());
  }
  SECTION("starting what is not there is not found") {
    CHECK(p.code(p.ask(ports::start_container{std::string(64, 'a')})) == errc::not_found);
  }
  SECTION("a command that does not exist fails for ever") {
    auto seen = p.made(p.plan("wrong", habit::missing));
    auto reply = p.ask(ports::start_container{seen.id});
    CHECK(p.code(reply) == errc::invalid);
    CHECK(reply.fatal);
    CHECK_FALSE(reply.not_started); // a permit is spent on it, or it would be tried for ever
    REQUIRE(reply.seen);
    CHECK_FALSE(reply.seen->process_alive);
  }
  SECTION("an end is seen with its code, and the next start is another life of the same id") {
    auto first = p.up("fails", habit::fails);
    auto ended = p.wait_for_end(first.id);
    CHECK(ended.exit.code == 3);
    CHECK(ended.finished_at > 0);
    CHECK_FALSE(ended.process_alive);
    auto reply = p.ask(ports::start_container{first.id});
    REQUIRE_FALSE(reply.failure);
    REQUIRE(reply.seen);
    CHECK(reply.seen->id == first.id);
    CHECK(reply.seen->started_at > first.started_at);
  }
  SECTION("right after a death a start works, or proves that it did not") {
    auto seen = p.up("phoenix", habit::obeys);
    w.kill_process(seen);
    p.wait(seen.id, [](const observation& o) { return !o.process_alive; });
    bool runs = false;
    for (int tries = 0; !runs && tries < 20'000; ++tries) {
      auto reply = p.ask(ports::start_container{seen.id});
      runs = !reply.failure;
      if (runs) {
        REQUIRE(reply.seen);
        CHECK(reply.seen->process_alive);
        CHECK(reply.seen->started_at > seen.started_at);
      } else {
        CHECK(reply.not_started);
        w.rest();
      }
    }
    CHECK(runs);
  }
  SECTION("an answer that does not come in time says that nobody knows") {
    auto seen = p.made(p.plan("slow", habit::obeys));
    auto reply = p.ask(ports::start_container{seen.id}, 2ms);
    CHECK(p.code(reply) == errc::timeout);
    CHECK_FALSE(reply.not_started);
    // podman goes on all the same
    p.wait(seen.id, [](const observation& o) { return o.process_alive; });
  }
}

inline void containers_are_ended(world& w) {
  promises p(w);
  SECTION("a signal reaches the process") {
    auto seen = p.up("obeys", habit::obeys);
    CHECK_FALSE(p.ask(ports::signal_container{seen.id, "SIGTERM"}).failure);
    CHECK(p.wait_for_end(seen.id).exit.code == 7);
  }
  SECTION("SIGKILL ends what ignores its stop signal, with 137") {
    auto seen = p.up("stubborn", habit::ignores);
    CHECK_FALSE(p.ask(ports::signal_container{seen.id, "SIGTERM"}).failure);
    CHECK_FALSE(p.ask(ports::signal_container{seen.id, "SIGKILL"}).failure);
    CHECK(p.wait_for_end(seen.id).exit.code == 137);
  }
  SECTION("a signal to what does not run is a conflict") {
    auto seen = p.made(p.plan("dead", habit::obeys));
    CHECK(p.code(p.ask(ports::signal_container{seen.id, "SIGTERM"})) == errc::conflict);
    CHECK(p.code(p.ask(ports::signal_container{std::string(64, 'a'), "SIGTERM"}))
          == errc::not_found);
  }
  SECTION("a dead monitor is seen, and a signal reaches the process all the same") {
    auto seen = p.up("orphan", habit::obeys);
    w.kill_monitor(seen);
    auto alone = p.wait(seen.id, [](const observation& o) { return !o.conmon_alive; });
    CHECK(alone.process_alive);
    CHECK_FALSE(p.ask(ports::signal_container{seen.id, "SIGTERM"}).failure);
    p.wait(seen.id, [](const observation& o) { return !o.process_alive; });
    // Nobody heard of the end; podman may say `running` for ever. Removing it always helps.
    CHECK_FALSE(p.ask(ports::remove_container{seen.id, 2s}).failure);
    CHECK(p.look(seen.id).status == engine_status::absent);
  }
  SECTION("removing ends what runs and leaves nothing; removing it again is fine") {
    for (auto h : {habit::obeys, habit::ignores}) {
      auto seen = p.up("removed", h);
      auto reply = p.ask(ports::remove_container{seen.id, 1s});
      CHECK_FALSE(reply.failure);
      REQUIRE(reply.seen);
      CHECK(reply.seen->status == engine_status::absent);
      CHECK_FALSE(p.ask(ports::remove_container{seen.id, 1s}).failure);
    }
  }
  SECTION("what others depend on is not removed, nor are they") {
    auto owner = p.up("owner", habit::obeys);
    auto b = p.plan("guest", habit::obeys);
    b.spec.networks.clear();
    b.spec.network_mode = "container:" + owner.id;
    auto guest = p.up(b);
    CHECK(p.code(p.ask(ports::remove_container{owner.id, 1s})) == errc::conflict);
    CHECK(p.look(guest.id).process_alive);
    CHECK_FALSE(p.ask(ports::remove_container{guest.id, 1s}).failure);
    CHECK_FALSE(p.ask(ports::remove_container{owner.id, 1s}).failure);
  }
}

inline void checks_are_run(world& w) {
  promises p(w);
  SECTION("a check tells how the service is") {
    auto well = p.up("well", habit::well);
    CHECK(well.has_healthcheck);
    auto reply = p.ask(ports::run_healthcheck{well.id, 10s});
    CHECK_FALSE(reply.failure);
    CHECK(reply.healthy);
    auto ill = p.up("ill", habit::ill);
    reply = p.ask(ports::run_healthcheck{ill.id, 10s});
    CHECK_FALSE(reply.failure);
    CHECK_FALSE(reply.healthy);
    CHECK_FALSE(reply.output.empty());
  }
  SECTION("a check that takes too long is not healthy, and no second one joins it") {
    auto seen = p.up("hangs", habit::hangs);
    auto reply = p.ask(ports::run_healthcheck{seen.id, 500ms});
    CHECK_FALSE(reply.failure);
    CHECK_FALSE(reply.healthy);
    CHECK(p.code(p.ask(ports::run_healthcheck{seen.id, 500ms})) == errc::busy);
  }
  SECTION("what cannot be checked is not called ill") {
    auto seen = p.made(p.plan("asleep", habit::well));
    CHECK(p.code(p.ask(ports::run_healthcheck{seen.id, 10s})) == errc::refused);
    auto none = p.up("unhealed", habit::unhealed);
    CHECK(p.code(p.ask(ports::run_healthcheck{none.id, 10s})) == errc::invalid);
    CHECK(p.code(p.ask(ports::run_healthcheck{std::string(64, 'a'), 10s})) == errc::not_found);
  }
}

inline void images_are_found(world& w) {
  promises p(w);
  CHECK_FALSE(p.ask(ports::ping{}).failure);
  auto reply = p.ask(ports::inspect_image{w.image()});
  CHECK_FALSE(reply.failure);
  CHECK_FALSE(reply.image_id.empty());
  CHECK(p.code(p.ask(ports::inspect_image{"localhost/davit-nowhere:1"})) == errc::not_found);
  auto pulled = p.ask(ports::pull_image{w.image(), 10s});
  CHECK_FALSE(pulled.failure); // it is there: no registry is asked
  CHECK(pulled.image_id == reply.image_id);
  pulled = p.ask(ports::pull_image{"localhost/davit-nowhere:1", 10s});
  CHECK(p.code(pulled) == errc::not_found);
  CHECK(pulled.fatal);
}

inline void networks_and_volumes_are_made(world& w) {
  promises p(w);
  SECTION("a network is made once, kept while it is used, and removed") {
    network n;
    n.name = "contract-net";
    CHECK(p.ask(ports::create_network{n, {{mark, "1"}}}).created);
    auto again = p.ask(ports::create_network{n, {{mark, "1"}}});
    CHECK_FALSE(again.failure);
    CHECK_FALSE(again.created);
    auto b = p.plan("netted", habit::obeys);
    b.spec.network_mode.clear();
    b.spec.networks = {{n.name, {}}};
    auto seen = p.up(b);
    CHECK(p.code(p.ask(ports::remove_network{n.name})) == errc::conflict);
    CHECK(p.look(seen.id).process_alive);
    CHECK_FALSE(p.ask(ports::remove_container{seen.id, 1s}).failure);
    CHECK_FALSE(p.ask(ports::remove_network{n.name}).failure);
    CHECK_FALSE(p.ask(ports::remove_network{n.name}).failure);
  }
  SECTION("a volume is made once, kept while it is used, and removed") {
    volume v;
    v.name = "contract-vol";
    CHECK(p.ask(ports::create_volume{v, {{mark, "1"}}}).created);
    auto again = p.ask(ports::create_volume{v, {{mark, "1"}}});
    CHECK_FALSE(again.failure);
    CHECK_FALSE(again.created);
    auto b = p.plan("filled", habit::obeys);
    mount m;
    m.source = v.name;
    m.target = "/data";
    b.spec.mounts = {m};
    auto seen = p.made(b);
    CHECK(seen.volumes["/data"] == v.name);
    CHECK(p.code(p.ask(ports::remove_volume{v.name})) == errc::conflict);
    CHECK_FALSE(p.ask(ports::remove_container{seen.id, 1s}).failure);
    CHECK_FALSE(p.ask(ports::create_volume{v, {}}).created); // a named one outlives its user
    CHECK_FALSE(p.ask(ports::remove_volume{v.name}).failure);
    CHECK_FALSE(p.ask(ports::remove_volume{v.name}).failure);
  }
  SECTION("an anonymous volume goes with its container, or is kept and attached by name") {
    auto b = p.plan("anonymous", habit::obeys);
    mount m;
    m.target = "/data";
    b.spec.mounts = {m};
    auto seen = p.made(b);
    auto name = seen.volumes["/data"];
    REQUIRE_FALSE(name.empty());
    CHECK_FALSE(p.ask(ports::remove_container{seen.id, 1s, true}).failure);
    b.spec.mounts[0].source = name;
    auto next = p.made(b);
    CHECK(next.volumes["/data"] == name);
    volume v;
    v.name = name;
    CHECK_FALSE(p.ask(ports::create_volume{v, {}}).created); // it was kept
    CHECK_FALSE(p.ask(ports::remove_container{next.id, 1s}).failure);
    CHECK_FALSE(p.ask(ports::remove_volume{name}).failure);
  }
}

/// All of them. Call it from one TEST_CASE an engine; each section begins with a fresh world,
/// in which no container carries `mark`.
inline void engine_contract(world& w) {
  containers_are_made(w);
  containers_are_started(w);
  containers_are_ended(w);
  checks_are_run(w);
  images_are_found(w);
  networks_and_volumes_are_made(w);
}

} // namespace davit::contract
