// Processes: how they start, fall ill, die, and who hears of it when.
#include "tests/sim/podman_model.hpp"

#include <algorithm>

namespace davit::sim {

namespace {

std::string label_of(const podman_model::container& c, const char* key) {
  auto found = c.made_of.what.labels.find(key);
  return found == c.made_of.what.labels.end() ? std::string{} : found->second;
}

bool ends_a_process(const std::string& signal, const std::string& stop_signal) {
  static const std::set<std::string> deadly{"SIGTERM", "TERM", "15", "SIGINT", "INT",
                                            "2",       "QUIT", "3",  "SIGQUIT"};
  return signal == stop_signal || deadly.count(signal) != 0;
}

} // namespace

podman_model::container* podman_model::by_id(const std::string& id) {
  auto found = containers_.find(id);
  return found == containers_.end() ? nullptr : &found->second;
}

podman_model::container* podman_model::by_name(const std::string& name) {
  for (auto& [id, c] : containers_)
    if (c.name == name)
      return &c;
  return nullptr;
}

const podman_model::container* podman_model::find(const std::string& id_or_name) const {
  auto found = containers_.find(id_or_name);
  if (found != containers_.end())
    return &found->second;
  for (auto& [id, c] : containers_)
    if (c.name == id_or_name)
      return &c;
  return nullptr;
}

bool podman_model::alive(const std::string& name) const {
  auto* c = find(name);
  return c && c->app;
}

bool podman_model::answers(const std::string& name) const {
  auto* c = find(name);
  return c && works(*c);
}

const app& podman_model::script_of(const container& c) const {
  static const app plain;
  auto found = apps_.find(label_of(c, label::service));
  return found == apps_.end() ? plain : found->second;
}

bool podman_model::works(const container& c) const {
  if (!c.app)
    return false;
  auto& script = script_of(c);
  auto age = now_ - c.app->began - script.healthy_after;
  if (age < 0ns)
    return false;
  return !script.flap || (age / *script.flap) % 2 == 0;
}

std::int32_t podman_model::new_pid() {
  for (;;) {
    auto pid = static_cast<std::int32_t>(100 + dice_.below(400)); // few, so that they return
    if (!pids_.insert(pid).second)
      continue;
    if (!pids_ever_.insert(pid).second)
      ran("pid_reused");
    return pid;
  }
}

/// A time as podman stamps it. No two are the same, so that it names one life.
std::int64_t podman_model::stamp() {
  auto stamp = wall_ ? wall_() : 1'700'000'000'000'000'000 + now_.time_since_epoch().count();
  while (!stamps_.insert(stamp).second)
    ++stamp;
  return stamp;
}

void podman_model::record(fact what, const container& c, const job_ptr& j, cause why,
                          std::int32_t code) {
  happening h;
  h.at = now_;
  h.what = what;
  h.why = why;
  h.id = c.id;
  h.name = c.name;
  h.stack = label_of(c, label::stack);
  h.service = label_of(c, label::service);
  if (c.app) {
    h.pid = c.app->pid;
    h.life_no = c.app->number;
  }
  h.code = code;
  h.grace = c.made_of.what.grace;
  h.ticket = j ? j->number : 0;
  h.incarnation = j ? j->incarnation : incarnation_;
  history_.push_back(std::move(h));
}

void podman_model::touch(const std::string& id) {
  if (now_ < down_until_ || dice_.hit(weather_.event_loss)) {
    ran("event_lost");
    return;
  }
  after(dice_.between(1ms, weather_.event_lag), [this, id, mine = incarnation_] {
    if (mine == incarnation_ && ears_.touched)
      ears_.touched(id);
  });
}

void podman_model::spawn_conmon(container& c) {
  c.conmon_pid = new_pid();
  c.conmon_alive = true;
}

void podman_model::start_process(container& c, const job_ptr& j) {
  c.app = process{};
  c.app->pid = new_pid();
  c.app->number = ++next_life_;
  c.app->began = now_;
  c.pid = c.app->pid;
  c.failing = 0;
  c.health = c.check ? "starting" : "";
  ++c.lives;
  c.last_process = c.app->number;
  record(fact::start, c, j);
  auto& script = script_of(c);
  auto life_of_service = ++lives_of_[label_of(c, label::service)];
  auto dies
    = [this, id = c.id, number = c.app->number](nanoseconds in, std::int32_t code, bool oom) {
        after(in, [=, this] {
          auto* dying = by_id(id);
          if (dying && dying->app && dying->app->number == number)
            end_process(*dying, cause::app, code, oom);
        });
      };
  if (script.uptime_min && (script.good_after == 0 || life_of_service <= script.good_after)) {
    auto code
      = script.exit_codes.empty() ? 0 : script.exit_codes[dice_.below(script.exit_codes.size())];
    dies(dice_.between(*script.uptime_min, script.uptime_max.value_or(*script.uptime_min)),
         script.oom ? 137 : code, script.oom);
  }
  if (dice_.hit(weather_.app_crash))
    dies(dice_.between(0ns, weather_.crash_within), 1, false);
  if (!script.needs.empty()) {
    after(dice_.between(50ms, 300ms), [this, id = c.id, number = c.app->number] {
      auto* needy = by_id(id);
      if (!needy || !needy->app || needy->app->number != number)
        return;
      for (auto& need : script_of(*needy).needs) {
        auto met = std::any_of(containers_.begin(), containers_.end(), [&](auto& other) {
          return label_of(other.second, label::service) == need
                 && label_of(other.second, label::stack) == label_of(*needy, label::stack)
                 && works(other.second);
        });
        if (!met) {
          ran("need_not_met");
          end_process(*needy, cause::app, 1);
          return;
        }
      }
    });
  }
  if (dice_.hit(weather_.conmon_death))
    after(dice_.between(0ns, 10min), [this, name = c.id, number = c.app->number] {
      auto* c = by_id(name);
      if (c && c->app && c->app->number == number)
        kill_conmon(c->name);
    });
}

void podman_model::end_process(container& c, cause why, std::int32_t code, bool oom) {
  record(fact::end, c, nullptr, why, code);
  auto gone = *c.app;
  c.app.reset();
  pids_.erase(gone.pid);
  exit_info exit{code, oom};
  if (gone.watched && ears_.exited) {
    auto told = exit;
    auto wait = dice_.between(200us, 8ms); // for conmon's exit file
    if (!c.conmon_alive || dice_.hit(weather_.no_exit_code)) {
      ran("exit_without_code");
      told.code.reset();
      wait = 40ms;
    }
    after(wait, [this, told, which = *gone.watched, died = now_, mine = incarnation_,
                 deaf = forgets_[c.id]] {
      if (mine == incarnation_ && deaf == forgets_[which.id] && ears_.exited)
        ears_.exited(which, died, told);
    });
  }
  if (c.conmon_alive) {
    auto stale = dice_.hit(weather_.stale) ? dice_.between(weather_.stale_min, weather_.stale_max)
                                           : nanoseconds{200us};
    after(stale, [this, id = c.id, number = gone.number, exit] { clean_up(id, number, exit); });
    // conmon goes as soon as it has sent podman to clean up.
    after(dice_.between(100us, stale), [this, id = c.id, number = gone.number] {
      auto* ended = by_id(id);
      if (ended && !ended->app && ended->last_process == number && ended->conmon_alive) {
        ended->conmon_alive = false;
        pids_.erase(ended->conmon_pid);
      }
    });
  } else {
    ran("death_without_conmon");
  }
  auto waiting = on_death_.extract(c.id);
  if (!waiting.empty())
    for (auto& go : waiting.mapped())
      go();
}

/// What conmon does after a death, in a process of its own: from here on inspect is right.
void podman_model::clean_up(const std::string& id, std::uint64_t process, exit_info exit) {
  lock(
    id,
    [this, id, process, exit] {
      auto* c = by_id(id);
      if (c && !c->app && c->last_process == process && !c->leftover) {
        c->status = engine_status::exited;
        c->pid = 0;
        if (c->conmon_alive)
          pids_.erase(c->conmon_pid);
        c->conmon_pid = 0;
        c->conmon_alive = false;
        c->exit = {exit.code, false}; // podman 4 does not see the kernel's hand
        c->finished_at = stamp();
        touch(id);
      }
      unlock(id);
    },
    false);
}

void podman_model::signal_process(container& c, const std::string& signal, const job_ptr& j) {
  if (!c.app)
    return;
  auto end_in = [&](nanoseconds in, cause why, std::int32_t code) {
    after(in, [this, id = c.id, number = c.app->number, why, code] {
      auto* dying = by_id(id);
      if (dying && dying->app && dying->app->number == number)
        end_process(*dying, why, code);
    });
  };
  if (signal == "SIGKILL" || signal == "KILL" || signal == "9") {
    record(fact::kill, c, j);
    end_in(dice_.between(300us, 2ms), cause::kill, 137);
    return;
  }
  auto& stop = c.made_of.what.spec.stop_signal;
  if (!ends_a_process(signal, stop.empty() ? "SIGTERM" : stop))
    return;
  record(fact::term, c, j);
  if (!c.app->term_at)
    c.app->term_at = now_;
  auto& script = script_of(c);
  if (script.ignores_term || c.app->ending)
    return;
  c.app->ending = true;
  end_in(dice_.between(500us, script.term_takes), cause::term, script.term_code);
}

void podman_model::erase(container& c, bool keep_anonymous, const job_ptr& j) {
  if (c.app)
    end_process(c, cause::kill, 137); // a runtime container goes with all that is in it
  record(fact::remove, c, j);
  if (!keep_anonymous)
    for (auto& volume : c.anonymous)
      volumes_.erase(volume);
  pids_.erase(c.conmon_pid);
  auto id = c.id;
  containers_.erase(id);
  touch(id);
}

void podman_model::watch(const life& which, std::int32_t pid, std::int32_t) {
  if (!watched_.insert(which).second)
    return;
  auto still = [this, which, mine = incarnation_, deaf = forgets_[which.id]] {
    return mine == incarnation_ && deaf == forgets_[which.id];
  };
  auto* c = by_id(which.id);
  if (c && c->app && c->app->pid == pid) {
    c->app->watched = which;
    if (!c->conmon_alive)
      after(1ms, [this, which, still] {
        if (still() && ears_.monitor_lost)
          ears_.monitor_lost(which);
      });
    return;
  }
  ran("watch_of_the_dead");
  after(dice_.between(100us, 40ms), [this, which, still, heard = now_] {
    if (still() && ears_.exited)
      ears_.exited(which, heard, {});
  });
}

void podman_model::forget(const std::string& id) {
  ++forgets_[id];
  if (auto* c = by_id(id); c && c->app)
    c->app->watched.reset();
}

void podman_model::kill_conmon(const std::string& name) {
  auto* c = by_name(name);
  if (!c || !c->conmon_alive)
    return;
  ran("conmon_death");
  c->conmon_alive = false;
  pids_.erase(c->conmon_pid);
  if (c->app && c->app->watched)
    after(1ms, [this, which = *c->app->watched, mine = incarnation_, deaf = forgets_[c->id]] {
      if (mine == incarnation_ && deaf == forgets_[which.id] && ears_.monitor_lost)
        ears_.monitor_lost(which);
    });
}

void podman_model::kill_process(const std::string& name, std::int32_t code) {
  if (auto* c = by_name(name); c && c->app)
    end_process(*c, cause::app, code);
}

void podman_model::stop_by_hand(const std::string& name) {
  auto* c = by_name(name);
  if (!c || !c->app)
    return;
  ran("stop_by_hand");
  if (dice_.below(3) == 0)
    c->status = engine_status::stopping; // seen at the death in one of three
  signal_process(*c, "SIGTERM", nullptr);
  after(10s, [this, id = c->id, number = c->app->number] {
    auto* left = by_id(id);
    if (left && left->app && left->app->number == number)
      signal_process(*left, "SIGKILL", nullptr);
  });
}

void podman_model::remove_by_hand(const std::string& name) {
  if (auto* c = by_name(name)) {
    ran("remove_by_hand");
    erase(*c, false, nullptr);
  }
}

} // namespace davit::sim
