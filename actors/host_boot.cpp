// The boot: what is wanted is read, what was interrupted goes on, what runs is adopted.
#include "actors/host_actor.hpp"
#include "runtime/record/keys.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace davit::actors {

namespace {

operation_kind kind_from(const std::string& text) {
  for (auto kind : {operation_kind::install, operation_kind::uninstall, operation_kind::start,
                    operation_kind::stop, operation_kind::restart})
    if (text == to_string(kind))
      return kind;
  return operation_kind::install;
}

/// What the file says outranks the journal, whose last word a failing store may have lost: an
/// operation goes on only while the stack is as that operation left it.
bool is_over(const record::operation_record& record, const stack_order& order) {
  switch (kind_from(record.kind)) {
    case operation_kind::install: return order.trial != record.id; // passed, undone or overtaken
    case operation_kind::uninstall:
      return std::any_of(order.orders.begin(), order.orders.end(),
                         [](auto& o) { return o.second.goal != policy::goal::absent; });
    default: return record.phase == record::operation_phase::staged;
  }
}

} // namespace

caf::typed_response_promise<bool> host_state::load() {
  auto reply = self->make_response_promise<bool>();
  loading.push_back(reply);
  self->request(peers.store, caf::infinite, ask_atom_v, disk_ask{disk_job{disk::load_current{}}})
    .then([this](const disk_answer& answer) { load_stacks(*answer); },
          [this](caf::error& e) { self->quit(std::move(e)); });
  return reply;
}

void host_state::load_stacks(const disk_reply& reply) {
  if (reply.failure)
    ctx->tell("", "", "store", "what is desired cannot be read: " + reply.failure->message);
  for (auto& trouble : reply.trouble)
    ctx->tell("", "", "warning", trouble.message + ". " + trouble.remedy);
  for (auto& file : reply.files) {
    auto order = record::decode_revision(file.content, file.stack + '/' + file.revision);
    if (!order) {
      ctx->tell(file.stack, "", "warning", order.error().message + ". " + order.error().remedy);
      continue;
    }
    auto& m = stacks[file.stack];
    m.order = *order;
    m.actor = spawn_stack(file.stack);
    self->send(m.actor, load_atom_v, carried<stack_order>{*order});
  }
  self
    ->request(peers.store, caf::infinite, ask_atom_v,
              disk_ask{disk_job{disk::load{ports::family::journal, record::key::operations}}})
    .then(
      [this](const disk_answer& answer) {
        load_journal(*answer);
        await_adopted();
      },
      [this](caf::error&) { await_adopted(); });
}

void host_state::load_journal(const disk_reply& reply) {
  std::vector<std::pair<operation_request, record::operation_record>> interrupted;
  for (auto& [key, text] : reply.records) {
    auto record = record::decode_operation(text, key);
    if (!record) {
      ctx->tell("", "", "warning", record.error().message);
      continue;
    }
    operation_request request;
    request.kind = kind_from(record->kind);
    request.stack = record->stack;
    request.author = record->author;
    request.service = record->options[service_option];
    request.volumes = record->options[volumes_option] == "true";
    request.wait = record->options[wait_option] != "false";
    auto found = stacks.find(record->stack);
    if (found == stacks.end() || is_over(*record, found->second.order)) {
      caf::anon_send(peers.store, commit_atom_v, batch{{{ports::family::journal, key, {}}}},
                     static_cast<std::uint8_t>(patience::none));
      ctx->tell(record->stack, "", "operation",
                record->kind + ": interrupted before it began, or after it was done");
      continue;
    }
    if (record->phase == record::operation_phase::staged)
      record->phase = record::operation_phase::reverting;
    interrupted.emplace_back(std::move(request), std::move(*record));
  }
  // One operation goes on for each stack, an install or uninstall before the others: what
  // those asked for is in the orders already.
  std::stable_partition(interrupted.begin(), interrupted.end(), [](auto& one) {
    return one.first.kind == operation_kind::install || one.first.kind == operation_kind::uninstall;
  });
  for (auto& [request, record] : interrupted) {
    if (stacks.at(record.stack).operation.empty()) {
      begin(request, std::move(record));
      continue;
    }
    caf::anon_send(peers.store, commit_atom_v,
                   batch{{{ports::family::journal, record::key::operation(record.id), {}}}},
                   static_cast<std::uint8_t>(patience::none));
    ctx->tell(record.stack, "", "operation",
              record.kind + ": what it asked for is wanted; nobody watches it any longer");
  }
}

void host_state::await_adopted() {
  unadopted = stacks.size();
  if (unadopted == 0)
    return adopted();
  for (auto& [name, m] : stacks)
    self->request(m.actor, adopt_patience, work_atom_v)
      .then(
        [this](bool) {
          if (--unadopted == 0)
            adopted();
        },
        [this, name = name](caf::error&) {
          ctx->tell(name, "", "warning", "could not be looked at yet; podman does not answer");
          if (--unadopted == 0)
            adopted();
        });
}

void host_state::adopted() {
  is_ready = true;
  notifier->ready();
  ctx->tell("", "", "operation", "ready: " + std::to_string(stacks.size()) + " stacks");
  for (auto& reply : std::exchange(loading, {}))
    reply.deliver(true);
  look_for_orphans();
  round();
}

void host_state::look_for_orphans() {
  self
    ->request(peers.engine, caf::infinite, ask_atom_v,
              engine_ask{engine_job{ports::list_containers{label::host, ctx->set.host_label}}},
              static_cast<std::uint8_t>(origin::recovery))
    .then(
      [this](const engine_answer& answer) {
        orphans.clear();
        for (auto& seen : answer->list) {
          auto of = [&](const char* key) {
            auto found = seen.labels.find(key);
            return found == seen.labels.end() ? std::string{} : found->second;
          };
          auto stack = stacks.find(of(label::stack));
          if (stack != stacks.end()
              && stack->second.order.model.services.contains(of(label::service)))
            continue;
          orphans.push_back(seen);
          ctx->tell(of(label::stack), of(label::service), "orphan",
                    seen.name + " carries Davit's labels, and no stack wants it");
        }
      },
      [](caf::error&) {}); // the engine tells its own death
}

} // namespace davit::actors
