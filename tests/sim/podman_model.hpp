// podman as the daemon meets it, without podman: it stands outside the actor system, goes on
// when the daemon dies, and remembers what really happened.
//
//   submit ─▶ queued ─▶ container's lock ─▶ the runtime creates ─▶ the app starts ─▶ reply
//                │ the service may hang, or be killed at any arrow; what it leaves is a ghost:
//                │   in 'creates': created, with a runtime container that nobody knows
//                │   in 'starts':  initialized, with the app running
//                │   in a remove's grace: stopping for ever
//
// Time is true time: it never goes back, a reboot included. Nothing here reads a clock or
// draws a number but from the seed: same seed and same calls, same history.
#pragma once

#include "runtime/ports/engine.hpp"
#include "tests/sim/weather.hpp"

#include <deque>
#include <functional>
#include <map>
#include <set>

namespace davit::sim {

/// How the processes of one service behave.
struct app {
  std::optional<nanoseconds> uptime_min; ///< absent: never exits by itself
  std::optional<nanoseconds> uptime_max; ///< absent: uptime_min
  std::vector<std::int32_t> exit_codes{1};
  std::uint32_t good_after = 0;       ///< with n: only the first n lives exit by themselves
  nanoseconds healthy_after = 1s;     ///< from start
  std::optional<nanoseconds> flap;    ///< ill for this long, well for this long, and so on
  std::vector<std::string> needs;     ///< services that must work, or it exits with 1 soon
  nanoseconds check_takes = 50ms;     ///< its own health check
  bool ignores_term = false;          ///< only a SIGKILL ends it
  nanoseconds term_takes = 50ms;      ///< from the stop signal to the exit, at most
  std::int32_t term_code = 143;       ///< 0 where the app handles it
  bool oom = false;                   ///< its own exits are out-of-memory kills
  std::optional<std::string> refused; ///< cannot start at all: the runtime's words; fatal
};

/// What podman knows of an image.
struct image_facts {
  std::optional<healthcheck> check;
  std::string stop_signal;
};

enum class fact : std::uint8_t { start, end, term, kill, create, remove, power_cut };
enum class cause : std::uint8_t { none, app, term, kill, power_cut };
const char* to_string(fact f);
const char* to_string(cause c);

/// One thing that really happened. `pid` and `life_no` name the process, where there is one.
struct happening {
  boot_time at{};
  fact what = fact::start;
  cause why = cause::none; ///< of an end
  std::string id;
  std::string name;
  std::string stack;
  std::string service;
  std::int32_t pid = 0;
  std::uint64_t life_no = 0;   ///< counts every process of this history
  std::int32_t code = 0;       ///< of an end
  milliseconds grace{0};       ///< the container's own
  std::uint64_t ticket = 0;    ///< of the request that did it; 0: nobody's, or by hand
  std::uint64_t incarnation{}; ///< of the daemon that asked
  friend bool operator==(const happening&, const happening&) = default;
};

/// What the daemon hears without asking. Cleared when it dies.
struct engine_ears {
  std::function<void(const life&, boot_time heard, const exit_info&)> exited;
  std::function<void(const life&)> monitor_lost;
  std::function<void(const std::string& id)> touched;
  std::function<void()> gap;
  std::function<void(bool)> reachable;
};

class podman_model {
public:
  using ticket = std::uint64_t;
  using reply_to = std::function<void(ports::engine_reply)>;

  struct process {
    std::int32_t pid = 0;
    std::uint64_t number = 0; ///< unique in the whole history
    boot_time began{};
    bool ending = false;         ///< has heard a stop signal that it obeys
    std::optional<life> watched; ///< reported as this life when it ends
    std::optional<boot_time> term_at;
  };

  struct container {
    ports::create_container made_of;
    std::string id;
    std::string name;
    std::string image_id;
    std::optional<healthcheck> check;
    engine_status status = engine_status::created; ///< as podman believes
    std::int32_t pid = 0;                          ///< as podman believes
    std::int32_t conmon_pid = 0;
    bool conmon_alive = false;
    std::uint64_t last_process = 0; ///< that ran in it
    bool leftover = false;          ///< the runtime has a container of this id that podman forgot
    std::int64_t started_at = 0;
    std::int64_t finished_at = 0;
    exit_info exit;
    std::string health;
    std::uint32_t failing = 0;
    bool checking = false; ///< a check of it runs inside
    std::uint32_t lives = 0;
    string_map volumes; ///< by target
    std::vector<std::string> anonymous;
    std::optional<process> app; ///< what really runs
  };

