// How a stack ends, and how it shows itself.
#include "actors/stack_actor.hpp"

namespace davit::actors {

caf::typed_response_promise<carried<operation_note>> stack_state::clean(bool volumes) {
  auto reply = self->make_response_promise<carried<operation_note>>();
  needs.remove(order, volumes, [this, reply](const operation_note& note) {
    if (!note.failures.empty())
      return void(caf::typed_response_promise<carried<operation_note>>{reply}.deliver(
        carried<operation_note>{note}));
    forget_everything(reply, note);
  });
  return reply;
}

void stack_state::forget_everything(caf::typed_response_promise<carried<operation_note>> reply,
                                    operation_note note) {
  ports::record_batch records;
  for (auto& [name, c] : children)
    records.push_back({ports::family::ledger, "ledger/" + stack_name + '/' + name, {}});
  auto forget = [this, reply, note]() mutable {
    self
      ->request(peers.store, caf::infinite, ask_atom_v,
                disk_ask{disk_job{disk::remove_revision{stack_name, ""}}})
      .then(
        [reply, note](const disk_answer& answer) mutable {
          if (answer->failure)
            note.failures.push_back("its files: " + answer->failure->message);
          reply.deliver(carried<operation_note>{note});
        },
        [reply](caf::error& e) mutable { reply.deliver(std::move(e)); });
  };
  self
    ->request(peers.store, caf::infinite, commit_atom_v, batch{std::move(records)},
              static_cast<std::uint8_t>(patience::synced))
    .then([forget](std::uint8_t) mutable { forget(); },
          [reply](caf::error& e) mutable { reply.deliver(std::move(e)); });
}

stack_status stack_state::status() const {
  stack_status out{stack_name, order.id, "down", {}};
  for (auto& [name, c] : children) {
    auto row = c.report.status;
    row.name = name;
    row.image = c.last_spec.image;
    out.services.push_back(std::move(row));
    auto goal = goal_of(name);
    if (goal == policy::goal::up || goal == policy::goal::completed)
      out.goal = "up";
  }
  return out;
}

} // namespace davit::actors
