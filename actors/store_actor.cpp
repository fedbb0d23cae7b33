#include "actors/store_actor.hpp"

#include "actors/handlers.hpp"

namespace davit::actors {

namespace {

std::size_t bytes_of(const ports::record_batch& records) {
  std::size_t n = 0;
  for (auto& r : records)
    n += r.key.size() + (r.value ? r.value->size() : 0);
  return n;
}

std::uint8_t number(durability how) { return static_cast<std::uint8_t>(how); }

} // namespace

void store_state::commit(batch records, patience until) {
  waiting.push_back(std::move(records));
  waiting_callers.push_back({self->make_response_promise<std::uint8_t>(), until});
  if (busy || flushing)
    return;
  flushing = true;
  self->send(self, flush_atom_v);
}

void store_state::next() {
  if (busy)
    return;
  if (!waiting.empty() && group_callers.empty())
    return write_group();
  if (unsynced)
    return sync();
  if (!waiting.empty())
    return write_group();
  if (jobs.empty())
    return;
  busy = true;
  auto job = std::move(jobs.front());
  jobs.pop_front();
  self->request(worker, caf::infinite, work_atom_v, job.what)
    .then(
      [this, reply = job.reply](const disk_answer& answer) mutable {
        busy = false;
        reply.deliver(answer);
        next();
      },
      [this, reply = job.reply](caf::error& e) mutable {
        busy = false;
        reply.deliver(std::move(e));
        next();
      });
}

void store_state::write_group() {
  disk::write group;
  std::size_t records = 0;
  std::size_t bytes = 0;
  while (!waiting.empty() && records < group_records_max && bytes < group_bytes_max) {
    records += waiting.front()->size();
    bytes += bytes_of(*waiting.front());
    group.batches.push_back(*waiting.front());
    waiting.pop_front();
    group_callers.push_back(std::move(waiting_callers.front()));
    waiting_callers.erase(waiting_callers.begin());
  }
  busy = true;
  self->request(worker, caf::infinite, work_atom_v, disk_ask{disk_job{std::move(group)}})
    .then([this](const disk_answer& answer) { written(answer); },
          [this](caf::error& e) {
            failed({errc::io, to_string(e), ""});
          });
}

void store_state::written(const disk_answer& reply) {
  busy = false;
  if (reply->failure)
    return failed(*reply->failure);
  unsynced = true;
  // Who needs no more than this is answered now.
  std::vector<waiter> done;
  std::erase_if(group_callers, [&](waiter& w) {
    if (w.until != patience::none)
      return false;
    done.push_back(std::move(w));
    return true;
  });
  answer(done, durability::written);
  if (!group_callers.empty())
    self->delayed_send(self, permit_patience, tick_atom_v, ++epoch);
  next();
}

void store_state::sync() {
  busy = true;
  self->request(worker, caf::infinite, work_atom_v, disk_ask{disk_job{disk::sync{}}})
    .then(
      [this](const disk_answer& reply) {
        busy = false;
        if (reply->failure)
          return failed(*reply->failure);
        unsynced = false;
        ++epoch;
        became("ok", "");
        answer(group_callers, durability::synced);
        next();
      },
      [this](caf::error& e) {
        failed({errc::io, to_string(e), ""});
      });
}

void store_state::answer(std::vector<waiter>& whom, durability how) {
  for (auto& w : std::exchange(whom, {}))
    w.reply.deliver(number(how));
}

void store_state::failed(const error& why) {
  busy = false;
  unsynced = false;
  ++epoch;
  became("failed", why.message);
  // The host keeps running: permits go on memory, and everything says so.
  answer(group_callers, durability::memory);
  next();
}

void store_state::became(const char* state, std::string reason) {
  if (note.state != state)
    ctx->tell("", "", "store",
              std::string{"the store is "} + state + (reason.empty() ? "" : ": " + reason));
  note = {state, std::move(reason)};
}

store_actor::behavior_type store(store_actor::stateful_pointer<store_state> self, context_ptr ctx,
                                 disk_worker worker) {
  auto& st = self->state;
  guard(self, ctx, store_state::name);
  st.ctx = std::move(ctx);
  st.worker = std::move(worker);
  return {
    [&st](commit_atom, const batch& records, std::uint8_t until) {
      st.commit(records, static_cast<patience>(until));
      return st.waiting_callers.back().reply;
    },
    [&st](ask_atom, const disk_ask& what) {
      auto reply = st.self->make_response_promise<disk_answer>();
      st.jobs.push_back({reply, what});
      st.next();
      return reply;
    },
    [&st](status_atom) { return carried<health_note>{st.note}; },
    [](alive_atom) { return true; },
    [&st](flush_atom) {
      st.flushing = false;
      st.next();
    },
    [&st](tick_atom, std::uint64_t born) {
      if (born != st.epoch || st.group_callers.empty())
        return;
      st.became("slow", "the disk does not sync within a quarter of a second");
      st.answer(st.group_callers, durability::written);
    },
  };
}

} // namespace davit::actors
