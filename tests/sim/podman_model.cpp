// Time, locks and the service: how a call travels through the model, and what cuts it off.
#include "tests/sim/podman_model.hpp"

#include <algorithm>
#include <utility>

namespace davit::sim {

const char* to_string(fact f) {
  switch (f) {
    case fact::start: return "start";
    case fact::end: return "end";
    case fact::term: return "term";
    case fact::kill: return "kill";
    case fact::create: return "create";
    case fact::remove: return "remove";
    case fact::power_cut: return "power_cut";
  }
  return "?";
}

const char* to_string(cause c) {
  switch (c) {
    case cause::none: return "none";
    case cause::app: return "app";
    case cause::term: return "term";
    case cause::kill: return "kill";
    case cause::power_cut: return "power_cut";
  }
  return "?";
}

namespace {

/// What a request changes, so that two changes of one thing can be told; empty for a look.
struct subject_of {
  std::string operator()(const ports::create_container& r) { return r.what.name; }
  std::string operator()(const ports::start_container& r) { return r.id; }
  std::string operator()(const ports::signal_container& r) { return r.id; }
  std::string operator()(const ports::remove_container& r) { return r.id; }
  std::string operator()(const ports::rename_container& r) { return r.id; }
  template <class T> std::string operator()(const T&) { return {}; }
};

ports::engine_reply failed(errc code, std::string message) {
  ports::engine_reply reply;
  reply.failure = error{code, std::move(message), ""};
  return reply;
}

} // namespace

podman_model::podman_model(std::uint64_t seed, engine_weather weather)
  : dice_(seed), weather_(weather), boot_keeps_started_at_(dice_.hit(0.5)) {}

void podman_model::set_wall(std::function<std::int64_t()> nanoseconds_since_epoch) {
  wall_ = std::move(nanoseconds_since_epoch);
}

std::optional<boot_time> podman_model::next_event() const {
  if (events_.empty())
    return std::nullopt;
  return events_.begin()->first.first;
}

void podman_model::advance_to(boot_time when) {
  while (!events_.empty() && events_.begin()->first.first <= when) {
    auto due = events_.extract(events_.begin());
    now_ = std::max(now_, due.key().first);
    due.mapped()();
  }
  now_ = std::max(now_, when);
}

std::pair<boot_time, std::uint64_t> podman_model::at(boot_time when, task what) {
  auto key = std::pair{std::max(when, now_), next_seq_++};
  events_.emplace(key, std::move(what));
  return key;
}

podman_model::ticket podman_model::submit(const ports::engine_request& request,
                                          milliseconds deadline, reply_to done) {
  auto j = std::make_shared<job>();
  j->number = ++next_ticket_;
  j->incarnation = incarnation_;
  j->service = service_;
  j->what = request;
  j->within = deadline;
  j->done = std::move(done);
  j->subject = std::visit(subject_of{}, request);
  if (!j->subject.empty()) {
    for (auto& [other, subject] : open_)
      if (subject == j->subject)
        overlaps_.push_back("tickets " + std::to_string(other) + " and " + std::to_string(j->number)
                            + " both change " + subject);
    open_.emplace(j->number, j->subject);
    most_in_flight_ = std::max(most_in_flight_, open_.size());
  }
  j->deadline = at(now_ + deadline, [this, j] {
    ran("deadline");
    answer(j, failed(errc::timeout, "no answer from podman before the deadline"));
  });
  if (now_ < down_until_) {
    ran("service_down");
    after(1ms, [this, j] { answer(j, failed(errc::unreachable, "podman: connection refused")); });
    return j->number;
  }
  jobs_.push_back(j);
  if (now_ >= hangs_until_ && dice_.hit(weather_.service_hang))
    hang_service(dice_.between(100ms, weather_.hang_max));
  stage_of(j, 100us, 2ms, [this, j] { std::visit([&](auto& r) { run(j, r); }, j->what); });
  return j->number;
}

/// One step of the service's work on a job. It waits out a hang, and ends with the service.
void podman_model::stage_of(const job_ptr& j, nanoseconds low, nanoseconds high, task next) {
  auto takes = dice_.between(low, high);
  if (dice_.hit(weather_.slow_call)) {
    ran("slow_call");
    takes += dice_.between(0ns, weather_.slow_max);
  }
  auto once = [this, j, next = std::move(next)](auto& self) -> void {
    if (j->service != service_ || j->finished)
      return;
    if (now_ < hangs_until_) {
      at(hangs_until_, [self]() mutable { self(self); });
      return;
    }
    if (j->at != stage::queued && dice_.hit(weather_.service_kill)) {
      kill_service(dice_.between(30ms, weather_.service_down_max));
      return;
    }
    next();
  };
  after(takes, [once]() mutable { once(once); });
}

void podman_model::lock(const std::string& id, task got, bool of_service) {
  auto [held, free] = locks_.try_emplace(id);
  if (free)
    got();
  else
    held->second.push_back({of_service, std::move(got)});
}

void podman_model::unlock(const std::string& id) {
  auto held = locks_.find(id);
  if (held == locks_.end())
    return;
  if (held->second.empty()) {
    locks_.erase(held);
    return;
  }
  auto next = std::move(held->second.front());
  held->second.pop_front();
  next.got();
}

void podman_model::locked(const job_ptr& j, const std::string& id, task got) {
  lock(id, [this, j, id, got = std::move(got)] {
    j->locked = id;
    got();
  });
}

void podman_model::answer(const job_ptr& j, ports::engine_reply reply) {
  if (j->answered)
    return;
  j->answered = true;
  events_.erase(j->deadline);
  open_.erase(j->number);
  if (j->incarnation == incarnation_ && j->done)
    j->done(std::move(reply));
  else
    ran("reply_to_the_dead");
}

void podman_model::finish(const job_ptr& j, ports::engine_reply reply, const std::string& look_at) {
  j->at = stage::queued;
  if (!j->locked.empty())
    unlock(std::exchange(j->locked, {}));
  auto close = [this, j](ports::engine_reply last) {
    j->finished = true;
    std::erase(jobs_, j);
    answer(j, std::move(last));
  };
  if (!j->subject.empty() && dice_.hit(weather_.lost_reply)) {
    ran("lost_reply");
    if (dice_.hit(0.5))
      close(failed(errc::timeout, "podman: the connection was cut"));
    else
      std::erase(jobs_, j); // the deadline will answer
    return;
  }
  if (look_at.empty())
    return close(std::move(reply));
  stage_of(j, 300us, 1ms, [this, close, look_at, reply = std::move(reply)]() mutable {
    if (dice_.hit(weather_.look_fails))
      ran("look_failed");
    else
      reply.seen = look(look_at);
    close(std::move(reply));
  });
}

void podman_model::fail(const job_ptr& j, errc code, std::string message, bool fatal,
                        const std::string& look_at) {
  auto reply = failed(code, std::move(message));
  reply.fatal = fatal;
  finish(j, std::move(reply), look_at);
}

void podman_model::refuse(const job_ptr& j, errc code, std::string message, const std::string& id,
                          proof p) {
  auto reply = failed(code, std::move(message));
  reply.not_started = p.not_started;
  reply.ghost = p.ghost;
  reply.fatal = p.fatal;
  finish(j, std::move(reply), id);
}

void podman_model::daemon_died() {
  ++incarnation_;
  ears_ = {};
  open_.clear();
  watched_.clear();
  for (auto& [id, c] : containers_)
    if (c.app)
      c.app->watched.reset();
}

void podman_model::hang_service(nanoseconds how_long) {
  ran("service_hang");
  hangs_until_ = std::max(hangs_until_, now_ + how_long);
}

/// The state in which a job leaves its container when the service dies under it.
void podman_model::leave_behind(const job_ptr& j) {
  auto* c = by_id(j->locked);
  if (!c)
    return;
  if (j->at == stage::creating) {
    ran("ghost_created");
    c->status = engine_status::created;
    c->leftover = true;
    spawn_conmon(*c);
  } else if (j->at == stage::starting) {
    ran("ghost_initialized");
    start_process(*c, j);
    c->status = engine_status::initialized;
  } else if (j->at == stage::stopping && c->app) {
    ran("ghost_stopping");
    c->status = engine_status::stopping;
  }
}

void podman_model::cut_jobs() {
  auto dead = std::exchange(jobs_, {});
  ++service_;
  for (auto& j : dead)
    leave_behind(j);
  std::vector<task> others; // conmon's own clean-ups live on
  for (auto& [id, waiting] : locks_)
    for (auto& w : waiting)
      if (!w.of_service)
        others.push_back(std::move(w.got));
  locks_.clear();
  for (auto& go : others)
    go();
  for (auto& j : dead) {
    j->finished = true;
    after(1ms, [this, j] { answer(j, failed(errc::timeout, "podman: the connection was cut")); });
  }
}

void podman_model::kill_service(nanoseconds down_for) {
  ran("service_kill");
  hangs_until_ = now_;
  down_until_ = now_ + down_for;
  cut_jobs();
  auto tell = [this](bool yes) {
    return [this, yes, mine = incarnation_, service = service_] {
      if (mine != incarnation_ || service != service_)
        return;
      if (ears_.reachable)
        ears_.reachable(yes);
      if (yes && ears_.gap)
        ears_.gap();
    };
  };
  after(1ms, tell(false));
  at(down_until_ + 1ms, tell(true));
}

void podman_model::power_cut() {
  ran("power_cut");
  for (auto& [id, c] : containers_) {
    if (c.app) {
      c.app->watched.reset();
      end_process(c, cause::power_cut, 0);
    }
    auto ran_on = c.status != engine_status::exited && c.status != engine_status::created;
    if (ran_on) {
      c.status = engine_status::created;
      c.exit = {};
      if (!boot_keeps_started_at_)
        c.started_at = c.finished_at = 0;
    }
    c.pid = c.conmon_pid = 0;
    c.conmon_alive = c.leftover = false;
    c.health.clear();
    c.checking = false;
  }
  happening cut;
  cut.at = now_;
  cut.what = fact::power_cut;
  history_.push_back(std::move(cut));
  events_.clear(); // replies, reports and clean-ups alike
  locks_.clear();
  on_death_.clear();
  jobs_.clear();
  open_.clear();
  watched_.clear();
  pids_.clear();
  ++service_;
  ++incarnation_;
  ears_ = {};
  hangs_until_ = down_until_ = now_;
}

} // namespace davit::sim
