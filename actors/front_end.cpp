#include "actors/front_end.hpp"

#include "runtime/api/answer_json.hpp"
#include "runtime/api/error_json.hpp"
#include "runtime/api/progress_json.hpp"
#include "runtime/api/request_json.hpp"
#include "runtime/api/status_json.hpp"

#include <caf/scoped_actor.hpp>

#include <algorithm>

namespace davit::actors {

namespace {

using ports::api_request;
using ports::api_response;

/// How long one look at the feed may block a thread of the server.
constexpr milliseconds feed_patience = 500ms;
constexpr std::size_t events_at_once = 500;

api_response failed(const error& why) {
  api_response out;
  out.status = api::http_status(why.code);
  out.body = api::encode(why);
  if (why.code == errc::busy)
    out.headers["Retry-After"] = "1";
  return out;
}

api_response ok(std::string body, int status = 200) {
  api_response out;
  out.status = status;
  out.body = std::move(body);
  return out;
}

errc code_from(const std::string& word) {
  for (auto code : {errc::invalid, errc::not_found, errc::conflict, errc::busy})
    if (word == to_string(code))
      return code;
  return errc::io;
}

std::string author_of(const api_request& asked, const std::string& said) {
  if (!said.empty())
    return said;
  return asked.from.uid < 0 ? "unknown" : "uid " + std::to_string(asked.from.uid);
}

/// The feed as a text/event-stream, until the caller leaves or the daemon does.
class event_stream final : public ports::byte_stream {
public:
  event_stream(std::shared_ptr<event_feed> feed, std::uint64_t after,
               const std::atomic<bool>& leaving)
    : feed_{std::move(feed)}, after_{after}, leaving_{leaving} {}

