#include "actors/workers.hpp"

namespace davit::actors {

namespace {

engine_worker::behavior_type engine_thread(engine_worker::pointer,
                                           std::shared_ptr<ports::engine> engine) {
  return {[engine](work_atom, const engine_ask& job) {
    return engine_answer{engine->perform(job->request, job->deadline)};
  }};
}

disk_worker::behavior_type disk_thread(disk_worker::pointer, std::shared_ptr<ports::store> store,
                                       std::shared_ptr<ports::desired_files> files) {
  return {[store, files](work_atom, const disk_ask& job) {
    return disk_answer{perform(*job, *store, *files)};
  }};
}

using probe_ask = carried<ports::probe_request>;
using probe_reply = carried<ports::probe_answer>;

probe_worker::behavior_type probe_thread(probe_worker::pointer,
                                         std::shared_ptr<ports::prober> prober) {
  return {[prober](work_atom, const probe_ask& what) { return probe_reply{prober->probe(*what)}; }};
}

/// Hands each look to the next of the threads in turn.
struct pool_state {
  std::vector<probe_worker> threads;
  std::size_t next = 0;
};

probe_worker::behavior_type probe_pool(probe_worker::stateful_pointer<pool_state> self,
                                       std::vector<probe_worker> threads) {
  self->state.threads = std::move(threads);
  return {[self](work_atom, const probe_ask& what) -> caf::result<probe_reply> {
    auto& st = self->state;
    st.next = (st.next + 1) % st.threads.size();
    return self->delegate(st.threads[st.next], work_atom_v, what);
  }};
}

template <class T> disk_reply answer(result<T>&& got, void (*put)(disk_reply&, T&&)) {
  disk_reply out;
  if (got)
    put(out, std::move(*got));
  else
    out.failure = std::move(got.error());
  return out;
}

disk_reply answer(result<void>&& got) {
  disk_reply out;
  if (!got)
    out.failure = std::move(got.error());
  return out;
}

struct performer {
  ports::store& store;
  ports::desired_files& files;

  disk_reply operator()(const disk::write& j) { return answer(store.write(j.batches)); }
  disk_reply operator()(const disk::sync&) { return answer(store.sync()); }
  disk_reply operator()(const disk::load& j) {
    using records = std::map<std::string, std::string>;
    return answer<records>(store.load(j.in, j.prefix),
                           [](disk_reply& out, records&& r) { out.records = std::move(r); });
  }
  disk_reply operator()(const disk::load_current&) {
    using all = std::vector<ports::revision_file>;
    std::vector<error> trouble;
    auto out = answer<all>(files.load_current(trouble),
                           [](disk_reply& r, all&& f) { r.files = std::move(f); });
    out.trouble = std::move(trouble);
    return out;
  }
  disk_reply operator()(const disk::load_revision& j) {
    return answer<ports::revision_file>(
      files.load(j.stack, j.revision),
      [](disk_reply& r, ports::revision_file&& f) { r.files = {std::move(f)}; });
  }
  disk_reply operator()(const disk::list_revisions& j) {
    return answer<std::vector<std::string>>(
      files.revisions(j.stack),
      [](disk_reply& r, std::vector<std::string>&& n) { r.names = std::move(n); });
  }
  disk_reply operator()(const disk::put_revision& j) { return answer(files.put(j.file)); }
  disk_reply operator()(const disk::make_current& j) {
    if (auto put = files.put(j.file); !put)
      return answer(std::move(put));
    return answer(files.select(j.file.stack, j.file.revision));
  }
  disk_reply operator()(const disk::select_revision& j) {
    return answer(files.select(j.stack, j.revision));
  }
  disk_reply operator()(const disk::remove_revision& j) {
    return answer(files.remove(j.stack, j.revision));
  }
  disk_reply operator()(const disk::put_secret& j) {
    return answer<std::string>(
      files.put_secret(j.stack, j.name, j.content, j.mode),
      [](disk_reply& r, std::string&& path) { r.names = {std::move(path)}; });
  }
};

std::vector<engine_worker> spawn_some(caf::actor_system& system, std::size_t n,
                                      const std::shared_ptr<ports::engine>& engine) {
  std::vector<engine_worker> out;
  for (std::size_t i = 0; i < n; ++i)
    out.push_back(system.spawn<caf::detached>(engine_thread, engine));
  return out;
}

} // namespace

disk_reply perform(const disk_job& job, ports::store& store, ports::desired_files& files) {
  return std::visit(performer{store, files}, job);
}

engine_workers spawn_engine_workers(caf::actor_system& system,
                                    std::shared_ptr<ports::engine> engine) {
  return {spawn_some(system, mutation_slots, engine), spawn_some(system, look_slots, engine),
          spawn_some(system, pull_slots, engine), spawn_some(system, probe_slots, engine)};
}

disk_worker spawn_disk_worker(caf::actor_system& system, std::shared_ptr<ports::store> store,
                              std::shared_ptr<ports::desired_files> files) {
  return system.spawn<caf::detached>(disk_thread, std::move(store), std::move(files));
}

probe_worker spawn_prober(caf::actor_system& system, std::shared_ptr<ports::prober> prober) {
  std::vector<probe_worker> threads;
  for (std::size_t i = 0; i < prober_threads; ++i)
    threads.push_back(system.spawn<caf::detached>(probe_thread, prober));
  return system.spawn(probe_pool, std::move(threads));
}

} // namespace davit::actors
