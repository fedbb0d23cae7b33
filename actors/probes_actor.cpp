#include "actors/probes_actor.hpp"

#include "actors/handlers.hpp"

namespace davit::actors {

using policy::look_result;

namespace {

milliseconds age_of(const boot_time& since, const context& ctx) {
  return std::chrono::duration_cast<milliseconds>(ctx.now().boot - since);
}

/// One line of a check's output is enough for a person.
std::string first_line(const std::string& text) {
  auto line = text.substr(0, text.find('\n'));
  return line.size() > 200 ? line.substr(0, 200) : line;
}

} // namespace

void probes_state::watch(checked next) {
  next.since = ctx->now().boot;
  next.epoch = ++epochs;
  auto id = next.life.id;
  auto& c = all[id] = std::move(next);
  arm(c);
}

void probes_state::arm(checked& c) {
  auto wait = policy::next_look(c.record, c.rules, age_of(c.since, *ctx));
  self->delayed_send(self, wait, tick_atom_v, c.life.id, c.epoch);
}

void probes_state::due(const std::string& id, std::uint64_t born) {
  auto found = all.find(id);
  if (found == all.end() || found->second.epoch != born)
    return;
  auto& c = found->second;
  auto lost = [this, id, born](caf::error& e) {
    looked(id, born, look_result::could_not_look, to_string(e));
  };
  if (c.probe) {
    self
      ->request(prober, caf::infinite, work_atom_v,
                carried<ports::probe_request>{ports::probe_request{id, c.pid, *c.probe}})
      .then(
        [this, id, born](const carried<ports::probe_answer>& answer) {
          looked(id, born, static_cast<look_result>(answer->saw), answer->words);
        },
        lost);
    return;
  }
  self
    ->request(engine, caf::infinite, ask_atom_v,
              engine_ask{engine_job{ports::run_healthcheck{id, c.rules.timeout}}},
              static_cast<std::uint8_t>(origin::recovery))
    .then(
      [this, id, born](const engine_answer& answer) {
        if (answer->healthy)
          return looked(id, born, look_result::well, "");
        // A check that ran and failed, or did not end in time, saw ill; all else saw nothing.
        auto late = answer->failure && answer->failure->code == errc::timeout;
        auto blind = answer->failure && !late;
        auto words = answer->failure ? answer->failure->message : first_line(answer->output);
        looked(id, born, blind ? look_result::could_not_look : look_result::ill, words);
      },
      lost);
}

void probes_state::looked(const std::string& id, std::uint64_t born, look_result seen,
                          const std::string& words) {
  auto found = all.find(id);
  if (found == all.end() || found->second.epoch != born)
    return;
  auto& c = found->second;
  auto before = c.record.now;
  policy::fold(c.record, c.rules, seen, age_of(c.since, *ctx));
  if (c.record.now != before)
    self->send(caf::actor_cast<container_actor>(c.who), health_atom_v, c.life,
               static_cast<std::uint8_t>(c.record.now), words);
  arm(c);
}

probes_actor::behavior_type probes(probes_actor::stateful_pointer<probes_state> self,
                                   context_ptr ctx, engine_actor engine, probe_worker prober) {
  auto& st = self->state;
  guard(self, ctx, probes_state::name);
  st.ctx = std::move(ctx);
  st.engine = std::move(engine);
  st.prober = std::move(prober);
  static_assert(static_cast<int>(look_result::well)
                == static_cast<int>(ports::probe_answer::kind::well));
  static_assert(static_cast<int>(look_result::could_not_look)
                == static_cast<int>(ports::probe_answer::kind::could_not_look));
  return {
    [&st](probe_atom, const life& which, const carried<healthcheck>& check, const caf::actor& who) {
      st.watch({which, who, policy::rules_of(*check), {}, {}, 0, {}, 0});
    },
    [&st](probe_atom, const life& which, const carried<probe_spec>& probe, std::int32_t pid,
          const caf::actor& who) {
      st.watch({which, who, policy::rules_of(*probe), {}, *probe, pid, {}, 0});
    },
    [&st](forget_atom, const std::string& id) { st.all.erase(id); },
    [](alive_atom) { return true; },
    [&st](tick_atom, const std::string& id, std::uint64_t born) { st.due(id, born); },
  };
}

} // namespace davit::actors
