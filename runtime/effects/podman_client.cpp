// Requests to calls, answers to replies.
#include "runtime/effects/podman_client.hpp"

#include "runtime/effects/podman_codec.hpp"
#include "runtime/effects/podman_process.hpp"
#include "runtime/effects/podman_pull.hpp"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>

namespace davit::effects {

using namespace ports;
using podman::answer;
using podman::verb;

namespace {

/// A look takes a millisecond; it waits this long where the container's lock is held.
constexpr milliseconds look_within{2000};
/// What of a request's time is kept for the look after it.
constexpr milliseconds most_kept_for_look{1000};
constexpr std::size_t most_check_output = 4096;

constexpr const char* lost_remedy = "look again: podman may have done it, or may do it yet";

std::string container_path(const std::string& id, const std::string& rest) {
  return std::string(podman::api) + "/containers/" + podman::encoded(id) + rest;
}

bool is_local(const std::string& reference) { return reference.rfind("localhost/", 0) == 0; }

/// As the compose tools do: a bind's missing source becomes a directory.
std::optional<error> make_host_paths(const service& spec) {
  for (const auto& m : spec.mounts) {
    if (m.type != mount::kind::bind || !m.create_host_path)
      continue;
    std::error_code status;
    if (!std::filesystem::exists(m.source, status))
      std::filesystem::create_directories(m.source, status);
    if (status)
      return error{errc::refused,
                   "service " + spec.name + ": cannot make " + m.source + ": " + status.message(),
                   "make the directory, or correct the mount"};
  }
  return std::nullopt;
}

} // namespace

/// One request. Every handler fills `reply`.
struct podman_engine::job {
  podman_engine& owner;
  mono_time end;
  milliseconds kept_for_look;
  engine_reply reply;

  job(podman_engine& e, milliseconds deadline)
    : owner{e}, end{std::chrono::steady_clock::now() + deadline},
      kept_for_look{std::min(most_kept_for_look, deadline / 4)} {}

  milliseconds left() const {
    auto span = std::chrono::duration_cast<milliseconds>(end - std::chrono::steady_clock::now());
    return std::max(span, milliseconds{1});
  }
  milliseconds left_for_work() const { return std::max(left() - kept_for_look, milliseconds{1}); }

  answer call(const char* method, const std::string& path, const std::string& body = {}) const {
    return owner.http_.call(method, path, body, left_for_work());
  }

  // ---- failures
  /// Takes what came of a call that was no success.
  void fail_with(verb of, const answer& a, const std::string& subject) {
    switch (a.what) {
      case answer::fate::unreachable:
        reply.failure
          = error{errc::unreachable, "nobody answers at podman's socket " + owner.http_.socket(),
                  "start podman's service: systemctl start podman.socket"};
        return;
      case answer::fate::lost:
        reply.failure
          = error{errc::timeout, subject + ": no answer from podman in time", lost_remedy};
        return;
      case answer::fate::answered: break;
    }
    auto fault = podman::read_fault(of, a.status, a.body, subject);
    reply.failure = std::move(fault.what);
    reply.fatal = fault.fatal;
    reply.ghost = fault.ghost;
    reply.not_started = fault.not_started;
  }
  void fail_with(error e) { reply.failure = std::move(e); }

  // ---- looks
  /// One inspect by full id or exact name. Absent: it failed, and `last` says how.
  std::optional<podman::inspection> inspect(const std::string& id_or_name, answer& last) const {
    last = owner.http_.call("GET", container_path(id_or_name, "/json"), {},
                            std::min(left(), look_within));
    podman::inspection none;
    if (last.is(404))
      return none;
    if (last.is(500) && last.body.find("more than one") != std::string::npos)
      return none; // the beginning of several ids, and no one's name
    if (!last.ok())
      return std::nullopt;
    auto read = podman::read_inspect(last.body);
    if (!read)
      return std::nullopt;
    auto& seen = read->seen;
    if (seen.id != id_or_name && seen.name != id_or_name)
      return none; // podman also takes the beginning of an id
    seen.process_alive = podman::process_of(seen.pid, seen.id, seen.conmon_pid);
    seen.conmon_alive = podman::conmon_of(seen.conmon_pid, seen.id);
    return std::move(*read);
  }

  /// The look that ends every mutation.
  void look(const std::string& id_or_name) {
    answer last;
    if (auto found = inspect(id_or_name, last))
      reply.seen = std::move(found->seen);
  }