  podman_model(std::uint64_t seed, engine_weather weather);

  // ---- time
  boot_time now() const { return now_; }
  std::optional<boot_time> next_event() const;
  /// Does everything that is due until then, in order. Going back is ignored.
  void advance_to(boot_time when);

  // ---- the world around it
  void set_weather(const engine_weather& weather) { weather_ = weather; }
  void script(const std::string& service, app behaviour) { apps_[service] = std::move(behaviour); }
  void put_image(const std::string& reference, image_facts facts = {});
  /// In the registry, so that a pull finds it.
  void publish(const std::string& reference, image_facts facts = {});
  /// What podman stamps lives with; without it an epoch of its own.
  void set_wall(std::function<std::int64_t()> nanoseconds_since_epoch);

  // ---- the daemon's side
  /// Answers exactly once while this daemon lives, at the latest at the deadline, and never
  /// from inside the call. Errors are those of ports::engine.
  ticket submit(const ports::engine_request& request, milliseconds deadline, reply_to done);
  void hear(engine_ears ears) { ears_ = std::move(ears); }
  /// As ports::exit_watcher.
  void watch(const life& which, std::int32_t pid, std::int32_t conmon_pid);
  void forget(const std::string& id);
  /// Replies and reports for it are dropped; what it began goes on.
  void daemon_died();
  std::uint64_t incarnation() const { return incarnation_; }

  // ---- faults and hands
  void hang_service(nanoseconds how_long);
  void kill_service(nanoseconds down_for);
  void kill_conmon(const std::string& name);
  void kill_process(const std::string& name, std::int32_t code);
  void stop_by_hand(const std::string& name);
  void remove_by_hand(const std::string& name);
  /// Everything stops at once. Afterwards as podman 4 shows it after a boot: what ran is
  /// `created` with exit code 0, what had ended stays; networks, volumes and images stay.
  void power_cut();

  // ---- the truth, for checks
  const std::vector<happening>& history() const { return history_; }
  const std::map<std::string, container>& containers() const { return containers_; }
  const container* find(const std::string& id_or_name) const;
  bool alive(const std::string& name) const;
  /// Whether the app of this container would answer a probe now.
  bool answers(const std::string& name) const;
  bool has_network(const std::string& name) const { return networks_.count(name) != 0; }
  bool has_volume(const std::string& name) const { return volumes_.count(name) != 0; }
  bool has_image(const std::string& reference) const { return images_.count(reference) != 0; }
  /// Two mutations of one container in flight by one daemon, one sentence each.
  const std::vector<std::string>& overlaps() const { return overlaps_; }
  std::size_t most_in_flight() const { return most_in_flight_; }
  /// How often each rare path ran, by name.
  const std::map<std::string, std::uint64_t>& paths() const { return paths_; }

private:
  enum class stage : std::uint8_t { queued, creating, starting, stopping };
  struct job {
    ticket number = 0;
    std::uint64_t incarnation = 0;
    std::uint64_t service = 0; ///< the service process that works on it
    ports::engine_request what;
    milliseconds within{0}; ///< its deadline, from its beginning
    reply_to done;
    std::string subject; ///< of a mutation: what it changes
    std::string locked;  ///< container whose lock it holds
    stage at = stage::queued;
    std::pair<boot_time, std::uint64_t> deadline; ///< its event
    bool answered = false;
    bool finished = false;
  };
  struct waiter {
    bool of_service = true; ///< dies with it
    std::function<void()> got;
  };
  using job_ptr = std::shared_ptr<job>;
  using task = std::function<void()>;

  // time and the service (podman_model.cpp)
  std::pair<boot_time, std::uint64_t> at(boot_time when, task what);
  void after(nanoseconds delay, task what) { at(now_ + delay, std::move(what)); }
  void stage_of(const job_ptr& j, nanoseconds low, nanoseconds high, task next);
  void lock(const std::string& id, task got, bool of_service = true);
  void unlock(const std::string& id);
  void locked(const job_ptr& j, const std::string& id, task got);
  void answer(const job_ptr& j, ports::engine_reply reply);
  /// Lets go of the lock, looks where `look` names a container, and answers.
  void finish(const job_ptr& j, ports::engine_reply reply, const std::string& look = {});
  void fail(const job_ptr& j, errc code, std::string message, bool fatal = false,
            const std::string& look = {});
  /// A refused start: `proof` says what the answer proves beyond the refusal.
  struct proof {
    bool not_started = false;
    bool ghost = false;
    bool fatal = false;
  };
  void refuse(const job_ptr& j, errc code, std::string message, const std::string& id, proof p);
  void leave_behind(const job_ptr& j);
  void cut_jobs();

