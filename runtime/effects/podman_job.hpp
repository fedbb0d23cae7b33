// One request to podman while it is being answered: what is left of its time, and the reply.
#pragma once

#include "runtime/effects/podman_codec.hpp"
#include "runtime/effects/podman_faults.hpp"
#include "runtime/effects/podman_http.hpp"
#include "runtime/ports/engine.hpp"

#include <mutex>
#include <set>

namespace davit::effects::podman {

/// Containers whose check did not end in time and may still run inside.
struct unfinished_checks {
  std::mutex mutex;
  std::set<std::string> ids; ///< under mutex
};

/// The base: calls, looks, and how failures are told.
class job {
public:
  job(const http& via, milliseconds deadline);

  ports::engine_reply reply;

protected:
  milliseconds left() const;
  /// Without what is kept for the look afterwards.
  milliseconds left_for_work() const;
  answer call(const char* method, const std::string& path, const std::string& body = {}) const;

  /// Takes what came of a call that was no success.
  void fail_with(verb of, const answer& a, const std::string& subject);
  void fail_with(error e) { reply.failure = std::move(e); }

  /// One inspect by full id or exact name. Absent: it failed, and `last` says how.
  std::optional<inspection> inspect(const std::string& id_or_name, answer& last) const;
  /// The look that ends every mutation.
  void look(const std::string& id_or_name);
  void look_after(const answer& mutation, const std::string& id_or_name);

  const http& http_;

private:
  mono_time end_;
  milliseconds kept_for_look_;
};

/// Images, networks and volumes.
class resource_job : public job {
public:
  using job::job;
  void operator()(const ports::ping& r);
  void operator()(const ports::inspect_image& r);
  void operator()(const ports::pull_image& r);
  void operator()(const ports::create_network& r);
  void operator()(const ports::remove_network& r);
  void operator()(const ports::create_volume& r);
  void operator()(const ports::remove_volume& r);

private:
  struct kind; // networks or volumes
  static const kind networks;
  static const kind volumes;
  std::optional<bool> there(const kind& k, const std::string& name);
  void make(const kind& k, const std::string& name, bool external, const result<std::string>& body);
  void unmake(const kind& k, const std::string& name);
};

/// Containers.
class container_job : public job {
public:
  container_job(const http& via, milliseconds deadline, unfinished_checks& checks)
    : job{via, deadline}, checks_{checks} {}
  void operator()(const ports::create_container& r);
  void operator()(const ports::start_container& r);
  void operator()(const ports::signal_container& r);
  void operator()(const ports::remove_container& r);
  void operator()(const ports::rename_container& r);
  void operator()(const ports::inspect_container& r);
  void operator()(const ports::list_containers& r);
  void operator()(const ports::run_healthcheck& r);

private:
  bool keep_only_entrypoint(service& spec);
  void create(const blueprint& what);
  void stop_podmans_timer(blueprint what);
  void signal_by_pidfd(const observation& of, int number);
  void remove_once(const ports::remove_container& r);
  bool check_still_runs(const std::string& id);

  unfinished_checks& checks_;
  std::optional<inspection> made_; ///< by create()
};

/// The path of an image below the API.
std::string image_path(const std::string& reference, const char* rest);

} // namespace davit::effects::podman
