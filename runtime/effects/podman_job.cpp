// What every request shares.
#include "runtime/effects/podman_job.hpp"

#include "runtime/effects/podman_process.hpp"

#include <algorithm>

namespace davit::effects::podman {

namespace {

/// A look takes a millisecond; it waits this long where the container's lock is held.
constexpr milliseconds look_within{2000};
/// What of a request's time is kept for the look after it.
constexpr milliseconds most_kept_for_look{1000};

} // namespace

job::job(const http& via, milliseconds deadline)
  : http_{via}, end_{std::chrono::steady_clock::now() + deadline},
    kept_for_look_{std::min(most_kept_for_look, deadline / 4)} {}

milliseconds job::left() const {
  auto span = std::chrono::duration_cast<milliseconds>(end_ - std::chrono::steady_clock::now());
  return std::max(span, milliseconds{1});
}

milliseconds job::left_for_work() const {
  return std::max(left() - kept_for_look_, milliseconds{1});
}

answer job::call(const char* method, const std::string& path, const std::string& body) const {
  return http_.call(method, path, body, left_for_work());
}

void job::fail_with(verb of, const answer& a, const std::string& subject) {
  switch (a.what) {
    case answer::fate::unreachable:
      reply.failure
        = error{errc::unreachable, "nobody answers at podman's socket " + http_.socket(),
                "start podman's service: systemctl start podman.socket"};
      return;
    case answer::fate::lost:
      reply.failure = error{errc::timeout, subject + ": no answer from podman in time",
                            "look again: podman may have done it, or may do it yet"};
      return;
    case answer::fate::answered: break;
  }
  auto f = read_fault(of, a.status, a.body, subject);
  reply.failure = std::move(f.what);
  reply.fatal = f.fatal;
  reply.ghost = f.ghost;
  reply.not_started = f.not_started;
}

std::optional<inspection> job::inspect(const std::string& id_or_name, answer& last) const {
  auto path = std::string(api) + "/containers/" + encoded(id_or_name) + "/json";
  last = http_.call("GET", path, {}, std::min(left(), look_within));
  inspection none;
  if (last.is(404))
    return none;
  if (last.is(500) && last.body.find("more than one") != std::string::npos)
    return none; // the beginning of several ids, and no one's name
  if (!last.ok())
    return std::nullopt;
  auto read = read_inspect(last.body);
  if (!read)
    return std::nullopt;
  auto& seen = read->seen;
  if (seen.id != id_or_name && seen.name != id_or_name)
    return none; // podman also takes the beginning of an id
  seen.process_alive = process_of(seen.pid, seen.id, seen.conmon_pid);
  seen.conmon_alive = conmon_of(seen.conmon_pid, seen.id);
  return std::move(*read);
}

void job::look(const std::string& id_or_name) {
  answer last;
  if (auto found = inspect(id_or_name, last))
    reply.seen = std::move(found->seen);
}

void job::look_after(const answer& mutation, const std::string& id_or_name) {
  if (mutation.what != answer::fate::unreachable)
    look(id_or_name);
}

std::string image_path(const std::string& reference, const char* rest) {
  return std::string(api) + "/images/" + encoded(reference, "/:@") + rest;
}

} // namespace davit::effects::podman
