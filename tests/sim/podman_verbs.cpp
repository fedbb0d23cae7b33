// What each request does once the service takes it up, in podman 4.3's words.
#include "tests/sim/podman_model.hpp"

#include <algorithm>

namespace davit::sim {

namespace {

constexpr const char* improper = "container state improper";
const std::string from_container = "container:";

} // namespace

observation podman_model::look(const std::string& id) const {
  observation seen;
  auto found = containers_.find(id);
  if (found == containers_.end())
    return seen;
  auto& c = found->second;
  seen.id = c.id;
  seen.name = c.name;
  seen.status = c.status;
  seen.pid = c.pid;
  seen.conmon_pid = c.conmon_pid;
  seen.conmon_alive = c.conmon_alive;
  seen.process_alive = c.app && c.app->pid == c.pid;
  seen.started_at = c.started_at;
  seen.finished_at = c.finished_at;
  if (c.status == engine_status::exited || c.status == engine_status::stopped)
    seen.exit = c.exit;
  seen.health = c.health;
  seen.has_healthcheck = c.check.has_value();
  if (c.check)
    seen.check = *c.check;
  auto& what = c.made_of.what;
  seen.image = what.spec.image;
  seen.image_id = c.image_id;
  seen.stop_signal = what.spec.stop_signal.empty() ? "SIGTERM" : what.spec.stop_signal;
  seen.labels = what.labels;
  seen.volumes = c.volumes;
  seen.ports = what.spec.ports;
  for (auto& port : seen.ports)
    if (port.host_port == 0)
      port.host_port = static_cast<std::uint16_t>(32768 + port.container_port % 28000);
  return seen;
}

void podman_model::run(const job_ptr& j, const ports::create_container& r) {
  stage_of(j, 3ms, 50ms, [this, j, r] {
    auto& spec = r.what.spec;
    if (by_name(r.what.name))
      return fail(j, errc::conflict, "that name is already in use: " + r.what.name, false,
                  by_name(r.what.name)->id);
    auto image = images_.find(spec.image);
    if (image == images_.end())
      return fail(j, errc::not_found, "image not known: " + spec.image, true, r.what.name);
    for (auto& [name, attachment] : spec.networks)
      if (!networks_.count(name))
        return fail(j, errc::not_found, "network not found: " + name, false, r.what.name);
    container c;
    c.made_of = r;
    c.id = dice_.hex(64);
    c.name = r.what.name;
    c.image_id = image->second.id;
    c.check = spec.healthcheck ? spec.healthcheck : image->second.facts.check;
    if (c.check && (c.check->disable || c.check->test.empty()))
      c.check.reset();
    if (c.made_of.what.spec.stop_signal.empty())
      c.made_of.what.spec.stop_signal = image->second.facts.stop_signal;
    for (auto& m : spec.mounts) {
      if (m.type != mount::kind::volume)
        continue;
      auto name = m.source;
      if (name.empty())
        c.anonymous.push_back(name = dice_.hex(64));
      volumes_.try_emplace(name);
      c.volumes[m.target] = name;
    }
    auto id = c.id;
    record(fact::create, c, j);
    containers_.emplace(id, std::move(c));
    touch(id);
    finish(j, {}, id);
  });
}

/// Why the runtime would not start it now; not by chance but by what is there.
std::optional<std::string> podman_model::refusal(const container& c) const {
  auto& spec = c.made_of.what.spec;
  if (spec.network_mode.starts_with(from_container)) {
    auto owner = containers_.find(spec.network_mode.substr(from_container.size()));
    if (owner == containers_.end() || !owner->second.app)
      return "cannot join the network namespace of a container that does not run";
  }
  for (auto& [id, other] : containers_) {
    if (id == c.id || !other.app)
      continue;
    for (auto& mine : spec.ports)
      for (auto& theirs : other.made_of.what.spec.ports)
        if (mine.host_port != 0 && mine.host_port == theirs.host_port
            && mine.protocol == theirs.protocol)
          return "cannot listen on port " + std::to_string(mine.host_port)
                 + ": address already in use";
  }
  return std::nullopt;
}

void podman_model::run(const job_ptr& j, const ports::start_container& r) {
  locked(j, r.id, [this, j, id = r.id] {
    auto* c = by_id(id);
    if (!c)
      return fail(j, errc::not_found, "no such container");
    switch (c->status) {
      case engine_status::running:
      case engine_status::paused: {
        ports::engine_reply already; // 304
        already.not_started = !c->app || c->app->pid != c->pid;
        ran(already.not_started ? "start_304_dead" : "start_304_alive");
        if (already.not_started)
          already.failure
            = error{errc::refused, "podman still takes its old process for running", ""};
        return finish(j, already, id);
      }
      case engine_status::stopping:
      case engine_status::removing:
        ran("start_improper");
        return refuse(j, errc::refused,
                      std::string{"must be in Created or Stopped state to be started: "} + improper,
                      id, {.not_started = true, .ghost = true});
      case engine_status::initialized:
        ran("start_ghost");
        return refuse(j, errc::refused, "exit status 1", id, {}); // its status tells
      default: break;
    }
    if (c->leftover) {
      ran("start_ghost");
      return refuse(j, errc::conflict, "runc create failed: container with given ID already exists",
                    id, {.ghost = true});
    }
    if (auto& script = script_of(*c); script.refused) {
      ran("start_fatal");
      return refuse(j, errc::invalid, *script.refused, id, {.fatal = true});
    }
    if (auto why = refusal(*c)) {
      ran("start_conflict");
      return refuse(j, errc::conflict, *why, id, {});
    }
    if (dice_.hit(weather_.refused_start)) {
      ran("start_refused");
      return refuse(j, errc::refused, "OCI runtime error: runc create failed", id, {});
    }
    j->at = stage::creating;
    stage_of(j, 15ms, 40ms, [this, j, id] {
      auto* made = by_id(id);
      if (!made)
        return fail(j, errc::not_found, "no such container");
      spawn_conmon(*made);
      j->at = stage::starting;
      stage_of(j, 5ms, 20ms, [this, j, id] {
        auto* begun = by_id(id);
        if (!begun)
          return fail(j, errc::not_found, "no such container");
        start_process(*begun, j);
        begun->status = engine_status::running;
        begun->started_at = stamp();
        begun->exit = {};
        touch(id);
        finish(j, {}, id);
      });
    });
  });
}

void podman_model::run(const job_ptr& j, const ports::signal_container& r) {
  locked(j, r.id, [this, j, r] {
    stage_of(j, 2ms, 20ms, [this, j, r] {
      auto* c = by_id(r.id);
      if (!c)
        return fail(j, errc::not_found, "no such container", false, r.id);
      if (!c->app) {
        ran("signal_to_the_dead");
        return fail(j, errc::conflict, "its process cannot be signalled: it does not run", false,
                    r.id);
      }
      signal_process(*c, r.signal, j); // by podman, or where it cannot by pidfd
      stage_of(j, 1ms, 10ms, [this, j, r] { finish(j, {}, r.id); });
    });
  });
}

void podman_model::run(const job_ptr& j, const ports::remove_container& r) {
  locked(j, r.id, [this, j, r] {
    auto* c = by_id(r.id);
    if (!c)
      return finish(j, {}, r.id);
    for (auto& [id, other] : containers_)
      if (other.made_of.what.spec.network_mode == from_container + r.id)
        return fail(j, errc::conflict, "has dependent containers: " + other.name, false, r.id);
    auto erase_it = [this, j, r] {
      stage_of(j, 4ms, 180ms, [this, j, r] {
        auto* gone = by_id(r.id);
        if (gone)
          erase(*gone, r.keep_anonymous, j);
        finish(j, {}, r.id);
      });
    };
    if (!c->app)
      return erase_it();
    j->at = stage::stopping;
    c->status = engine_status::stopping;
    on_death_[r.id].push_back([this, j, erase_it] {
      if (j->service == service_)
        erase_it();
    });
    if (r.grace > 0ms)
      signal_process(*c, look(r.id).stop_signal, j);
    stage_of(j, r.grace, r.grace, [this, j, id = r.id, number = c->app->number] {
      auto* stubborn = by_id(id);
      if (stubborn && stubborn->app && stubborn->app->number == number)
        signal_process(*stubborn, "SIGKILL", j);
    });
  });
}

void podman_model::run(const job_ptr& j, const ports::rename_container& r) {
  locked(j, r.id, [this, j, r] {
    stage_of(j, 2ms, 10ms, [this, j, r] {
      auto* c = by_id(r.id);
      if (!c)
        return fail(j, errc::not_found, "no such container");
      if (auto* other = by_name(r.name); other && other != c)
        return fail(j, errc::conflict, "that name is already in use: " + r.name, false, r.id);
      c->name = r.name;
      finish(j, {}, r.id);
    });
  });
}

void podman_model::run(const job_ptr& j, const ports::inspect_container& r) {
  auto* c = find(r.id_or_name);
  if (!c) {
    ports::engine_reply reply;
    reply.seen = observation{};
    return finish(j, reply);
  }
  locked(j, c->id, [this, j, id = c->id] {
    stage_of(j, 500us, 1ms, [this, j, id] {
      ports::engine_reply reply;
      reply.seen = look(id);
      finish(j, reply);
    });
  });
}

void podman_model::run(const job_ptr& j, const ports::list_containers& r) {
  std::vector<std::string> left;
  for (auto& [id, c] : containers_) {
    auto found = c.made_of.what.labels.find(r.key);
    if (found != c.made_of.what.labels.end() && found->second == r.value)
      left.push_back(id);
  }
  list_next(j, std::move(left), {});
}

/// Takes one lock after the other, as podman does: one stuck container holds up the list.
void podman_model::list_next(const job_ptr& j, std::vector<std::string> left,
                             ports::engine_reply sofar) {
  if (left.empty())
    return finish(j, std::move(sofar));
  auto id = left.front();
  left.erase(left.begin());
  locked(j, id, [this, j, id, left, sofar]() mutable {
    stage_of(j, 200us, 400us, [this, j, id, left, sofar]() mutable {
      if (by_id(id))
        sofar.list.push_back(look(id));
      j->locked.clear();
      unlock(id);
      list_next(j, std::move(left), std::move(sofar));
    });
  });
}

void podman_model::run(const job_ptr& j, const ports::run_healthcheck& r) {
  auto* c = by_id(r.id);
  if (!c)
    return fail(j, errc::not_found, "no such container");
  if (c->status != engine_status::running || !c->app)
    return fail(j, errc::refused, "container is not running");
  if (!c->check)
    return fail(j, errc::invalid, "container has no healthcheck");
  if (c->checking) {
    ran("check_busy");
    return fail(j, errc::busy, "the last check still runs");
  }
  c->checking = true;
  auto takes = script_of(*c).check_takes;
  after(takes, [this, id = r.id] {
    if (auto* checked = by_id(id))
      checked->checking = false; // it ends inside, whether or not anybody waits
  });
  // The deadline leaves time for the look after it.
  auto patience = std::min<nanoseconds>(r.timeout, j->within - j->within / 4);
  auto heard = std::min(takes, patience);
  stage_of(j, heard, heard, [this, j, id = r.id, in_time = takes <= patience] {
    auto* checked = by_id(id);
    if (!checked || !checked->app)
      return fail(j, errc::refused, "container is not running");
    ports::engine_reply reply;
    reply.healthy = in_time && works(*checked);
    reply.output = reply.healthy ? "ok" : in_time ? "no" : "timed out";
    checked->failing = reply.healthy ? 0 : checked->failing + 1;
    if (reply.healthy)
      checked->health = "healthy";
    else if (checked->failing >= checked->check->retries.value_or(3)
             && now_ - checked->app->began >= checked->check->start_period.value_or(0ms))
      checked->health = "unhealthy";
    finish(j, reply, id);
  });
}

void podman_model::run(const job_ptr& j, const ports::ping&) { finish(j, {}); }

void podman_model::put_image(const std::string& reference, image_facts facts) {
  images_[reference] = {dice_.hex(64), std::move(facts)};
}

void podman_model::publish(const std::string& reference, image_facts facts) {
  registry_[reference] = {dice_.hex(64), std::move(facts)};
}

void podman_model::run(const job_ptr& j, const ports::inspect_image& r) {
  auto found = images_.find(r.reference);
  if (found == images_.end())
    return fail(j, errc::not_found, "image not known: " + r.reference);
  ports::engine_reply reply;
  reply.image_id = found->second.id;
  finish(j, reply);
}

void podman_model::run(const job_ptr& j, const ports::pull_image& r) {
  if (images_.count(r.reference) && !r.always)
    return run(j, ports::inspect_image{r.reference});
  if (r.reference.starts_with("localhost/"))
    return fail(j, errc::not_found, "image not known: " + r.reference, true);
  stage_of(j, 100ms, 20s, [this, j, reference = r.reference] {
    if (j->incarnation != incarnation_ || j->answered) {
      ran("pull_cancelled"); // podman drops a pull with its connection
      return finish(j, {});
    }
    auto found = registry_.find(reference);
    if (found == registry_.end())
      return fail(j, errc::not_found, "manifest unknown: " + reference, true);
    if (dice_.hit(weather_.pull_fails)) {
      ran("pull_failed");
      return fail(j, errc::refused, "connection reset by peer");
    }
    images_[reference] = found->second;
    run(j, ports::inspect_image{reference});
  });
}

void podman_model::run(const job_ptr& j, const ports::create_network& r) {
  stage_of(j, 2ms, 20ms, [this, j, r] {
    ports::engine_reply reply;
    reply.created = networks_.emplace(r.what.name, r.labels).second;
    finish(j, reply);
  });
}

void podman_model::run(const job_ptr& j, const ports::remove_network& r) {
  stage_of(j, 2ms, 20ms, [this, j, name = r.name] {
    for (auto& [id, c] : containers_)
      if (c.made_of.what.spec.networks.count(name))
        return fail(j, errc::conflict, "network is being used: " + name);
    networks_.erase(name);
    finish(j, {});
  });
}

void podman_model::run(const job_ptr& j, const ports::create_volume& r) {
  stage_of(j, 1ms, 10ms, [this, j, r] {
    ports::engine_reply reply;
    reply.created = volumes_.emplace(r.what.name, r.labels).second;
    finish(j, reply);
  });
}

void podman_model::run(const job_ptr& j, const ports::remove_volume& r) {
  stage_of(j, 1ms, 10ms, [this, j, name = r.name] {
    for (auto& [id, c] : containers_)
      for (auto& m : c.made_of.what.spec.mounts)
        if (m.type == mount::kind::volume && m.source == name)
          return fail(j, errc::conflict, "volume is being used: " + name);
    volumes_.erase(name);
    finish(j, {});
  });
}

} // namespace davit::sim