  // ---- containers
  void operator()(const create_container& r) {
    auto subject = "container " + r.what.name;
    if (auto trouble = make_host_paths(r.what.spec))
      return fail_with(std::move(*trouble));
    auto blue = r.what;
    if (blue.spec.command && blue.spec.command->empty() && !blue.spec.entrypoint)
      if (!keep_only_entrypoint(blue.spec))
        return;
    create(blue, subject);
    if (!reply.failure)
      stop_podmans_timer(blue, subject);
  }

  /// `command: []` means no command at all, which podman can only be told together with an
  /// entrypoint: the image's own is given.
  bool keep_only_entrypoint(service& spec) {
    auto a = call("GET", image_path(spec.image, "/json"));
    auto facts = a.ok() ? podman::read_image(a.body) : result<podman::image_facts>{};
    if (!a.ok())
      fail_with(verb::create, a, "image " + spec.image);
    else if (!facts)
      fail_with(facts.error());
    else
      spec.entrypoint = facts->entrypoint;
    return !reply.failure;
  }

  std::optional<podman::inspection> made; ///< by create()

  void create(const blueprint& what, const std::string& subject) {
    made.reset();
    auto body = podman::create_body(what);
    if (!body) {
      reply.fatal = true;
      return fail_with(body.error());
    }
    auto a = call("POST", std::string(podman::api) + "/containers/create", *body);
    answer last;
    if (!a.ok()) {
      fail_with(verb::create, a, subject);
      if (a.what != answer::fate::unreachable)
        look(what.name);
      return;
    }
    made = inspect(podman::read_text(a.body, "Id"), last);
    if (made)
      reply.seen = made->seen;
  }

  /// An image's own check would be run by a timer of podman's. The container is made anew,
  /// with the image's test and no timer; what the manifest says of the check stands.
  void stop_podmans_timer(blueprint what, const std::string& subject) {
    if (!made || made->podman_interval == milliseconds{0})
      return;
    auto check = what.spec.healthcheck.value_or(healthcheck{});
    const auto& image = made->seen.check;
    check.test = image.test;
    check.interval = check.interval ? check.interval : image.interval;
    check.timeout = check.timeout ? check.timeout : image.timeout;
    check.start_period = check.start_period ? check.start_period : image.start_period;
    check.retries = check.retries ? check.retries : image.retries;
    what.spec.healthcheck = check;
    auto a = call("DELETE", container_path(made->seen.id, "?force=true&v=true&timeout=0"));
    if (!a.ok())
      return fail_with(verb::remove, a, subject);
    reply.seen.reset();
    create(what, subject);
  }

  void operator()(const start_container& r) {
    auto a = call("POST", container_path(r.id, "/start"));
    if (a.what == answer::fate::unreachable)
      return fail_with(verb::start, a, "container " + r.id);
    look(r.id);
    if (a.ok())
      return;
    if (!a.is(304)) {
      fail_with(verb::start, a, "container " + r.id);
      reply.ghost = reply.ghost || (a.what == answer::fate::answered && torn(reply.seen));
      return;
    }
    // "Already running", which right after a death is what podman still believes.
    if (!reply.seen)
      return fail_with({errc::timeout, "container " + r.id + " cannot be looked at", lost_remedy});
    if (reply.seen->process_alive)
      return;
    reply.not_started = true;
    fail_with({errc::refused,
               "container " + r.id + ": podman still takes its old process for running",
               {}});
  }

  /// Left by a start that was torn in the middle, or by a stop whose process and monitor are
  /// gone: podman will refuse it for ever.
  static bool torn(const std::optional<observation>& seen) {
    if (!seen)
      return false;
    return seen->status == engine_status::initialized
           || (seen->status == engine_status::stopping && !seen->process_alive
               && !seen->conmon_alive);
  }

  void operator()(const signal_container& r) {
    auto subject = "container " + r.id;
    auto number = podman::signal_number(r.signal);
    if (!number)
      return fail_with({errc::invalid, subject + ": " + r.signal + " is no signal", {}});
    answer a;
    auto found = inspect(r.id, a);
    if (!found)
      return fail_with(verb::signal, a, subject);
    auto before = std::move(found->seen);
    if (before.status == engine_status::absent) {
      reply.seen = std::move(before);
      return fail_with({errc::not_found, subject + " is not there", {}});
    }
    bool through_podman = before.conmon_alive && before.status == engine_status::running;
    if (through_podman) {
      a = call("POST", container_path(r.id, "/kill?signal=" + std::to_string(*number)));
      through_podman = !a.is(500); // it cannot: podman's record is behind, or conmon just died
      if (through_podman && !a.ok())
        fail_with(verb::signal, a, subject);
    }
    if (!through_podman)
      signal_by_pidfd(before, *number, subject);
    look(r.id);
  }

