#include "actors/engine_actor.hpp"

#include "actors/handlers.hpp"

#include <algorithm>

namespace davit::actors {

namespace {

template <class... Fs> struct overloaded : Fs... { using Fs::operator()...; };
template <class... Fs> overloaded(Fs...) -> overloaded<Fs...>;

/// A look must be quick; what takes longer is answered as unknown and looked for again.
constexpr milliseconds look_deadline = 10s;
/// podman's own retries of a refused connection take 3 s; removal waits for the grace.
constexpr milliseconds mutation_deadline = 60s;
constexpr milliseconds list_deadline = 30s;
constexpr milliseconds pull_deadline = 30min;
/// Beyond a check's own timeout: an engine that answers a little late must not turn ill into
/// unknown.
constexpr milliseconds answer_slack = 5s;

/// What waits for a registry or for a grace takes its time on a well podman too.
bool answers_soon(const ports::engine_request& request) {
  return !std::holds_alternative<ports::pull_image>(request)
         && !std::holds_alternative<ports::remove_container>(request);
}

engine_answer not_now(errc code, std::string message) {
  ports::engine_reply reply;
  reply.failure = error{code, std::move(message), ""};
  return engine_answer{std::move(reply)};
}

} // namespace

lane lane_of(const ports::engine_request& request) {
  using namespace ports;
  return std::visit(overloaded{
                      [](const signal_container&) { return lane::kill; },
                      [](const start_container&) { return lane::start; },
                      [](const inspect_container&) { return lane::look; },
                      [](const list_containers&) { return lane::look; },
                      [](const ping&) { return lane::look; },
                      [](const inspect_image&) { return lane::look; },
                      [](const pull_image&) { return lane::pull; },
                      [](const run_healthcheck&) { return lane::probe; },
                      [](const auto&) { return lane::create; },
                    },
                    request);
}

std::string subject_of(const ports::engine_request& request) {
  using namespace ports;
  return std::visit(overloaded{
                      [](const create_container& r) { return r.what.name; },
                      [](const start_container& r) { return r.id; },
                      [](const signal_container& r) { return r.id; },
                      [](const remove_container& r) { return r.id; },
                      [](const rename_container& r) { return r.id; },
                      [](const run_healthcheck& r) { return r.id; },
                      [](const create_network& r) { return "network " + r.what.name; },
                      [](const remove_network& r) { return "network " + r.name; },
                      [](const create_volume& r) { return "volume " + r.what.name; },
                      [](const remove_volume& r) { return "volume " + r.name; },
                      [](const auto&) { return std::string{}; },
                    },
                    request);
}

milliseconds deadline_of(const ports::engine_request& request) {
  using namespace ports;
  return std::visit(overloaded{
                      [](const start_container&) { return start_deadline; },
                      [](const remove_container& r) { return r.grace + mutation_deadline; },
                      [](const list_containers&) { return list_deadline; },
                      [](const inspect_container&) { return look_deadline; },
                      [](const inspect_image&) { return look_deadline; },
                      [](const ping&) { return look_deadline; },
                      [](const pull_image&) { return pull_deadline; },
                      [](const run_healthcheck& r) { return r.timeout + answer_slack; },
                      [](const auto&) { return mutation_deadline; },
                    },
                    request);
}

caf::typed_response_promise<engine_answer> engine_state::ask(const engine_ask& what, origin from) {
  auto reply = self->make_response_promise<engine_answer>();
  auto l = lane_of(what->request);
  if (leaving && l != lane::look) {
    reply.deliver(not_now(errc::busy, "davitd is shutting down"));
    return reply;
  }
  queues[static_cast<std::size_t>(l)].push_back({reply, what, from, subject_of(what->request)});
  serve();
  return reply;
}

void engine_state::serve() {
  while (serve_mutation()) {}
  while (serve_group(lane::look, idle.looks)) {}
  while (serve_group(lane::pull, idle.pulls)) {}
  while (serve_group(lane::probe, idle.probes)) {}
}

bool engine_state::serve_mutation() {
  if (idle.mutations.empty())
    return false;
  for (auto l : {lane::kill, lane::start, lane::create}) {
    auto& queue = queues[static_cast<std::size_t>(l)];
    auto fits = std::find_if(queue.begin(), queue.end(), [this](const job& j) {
      return !busy_subjects.contains(j.subject)
             && (j.from != origin::operation || operations_in_flight < operation_slots);
    });
    if (fits == queue.end())
      continue;
    auto next = std::move(*fits);
    queue.erase(fits);
    run(std::move(next), idle.mutations, true);
    return true;
  }
  return false;
}

bool engine_state::serve_group(lane from, std::vector<engine_worker>& workers) {
  auto& queue = queues[static_cast<std::size_t>(from)];
  if (queue.empty() || workers.empty())
    return false;
  auto next = std::move(queue.front());
  queue.pop_front();
  run(std::move(next), workers, false);
  return true;
}

void engine_state::run(job j, std::vector<engine_worker>& workers, bool mutation) {
  auto worker = std::move(workers.back());
  workers.pop_back();
  auto operation = mutation && j.from == origin::operation;
  if (mutation)
    busy_subjects.insert(j.subject);
  if (operation)
    ++operations_in_flight;
  auto began = ctx->now().mono;
  auto soon = answers_soon(j.what->request);
  if (soon)
    unanswered.insert(began);
  auto release = [this, worker, &workers, operation, mutation, soon, began, subject = j.subject] {
    workers.push_back(worker);
    if (soon)
      unanswered.erase(unanswered.find(began));
    if (mutation)
      busy_subjects.erase(subject);
    if (operation)
      --operations_in_flight;
  };
  auto ask = j.what;
  if (ask->deadline <= 0ms)
    ask = engine_ask{engine_job{ask->request, deadline_of(ask->request)}};
  // The worker keeps the deadline: a reply that CAF timed out would be lost, and with it the
  // only word of what really happened.
  self->request(worker, caf::infinite, work_atom_v, ask)
    .then(
      [this, release, reply = j.reply](const engine_answer& answer) mutable {
        release();
        observe(*answer);
        reply.deliver(answer);
        serve();
      },
      [this, release, reply = j.reply](caf::error& e) mutable {
        release();
        reply.deliver(not_now(errc::timeout, "the engine's worker died: " + to_string(e)));
        serve();
      });
}

void engine_state::observe(const ports::engine_reply& reply) {
  if (!reply.failure)
    return became("ok", "");
  switch (reply.failure->code) {
    case errc::unreachable: return became("unreachable", reply.failure->message);
    case errc::timeout: return became("slow", reply.failure->message);
    default: return became("ok", ""); // it answered, and said no
  }
}

void engine_state::became(const char* state, std::string reason) {
  if (note.state != state)
    ctx->tell("", "", "engine",
              std::string{"podman is "} + state + (reason.empty() ? "" : ": " + reason));
  note = {state, std::move(reason)};
}

/// A podman that hangs gives no answer to learn from: what it owes counts as well.
health_note engine_state::health() const {
  if (note.state != "ok" || unanswered.empty())
    return note;
  auto owed = ctx->now().mono - *unanswered.begin();
  if (owed < look_deadline)
    return note;
  return {"slow", "podman has not answered for "
                    + std::to_string(std::chrono::floor<seconds>(owed).count()) + " s"};
}

engine_actor::behavior_type engine(engine_actor::stateful_pointer<engine_state> self,
                                   context_ptr ctx, engine_workers workers) {
  auto& st = self->state;
  guard(self, ctx, engine_state::name);
  st.ctx = std::move(ctx);
  st.idle = std::move(workers);
  return {
    [&st](ask_atom, const engine_ask& what, std::uint8_t from) {
      return st.ask(what, static_cast<origin>(from));
    },
    [&st](leave_atom) { st.leaving = true; },
    [&st](reach_atom, bool yes) {
      yes ? st.became("ok", "") : st.became("unreachable", "its event stream cannot be opened");
    },
    [&st](status_atom) { return carried<health_note>{st.health()}; },
    [](alive_atom) { return true; },
  };
}

} // namespace davit::actors