  std::optional<std::string> next(milliseconds patience) override {
    if (leaving_)
      return std::nullopt;
    std::string out;
    for (auto& e : feed_->after(after_, events_at_once, std::min(patience, feed_patience))) {
      out += api::encode_sse(e);
      after_ = e.seq;
    }
    return out;
  }

private:
  std::shared_ptr<event_feed> feed_;
  std::uint64_t after_;
  const std::atomic<bool>& leaving_;
};

} // namespace

front_end::front_end(caf::actor_system& system, context_ptr ctx, const house& all,
                     std::shared_ptr<ports::log_source> logs, std::string version)
  : system_{system}, ctx_{std::move(ctx)}, all_{all}, logs_{std::move(logs)}, version_{std::move(
                                                                                version)} {}

template <class Answer, class Actor, class... Ts>
result<Answer> front_end::ask(const Actor& whom, Ts&&... what) {
  caf::scoped_actor self{system_};
  result<Answer> out = fail(errc::timeout, "the daemon did not answer in time",
                            "Look at `davit status` and at the log of davitd.");
  self->request(whom, answer_within, std::forward<Ts>(what)...)
    .receive([&](const Answer& answer) { out = answer; },
             [&](caf::error& e) {
               if (e == caf::sec::invalid_argument)
                 out = fail(errc::not_found, "no such stack or service");
             });
  return out;
}

ports::api_response front_end::handle(const ports::api_request& asked) {
  auto route = api::parse_route(asked.method, asked.path);
  if (!route) {
    auto out = failed(route.error().why);
    out.status = route.error().status;
    if (!route.error().allow.empty())
      out.headers["Allow"] = route.error().allow;
    return out;
  }
  return answer(*route, asked);
}

ports::api_response front_end::answer(const api::route& route, const request& asked) {
  using api::endpoint;
  switch (route.to) {
    case endpoint::health: return health();
    case endpoint::status: return status(asked);
    case endpoint::plan: return plan(asked);
    case endpoint::install: return install(route, asked);
    case endpoint::uninstall: return change(operation_kind::uninstall, route, asked);
    case endpoint::start: return change(operation_kind::start, route, asked);
    case endpoint::stop: return change(operation_kind::stop, route, asked);
    case endpoint::restart: return change(operation_kind::restart, route, asked);
    case endpoint::operation: return operation(route, asked);
    case endpoint::events: return events(asked);
    case endpoint::logs: return logs(route, asked);
    case endpoint::why: return why(route);
  }
  return failed({errc::not_found, "no such address", ""});
}

ports::api_response front_end::health() {
  api::health_report out;
  out.version = version_;
  auto host = ask<carried<host_status>>(all_.host, status_atom_v);
  if (!host)
    return failed(host.error());
  auto& s = **host;
  out.store_state = s.store_state;
  out.engine_state = s.engine_state;
  auto bad = [&](const char* what, const std::string& state, const std::string& reason) {
    if (state != "ok")
      out.reasons.push_back(std::string{what} + " is " + state
                            + (reason.empty() ? "" : ": " + reason));
  };
  bad("the store", s.store_state, s.store_reason);
  bad("podman", s.engine_state, s.engine_reason);
  for (auto& st : s.stacks)
    for (auto& row : st.services)
      if (row.phase == phase::broken)
        out.reasons.push_back(st.name + '/' + row.name + " is broken: " + row.reason);
  out.ok = out.reasons.empty();
  return ok(api::encode(out), out.ok ? 200 : 503);
}

ports::api_response front_end::status(const request& asked) {
  auto host = ask<carried<host_status>>(all_.host, status_atom_v);
  if (!host)
    return failed(host.error());
  auto out = **host;
  if (auto only = asked.query.find("stack"); only != asked.query.end() && !only->second.empty()) {
    std::erase_if(out.stacks, [&](auto& st) { return st.name != only->second; });
    if (out.stacks.empty())
      return failed({errc::not_found, "no stack named " + only->second + " is installed",
                     "`davit status` lists what is."});
  }
  return ok(api::encode(out));
}

ports::api_response front_end::plan(const request& asked) {
  auto wanted = api::decode_install(asked.body);
  if (!wanted)
    return failed(wanted.error());
  auto made = ask<carried<davit::plan>>(all_.host, plan_atom_v, carried<stack>{wanted->model});
  return made ? ok(api::encode(**made)) : failed(made.error());
}

ports::api_response front_end::install(const api::route& route, const request& asked) {
  auto wanted = api::decode_install(asked.body);
  if (!wanted)
    return failed(wanted.error());
  operation_request out;
  out.kind = operation_kind::install;
  out.stack = route.stack;
  out.author = author_of(asked, wanted->author);
  out.model = std::move(wanted->model);
  out.source = std::move(wanted->source);
  out.secrets = std::move(wanted->secrets);
  out.wait = wanted->wait;
  return submit(std::move(out));
}

ports::api_response front_end::change(operation_kind kind, const api::route& route,
                                      const request& asked) {
  auto volumes = api::query_flag(asked.query, "volumes");
  if (!volumes)
    return failed(volumes.error());
  operation_request out;
  out.kind = kind;
  out.stack = route.stack;
  out.service = route.service;
  out.author = author_of(asked, "");
  out.volumes = *volumes;
  return submit(std::move(out));
}

ports::api_response front_end::submit(operation_request what) {
  auto begun = ask<carried<operation_status>>(all_.host, submit_atom_v,
                                              carried<operation_request>{std::move(what)});
  if (!begun)
    return failed(begun.error());
  auto& status = **begun;
  if (status.id.empty())
    return failed({code_from(status.phase), status.error, ""});
  return ok(api::encode_accepted(status.id), 202);
}

ports::api_response front_end::operation(const api::route& route, const request& asked) {
  auto after = api::query_number(asked.query, "after");
  auto wait = api::query_number(asked.query, "wait");
  if (!after || !wait)
    return failed(!after ? after.error() : wait.error());
  auto lines = after->value_or(0);
  auto patience = milliseconds{std::min(wait->value_or(0), api::wait_max_ms)};
  auto until = ctx_->now().mono + patience;
  while (true) {
    auto seq = ctx_->feed->last();
    auto found = ask<carried<operation_status>>(all_.host, opstat_atom_v, route.operation);
    if (!found)
      return failed(found.error());
    auto& status = **found;
    if (status.id.empty())
      return failed({code_from(status.phase), status.error, ""});
    auto left = until - ctx_->now().mono;
    if (status.done || status.progress.size() > lines || left <= 0ms || leaving_)
      return ok(api::encode(status, lines));
    ctx_->feed->after(seq, 1, std::min(feed_patience, std::chrono::ceil<milliseconds>(left)));
  }
}

ports::api_response front_end::events(const request& asked) {
  auto follow = api::query_flag(asked.query, "follow");
  auto after = api::query_number(asked.query, "after");
  auto limit = api::query_number(asked.query, "limit");
  if (!follow || !after || !limit)
    return failed(!follow ? follow.error() : !after ? after.error() : limit.error());
  if (!*follow) {
    auto most = std::min<std::size_t>(limit->value_or(event_feed::kept), event_feed::kept);
    if (*after)
      return ok(api::encode(ctx_->feed->after(**after, most)));
    // Without a place to begin it is the latest that are asked for.
    auto all = ctx_->feed->after(0, event_feed::kept);
    if (all.size() > most)
      all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(most));
    return ok(api::encode(all));
  }
  api_response out;
  out.content_type = "text/event-stream";
  out.stream
    = std::make_shared<event_stream>(ctx_->feed, after->value_or(ctx_->feed->last()), leaving_);
  return out;
}

ports::api_response front_end::logs(const api::route& route, const request& asked) {
  auto follow = api::query_flag(asked.query, "follow");
  auto stamps = api::query_flag(asked.query, "timestamps");
  auto tail = api::query_number(asked.query, "tail");
  if (!follow || !stamps || !tail)
    return failed(!follow ? follow.error() : !stamps ? stamps.error() : tail.error());
  auto host = ask<carried<host_status>>(all_.host, status_atom_v);
  if (!host)
    return failed(host.error());
  std::string id;
  for (auto& st : (*host)->stacks)
    for (auto& row : st.services)
      if (st.name == route.stack && row.name == route.service)
        id = row.container_id;
  if (id.empty())
    return failed({errc::not_found, route.stack + '/' + route.service + " has no container",
                   "`davit status` says why."});
  ports::log_options options{*follow, {}, *stamps};
  if (*tail)
    options.tail = static_cast<std::uint32_t>(std::min<std::uint64_t>(**tail, 1'000'000));
  auto stream = logs_->logs(id, options);
  if (!stream)
    return failed(stream.error());
  api_response out;
  out.content_type = "text/plain; charset=utf-8";
  out.stream = std::move(*stream);
  return out;
}

ports::api_response front_end::why(const api::route& route) {
  auto found = ask<carried<davit::why>>(all_.host, why_atom_v, route.stack, route.service);
  return found ? ok(api::encode(**found)) : failed(found.error());
}

} // namespace davit::actors