  void signal_by_pidfd(const observation& of, int number, const std::string& subject) {
    int status = podman::signal_process(of.pid, of.id, of.conmon_pid, number);
    if (status == 0)
      return;
    auto code = status == EPERM ? errc::denied : errc::refused;
    fail_with({code,
               subject + ": its process cannot be signalled: "
                 + (status == ESRCH ? "it does not run" : std::strerror(status)),
               {}});
  }

  void operator()(const remove_container& r) {
    remove_once(r);
    // Where conmon is gone the first try may wait in vain for an exit that nobody will write;
    // podman has then noted the end, and takes a second one.
    bool once_more = reply.failure && reply.failure->code == errc::refused && reply.seen
                     && reply.seen->status != engine_status::absent && !reply.seen->process_alive;
    if (once_more)
      remove_once(r);
  }

  void remove_once(const remove_container& r) {
    reply = {};
    auto subject = "container " + r.id;
    auto grace = std::chrono::ceil<seconds>(r.grace).count();
    auto a
      = call("DELETE", container_path(r.id, "?force=true&timeout=" + std::to_string(grace)
                                              + "&v=" + (r.keep_anonymous ? "false" : "true")));
    if (!a.ok() && !a.is(404))
      fail_with(verb::remove, a, subject);
    else if (auto told = podman::read_removal(a.body); !told.empty()) // it may fail inside a 200
      fail_with(podman::read_fault(verb::remove, 500, told, subject).what);
    if (a.what != answer::fate::unreachable)
      look(r.id);
  }

  void operator()(const rename_container& r) {
    auto a = call("POST", container_path(r.id, "/rename?name=") + podman::encoded(r.name));
    if (!a.ok())
      fail_with(verb::rename, a, "container " + r.id);
    if (a.what != answer::fate::unreachable)
      look(r.id);
  }

  void operator()(const inspect_container& r) {
    answer last;
    if (auto found = inspect(r.id_or_name, last))
      reply.seen = std::move(found->seen);
    else if (last.ok())
      fail_with({errc::refused, "container " + r.id_or_name + ": podman's answer is no inspect",
                 "is this socket podman's?"});
    else
      fail_with(verb::look, last, "container " + r.id_or_name);
  }

  void operator()(const list_containers& r) {
    auto a = call("GET", std::string(podman::api) + "/containers/json?all=true&filters="
                           + podman::encoded(podman::label_filter(r.key, r.value)));
    if (!a.ok())
      return fail_with(verb::look, a, "the list of containers");
    auto ids = podman::read_ids(a.body);
    if (!ids)
      return fail_with({errc::refused, ids.error().message, "is this socket podman's?"});
    for (const auto& id : *ids) {
      answer last;
      auto found = inspect(id, last);
      if (!found)
        return fail_with(verb::look, last, "container " + id);
      auto& labels = found->seen.labels;
      auto label = labels.find(r.key);
      if (label != labels.end() && label->second == r.value) // it may be gone by now
        reply.list.push_back(std::move(found->seen));
    }
  }

  void operator()(const run_healthcheck& r) {
    auto subject = "container " + r.id;
    answer last;
    {
      std::unique_lock lock(owner.mutex_);
      if (owner.unfinished_checks_.contains(r.id)) {
        lock.unlock();
        auto found = inspect(r.id, last);
        if (!found)
          return fail_with(verb::check, last, subject);
        if (podman::has_sessions(last.body))
          return fail_with({errc::busy, subject + ": its last check has not ended yet", {}});
        lock.lock();
        owner.unfinished_checks_.erase(r.id);
      }
    }
    auto a = owner.http_.call("GET", container_path(r.id, "/healthcheck"), {},
                              std::min(r.timeout, left_for_work()));
    auto found = inspect(r.id, last);
    if (!found)
      return fail_with(verb::check, last, subject);
    bool runs = found->seen.process_alive;
    reply.seen = std::move(found->seen);
    if (a.what == answer::fate::lost && runs) {
      // podman answers, so it is the check that takes its time.
      std::lock_guard lock(owner.mutex_);
      owner.unfinished_checks_.insert(r.id);
      reply.output = "the check did not end within " + std::to_string(r.timeout.count()) + " ms";
      return;
    }
    if (!a.ok())
      return fail_with(verb::check, a, subject);
    reply.healthy = podman::read_check(a.body) == "healthy";
    reply.output = podman::read_check_output(last.body).substr(0, most_check_output);
  }

