// What the host shows: the status of everything, and the plan of an install.
#include "actors/host_actor.hpp"
#include "runtime/policy/consistency.hpp"

namespace davit::actors {

plan host_state::make_plan(const stack& next) const {
  static const stack_order none;
  auto found = stacks.find(next.name);
  auto& before = found == stacks.end() ? none : found->second.order;
  plan out;
  out.stack = next.name;
  out.revision = record::revision_id(record::revision_number(before.id).value_or(0) + 1);
  for (auto& [key, n] : next.networks)
    if (!n.external && !before.model.networks.contains(key))
      out.steps.push_back({plan_action::network, n.name, "is made unless it is there"});
  for (auto& [key, v] : next.volumes)
    if (!v.external && !before.model.volumes.contains(key))
      out.steps.push_back({plan_action::volume, v.name, "is made unless it is there"});
  std::set<std::string> images;
  for (auto& [name, s] : next.services)
    images.insert(s.image);
  for (auto& image : images)
    out.steps.push_back({plan_action::pull, image, "unless it is there"});
  for (auto& [name, s] : next.services) {
    auto old = before.model.services.find(name);
    if (old == before.model.services.end())
      out.steps.push_back({plan_action::create, name, "is new"});
    else if (old->second == s)
      out.steps.push_back({plan_action::keep, name, "did not change"});
    else
      out.steps.push_back({plan_action::recreate, name, "its configuration changed"});
  }
  for (auto& [name, s] : before.model.services)
    if (!next.services.contains(name))
      out.steps.push_back({plan_action::remove, name, "is no longer in the manifest"});
  std::vector<const stack*> others;
  for (auto& [name, m] : stacks)
    others.push_back(&m.order.model);
  auto found_wrong = policy::check(next);
  auto clashes = policy::port_clashes(next, others);
  found_wrong.insert(found_wrong.end(), clashes.begin(), clashes.end());
  for (auto& f : found_wrong)
    out.warnings.push_back(f.path + ": " + f.message);
  return out;
}

namespace {

/// Answers of all the stacks, of the store and of the engine, put together.
struct gathering {
  host_status status;
  std::size_t open = 0;
  caf::typed_response_promise<carried<host_status>> reply;

  void one_more() {
    if (--open > 0)
      return;
    std::sort(status.stacks.begin(), status.stacks.end(),
              [](auto& a, auto& b) { return a.name < b.name; });
    reply.deliver(carried<host_status>{status});
  }
};

} // namespace

caf::typed_response_promise<carried<host_status>> host_state::status() {
  auto all = std::make_shared<gathering>();
  all->reply = self->make_response_promise<carried<host_status>>();
  all->status.orphans = orphans;
  all->open = stacks.size() + 2;
  auto lost = [all](caf::error&) { all->one_more(); };
  self->request(peers.store, 5s, status_atom_v)
    .then(
      [all](const carried<health_note>& note) {
        all->status.store_state = note->state;
        all->status.store_reason = note->reason;
        all->one_more();
      },
      lost);
  self->request(peers.engine, 5s, status_atom_v)
    .then(
      [all](const carried<health_note>& note) {
        all->status.engine_state = note->state;
        all->status.engine_reason = note->reason;
        all->one_more();
      },
      lost);
  for (auto& [name, m] : stacks)
    self->request(m.actor, 5s, status_atom_v)
      .then(
        [all](const carried<stack_status>& one) {
          all->status.stacks.push_back(*one);
          all->one_more();
        },
        lost);
  return all->reply;
}

} // namespace davit::actors
