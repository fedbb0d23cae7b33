#include "actors/house.hpp"

#include "actors/probes_actor.hpp"
#include "actors/store_actor.hpp"
#include "actors/watchers.hpp"
#include "runtime/record/keys.hpp"
#include "runtime/record/records.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

namespace davit::actors {

house build(caf::actor_system& system, const context_ptr& ctx, house_parts parts) {
  house out;
  out.store = system.spawn(store, ctx, std::move(parts.disk));
  out.engine = system.spawn(engine, ctx, std::move(parts.workers));
  out.exits = system.spawn(exits, ctx, std::move(parts.exit_watcher));
  out.events = system.spawn(events, ctx, out.engine);
  out.probes = system.spawn(probes, ctx, out.engine, std::move(parts.prober));
  out.host
    = system.spawn(host, ctx, host_peers{out.engine, out.store, out.exits, out.events, out.probes},
                   std::move(parts.notifier));
  return out;
}

void house::leave() {
  auto end = [](auto& who) {
    caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
    who = nullptr;
  };
  end(host);
  end(probes);
  end(events);
  end(exits);
  end(engine);
  end(store);
}

void watch_over(caf::actor_system& system, const house& all, std::function<void()> fallen) {
  system.spawn<caf::hidden>(
    [host = all.host, fallen](caf::event_based_actor* self) -> caf::behavior {
      self->monitor(host);
      self->set_down_handler([self, fallen](caf::scheduled_actor*, caf::down_msg& down) {
        if (down.reason && down.reason != caf::exit_reason::user_shutdown)
          fallen();
        self->quit();
      });
      return {[](leave_atom) {}}; // nobody asks: it lives as long as the host
    });
}

result<void> prepare(context& ctx, ports::store& store) {
  auto meta = store.load(ports::family::meta, "");
  if (!meta)
    return tl::unexpected<error>(meta.error());
  if (auto clock = meta->find(record::key::clock); clock != meta->end()) {
    auto anchor = record::decode_anchor(clock->second, record::key::clock);
    if (!anchor)
      return tl::unexpected<error>(anchor.error());
    ctx.anchor_at(*anchor);
  } else {
    ctx.anchor_at({});
  }
  if (auto key = meta->find(record::key::digest_key); key != meta->end()) {
    ctx.set.digest_key = key->second;
    return {};
  }
  // 12 hex digits a draw: 16 random bytes take three of them.
  ctx.set.digest_key = ctx.chance->id() + ctx.chance->id() + ctx.chance->id();
  auto kept = store.write(
    {{{ports::family::meta, record::key::digest_key, ctx.set.digest_key}, ctx.clock_record()}});
  return kept ? store.sync() : kept;
}

} // namespace davit::actors