  void operator()(const ping&) {
    auto a = owner.http_.call("GET", std::string(podman::api) + "/_ping", {}, left());
    if (!a.ok())
      fail_with(verb::look, a, "ping");
  }

  // ---- images
  static std::string image_path(const std::string& reference, const char* what) {
    return std::string(podman::api) + "/images/" + podman::encoded(reference, "/:@") + what;
  }

  void operator()(const inspect_image& r) {
    auto a = call("GET", image_path(r.reference, "/json"));
    if (!a.ok())
      return fail_with(verb::look, a, "image " + r.reference);
    if (auto facts = podman::read_image(a.body))
      reply.image_id = facts->id;
    else
      fail_with({errc::refused, facts.error().message, "is this socket podman's?"});
  }

  void operator()(const pull_image& r) {
    if (!r.always || is_local(r.reference)) {
      (*this)(inspect_image{r.reference});
      bool absent = reply.failure && reply.failure->code == errc::not_found;
      if (!absent)
        return;
      if (is_local(r.reference)) {
        reply.fatal = true;
        reply.failure->remedy = "build it here: an image of localhost/ is never pulled";
        return;
      }
      reply.failure.reset();
    }
    auto pulled = podman::pull(owner.http_, r, left_for_work());
    if (!pulled) {
      reply.fatal = pulled.error().fatal;
      return fail_with(std::move(pulled.error().what));
    }
    (*this)(inspect_image{r.reference});
  }

  // ---- networks and volumes
  /// podman takes the beginning of a name or an id for the whole, so the name is compared.
  std::optional<bool> there(const std::string& path, const char* key, const std::string& name,
                            verb of, const std::string& subject) {
    auto a = call("GET", path + "/" + podman::encoded(name) + "/json");
    if (a.is(404))
      return false;
    if (a.ok())
      return podman::read_text(a.body, key) == name;
    fail_with(of, a, subject);
    return std::nullopt;
  }

  struct kind {
    verb of;
    const char* word;
    const char* path; ///< below the API's
    const char* key;  ///< the member of its inspect that holds the name
  };
  static constexpr kind networks{verb::network, "network ", "/networks", "name"};
  static constexpr kind volumes{verb::volume, "volume ", "/volumes", "Name"};

  void make(const kind& k, const std::string& name, bool external,
            const result<std::string>& body) {
    auto subject = k.word + name;
    auto path = std::string(podman::api) + k.path;
    auto found = there(path, k.key, name, k.of, subject);
    if (!found || *found)
      return;
    if (external)
      return fail_with({errc::not_found, subject + " is external and does not exist",
                        "create it, or drop `external: true`"});
    if (!body) {
      reply.fatal = true;
      return fail_with(body.error());
    }
    auto a = call("POST", path + "/create", *body);
    reply.created = a.ok();
    if (a.ok())
      return;
    fail_with(k.of, a, subject);
    if (reply.failure->code != errc::conflict)
      return;
    auto conflict = std::move(reply.failure); // of the name with another's, made meanwhile?
    reply.failure.reset();
    found = there(path, k.key, name, k.of, subject);
    if (found && !*found)
      reply.failure = std::move(conflict);
  }

  void unmake(const kind& k, const std::string& name) {
    auto subject = k.word + name;
    auto path = std::string(podman::api) + k.path;
    auto found = there(path, k.key, name, k.of, subject);
    if (!found || !*found)
      return;
    auto a = call("DELETE", path + "/" + podman::encoded(name));
    if (!a.ok() && !a.is(404))
      fail_with(k.of, a, subject);
  }

  void operator()(const create_network& r) {
    make(networks, r.what.name, r.what.external, podman::network_body(r.what, r.labels));
  }
  void operator()(const remove_network& r) { unmake(networks, r.name); }
  void operator()(const create_volume& r) {
    make(volumes, r.what.name, r.what.external, podman::volume_body(r.what, r.labels));
  }
  void operator()(const remove_volume& r) { unmake(volumes, r.name); }
};

engine_reply podman_engine::perform(const engine_request& request, milliseconds deadline) {
  job work(*this, deadline);
  try {
    std::visit(work, request);
  } catch (const std::exception& e) { // out of memory or threads: the port never throws
    work.reply.failure
      = error{errc::timeout, std::string("a call to podman broke: ") + e.what(), lost_remedy};
  }
  return std::move(work.reply);
}

} // namespace davit::effects