  // verbs (podman_verbs.cpp)
  void run(const job_ptr& j, const ports::create_container& r);
  void run(const job_ptr& j, const ports::start_container& r);
  void run(const job_ptr& j, const ports::signal_container& r);
  void run(const job_ptr& j, const ports::remove_container& r);
  void run(const job_ptr& j, const ports::rename_container& r);
  void run(const job_ptr& j, const ports::inspect_container& r);
  void run(const job_ptr& j, const ports::list_containers& r);
  void run(const job_ptr& j, const ports::run_healthcheck& r);
  void run(const job_ptr& j, const ports::ping& r);
  void run(const job_ptr& j, const ports::inspect_image& r);
  void run(const job_ptr& j, const ports::pull_image& r);
  void run(const job_ptr& j, const ports::create_network& r);
  void run(const job_ptr& j, const ports::remove_network& r);
  void run(const job_ptr& j, const ports::create_volume& r);
  void run(const job_ptr& j, const ports::remove_volume& r);
  void list_next(const job_ptr& j, std::vector<std::string> left, ports::engine_reply sofar);
  std::optional<std::string> refusal(const container& c) const;
  observation look(const std::string& id) const;

  // processes (podman_lives.cpp)
  void start_process(container& c, const job_ptr& j);
  void end_process(container& c, cause why, std::int32_t code, bool oom = false);
  void signal_process(container& c, const std::string& signal, const job_ptr& j);
  void clean_up(const std::string& id, std::uint64_t process, exit_info exit);
  void erase(container& c, bool keep_anonymous, const job_ptr& j);
  void spawn_conmon(container& c);
  void touch(const std::string& id);
  void record(fact what, const container& c, const job_ptr& j, cause why = cause::none,
              std::int32_t code = 0);
  bool works(const container& c) const;
  const app& script_of(const container& c) const;
  std::int32_t new_pid();
  std::int64_t stamp();
  container* by_id(const std::string& id);
  container* by_name(const std::string& name);
  void ran(const char* path) { ++paths_[path]; }

  dice dice_;
  engine_weather weather_;
  boot_time now_{};
  std::map<std::pair<boot_time, std::uint64_t>, task> events_;
  std::uint64_t next_seq_ = 0;

  std::uint64_t incarnation_ = 0;
  std::uint64_t service_ = 0; ///< raised when the service is killed: its jobs stop where they are
  boot_time hangs_until_{};
  boot_time down_until_{};
  engine_ears ears_;
  std::vector<job_ptr> jobs_;                    ///< unfinished
  std::map<ticket, std::string> open_;           ///< mutations this daemon waits for, and of what
  std::set<life> watched_;                       ///< ever, by this daemon: each is told once
  std::map<std::string, std::uint64_t> forgets_; ///< by id: how often it was forgotten
  std::size_t most_in_flight_ = 0;

  std::map<std::string, container> containers_;       ///< by id
  std::map<std::string, std::deque<waiter>> locks_;   ///< held while an entry is there; who waits
  std::map<std::string, std::vector<task>> on_death_; ///< by id: who waits for the process
  std::map<std::string, string_map> networks_;
  std::map<std::string, string_map> volumes_;
  struct image {
    std::string id;
    image_facts facts;
  };
  std::map<std::string, image> images_;
  std::map<std::string, image> registry_;
  std::map<std::string, app> apps_;
  std::map<std::string, std::uint32_t> lives_of_; ///< by service
  std::set<std::int32_t> pids_;
  std::set<std::int32_t> pids_ever_;
  std::set<std::int64_t> stamps_;
  std::function<std::int64_t()> wall_;
  bool boot_keeps_started_at_ = false; ///< versions differ; a daemon must not care

  std::uint64_t next_ticket_ = 0;
  std::uint64_t next_life_ = 0;
  std::vector<happening> history_;
  std::vector<std::string> overlaps_;
  std::map<std::string, std::uint64_t> paths_;
};

} // namespace davit::sim
