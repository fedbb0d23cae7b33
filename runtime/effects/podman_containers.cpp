// Requests about containers. Every mutation ends with a look by the same thread.
#include "runtime/effects/podman_job.hpp"
#include "runtime/effects/podman_process.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>

namespace davit::effects::podman {

using namespace ports;

namespace {

constexpr std::size_t most_check_output = 4096;

std::string container_path(const std::string& id, const std::string& rest) {
  return std::string(api) + "/containers/" + encoded(id) + rest;
}

std::string about(const std::string& id) { return "container " + id; }

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

/// Left by a start that was torn in the middle, or by a stop whose process and monitor are
/// gone: podman will refuse it for ever.
bool torn(const std::optional<observation>& seen) {
  if (!seen)
    return false;
  return seen->status == engine_status::initialized
         || (seen->status == engine_status::stopping && !seen->process_alive
             && !seen->conmon_alive);
}

} // namespace

// ---- create
void container_job::operator()(const create_container& r) {
  if (auto trouble = make_host_paths(r.what.spec))
    return fail_with(std::move(*trouble));
  auto what = r.what;
  if (what.spec.command && what.spec.command->empty() && !what.spec.entrypoint)
    if (!keep_only_entrypoint(what.spec))
      return;
  create(what);
  if (!reply.failure)
    stop_podmans_timer(what);
}

/// `command: []` means no command at all, which podman can only be told together with an
/// entrypoint: the image's own is given.
bool container_job::keep_only_entrypoint(service& spec) {
  auto a = call("GET", image_path(spec.image, "/json"));
  if (!a.ok()) {
    fail_with(verb::create, a, "image " + spec.image);
    return false;
  }
  auto facts = read_image(a.body);
  if (!facts) {
    fail_with(facts.error());
    return false;
  }
  spec.entrypoint = facts->entrypoint;
  return true;
}

void container_job::create(const blueprint& what) {
  made_.reset();
  auto body = create_body(what);
  if (!body) {
    reply.fatal = true;
    return fail_with(body.error());
  }
  auto a = call("POST", std::string(api) + "/containers/create", *body);
  if (!a.ok()) {
    fail_with(verb::create, a, about(what.name));
    return look_after(a, what.name);
  }
  answer last;
  made_ = inspect(read_text(a.body, "Id"), last);
  if (made_)
    reply.seen = made_->seen;
}

/// An image's own check would be run by a timer of podman's. The container is made anew, with
/// the image's test and no timer; what the manifest says of the check stands.
void container_job::stop_podmans_timer(blueprint what) {
  if (!made_ || made_->podman_interval == milliseconds{0})
    return;
  auto check = what.spec.healthcheck.value_or(healthcheck{});
  const auto& image = made_->seen.check;
  check.test = image.test;
  check.interval = check.interval ? check.interval : image.interval;
  check.timeout = check.timeout ? check.timeout : image.timeout;
  check.start_period = check.start_period ? check.start_period : image.start_period;
  check.retries = check.retries ? check.retries : image.retries;
  what.spec.healthcheck = check;
  auto a = call("DELETE", container_path(made_->seen.id, "?force=true&v=true&timeout=0"));
  if (!a.ok())
    return fail_with(verb::remove, a, about(what.name));
  reply.seen.reset();
  create(what);
}

// ---- start
void container_job::operator()(const start_container& r) {
  auto a = call("POST", container_path(r.id, "/start"));
  look_after(a, r.id);
  if (a.ok())
    return;
  if (!a.is(304)) {
    fail_with(verb::start, a, about(r.id));
    reply.ghost = reply.ghost || (a.what == answer::fate::answered && torn(reply.seen));
    return;
  }
  // "Already running", which right after a death is what podman still believes.
  if (!reply.seen)
    return fail_with({errc::timeout, about(r.id) + " cannot be looked at",
                      "look again: podman says that it runs"});
  if (reply.seen->process_alive)
    return;
  reply.not_started = true;
  fail_with({errc::refused, about(r.id) + ": podman still takes its old process for running", {}});
}

// ---- signal
void container_job::operator()(const signal_container& r) {
  auto number = signal_number(r.signal);
  if (!number)
    return fail_with({errc::invalid, about(r.id) + ": " + r.signal + " is no signal", {}});
  answer a;
  auto found = inspect(r.id, a);
  if (!found)
    return fail_with(verb::signal, a, about(r.id));
  auto before = std::move(found->seen);
  if (before.status == engine_status::absent) {
    reply.seen = std::move(before);
    return fail_with({errc::not_found, about(r.id) + " is not there", {}});
  }
  bool through_podman = before.conmon_alive && before.status == engine_status::running;
  if (through_podman) {
    a = call("POST", container_path(r.id, "/kill?signal=" + std::to_string(*number)));
    through_podman = !a.is(500); // it cannot: its record is behind, or conmon has just died
    if (through_podman && !a.ok())
      fail_with(verb::signal, a, about(r.id));
  }
  if (!through_podman)
    signal_by_pidfd(before, *number);
  look(r.id);
}

void container_job::signal_by_pidfd(const observation& of, int number) {
  int status = signal_process(of.pid, of.id, of.conmon_pid, number);
  if (status == 0)
    return;
  auto code = status == ESRCH ? errc::conflict : status == EPERM ? errc::denied : errc::refused;
  fail_with({code,
             about(of.id) + ": its process cannot be signalled: "
               + (status == ESRCH ? "it does not run" : std::strerror(status)),
             {}});
}

// ---- remove, rename
void container_job::operator()(const remove_container& r) {
  remove_once(r);
  // Where conmon is gone the first try may wait in vain for an exit that nobody will write;
  // podman has then noted the end, and takes a second one.
  bool once_more = reply.failure && reply.failure->code == errc::refused && reply.seen
                   && reply.seen->status != engine_status::absent && !reply.seen->process_alive;
  if (once_more)
    remove_once(r);
}

void container_job::remove_once(const remove_container& r) {
  reply = {};
  auto grace = std::chrono::ceil<seconds>(r.grace).count();
  auto a = call("DELETE", container_path(r.id, "?force=true&timeout=" + std::to_string(grace)
                                                 + "&v=" + (r.keep_anonymous ? "false" : "true")));
  if (!a.ok() && !a.is(404))
    fail_with(verb::remove, a, about(r.id));
  else if (auto told = read_removal(a.body); !told.empty()) // it may fail inside a 200
    fail_with(read_fault(verb::remove, 500, told, about(r.id)).what);
  look_after(a, r.id);
}

void container_job::operator()(const rename_container& r) {
  auto a = call("POST", container_path(r.id, "/rename?name=" + encoded(r.name)));
  if (!a.ok())
    fail_with(verb::rename, a, about(r.id));
  look_after(a, r.id);
}

// ---- looks
void container_job::operator()(const inspect_container& r) {
  answer last;
  if (auto found = inspect(r.id_or_name, last))
    reply.seen = std::move(found->seen);
  else if (last.ok())
    fail_with({errc::refused, about(r.id_or_name) + ": podman's answer is no inspect",
               "is this socket podman's?"});
  else
    fail_with(verb::look, last, about(r.id_or_name));
}

void container_job::operator()(const list_containers& r) {
  auto a = call("GET", std::string(api) + "/containers/json?all=true&filters="
                         + encoded(label_filter(r.key, r.value)));
  if (!a.ok())
    return fail_with(verb::look, a, "the list of containers");
  auto ids = read_ids(a.body);
  if (!ids)
    return fail_with({errc::refused, ids.error().message, "is this socket podman's?"});
  for (const auto& id : *ids) {
    answer last;
    auto found = inspect(id, last);
    if (!found)
      return fail_with(verb::look, last, about(id));
    auto& labels = found->seen.labels;
    auto label = labels.find(r.key);
    if (label != labels.end() && label->second == r.value) // it may be gone by now
      reply.list.push_back(std::move(found->seen));
  }
}

// ---- check
void container_job::operator()(const run_healthcheck& r) {
  if (check_still_runs(r.id))
    return;
  auto a = http_.call("GET", container_path(r.id, "/healthcheck"), {},
                      std::min(r.timeout, left_for_work()));
  answer last;
  auto found = inspect(r.id, last);
  if (!found)
    return fail_with(verb::check, last, about(r.id));
  bool runs = found->seen.process_alive;
  reply.seen = std::move(found->seen);
  if (a.what == answer::fate::lost && runs) { // podman answers, so it is the check that hangs
    std::lock_guard lock(checks_.mutex);
    checks_.ids.insert(r.id);
    reply.output = "the check did not end within " + std::to_string(r.timeout.count()) + " ms";
    return;
  }
  if (!a.ok())
    return fail_with(verb::check, a, about(r.id));
  reply.healthy = read_check(a.body) == "healthy";
  reply.output = read_check_output(last.body).substr(0, most_check_output);
}

/// podman goes on with a check whose caller has left. True: it does, or nobody can tell, and
/// the reply says so.
bool container_job::check_still_runs(const std::string& id) {
  {
    std::lock_guard lock(checks_.mutex);
    if (!checks_.ids.contains(id))
      return false;
  }
  answer last;
  if (!inspect(id, last)) {
    fail_with(verb::check, last, about(id));
    return true;
  }
  if (has_sessions(last.body)) {
    fail_with({errc::busy, about(id) + ": its last check has not ended yet", {}});
    return true;
  }
  std::lock_guard lock(checks_.mutex);
  checks_.ids.erase(id);
  return false;
}

} // namespace davit::effects::podman
