// What an operation does with its hands: the journal, the stack's order, secrets, progress.
#include "actors/operation_actor.hpp"
#include "runtime/record/keys.hpp"

namespace davit::actors {

namespace {

/// Names and contents of secrets lie in one folder of files; everybody in the container may
/// read what it was granted, nobody else reaches the folder.
constexpr std::uint32_t secret_mode = 0444;

} // namespace

void operation_state::apply(stack_order next, std::function<void()> then) {
  now = std::move(next);
  self->request(peers.stack, caf::infinite, apply_atom_v, carried<stack_order>{now})
    .then(
      [this, then](const carried<disk_reply>& reply) {
        if (reply->failure)
          return finish(false, "what is wanted could not be kept: " + reply->failure->message
                                 + "; nothing was changed");
        then();
      },
      [this](caf::error& e) { finish(false, "the stack's supervisor died: " + to_string(e)); });
}

void operation_state::journal(record::operation_phase phase, std::function<void()> then) {
  kept.phase = phase;
  shown.phase = to_string(phase);
  auto key = record::key::operation(kept.id);
  auto over = phase == record::operation_phase::committed
              || phase == record::operation_phase::reverted
              || phase == record::operation_phase::failed;
  auto at = ctx->now();
  ports::record_batch records{
    over ? ports::record_write{ports::family::journal, key, {}}
         : ports::record_write{ports::family::journal, key, record::encode(kept)},
    ctx->clock_record(),
    ctx->audit(at, kept.author, kept.kind.c_str(), kept.stack, request.service,
               std::string{to_string(phase)} + (kept.error.empty() ? "" : ": " + kept.error))};
  tell_host();
  self
    ->request(peers.store, caf::infinite, commit_atom_v, batch{std::move(records)},
              static_cast<std::uint8_t>(patience::synced))
    .then([then](std::uint8_t) { then(); },
          [this](caf::error& e) { finish(false, "the store died: " + to_string(e)); });
}

void operation_state::keep_secrets(std::vector<std::pair<std::string, std::string>> left,
                                   std::function<void()> then) {
  if (left.empty())
    return then();
  auto [secret, content] = std::move(left.back());
  left.pop_back();
  disk::put_secret what{kept.stack, secret, std::move(content), secret_mode};
  self->request(peers.store, caf::infinite, ask_atom_v, disk_ask{disk_job{std::move(what)}})
    .then(
      [this, left = std::move(left), then, secret = secret](const disk_answer& reply) {
        if (reply->failure)
          return finish(false,
                        "secret " + secret + " could not be kept: " + reply->failure->message);
        keep_secrets(left, then);
      },
      [this](caf::error& e) { finish(false, "the store died: " + to_string(e)); });
}

void operation_state::say(std::string line) {
  ctx->tell(kept.stack, request.service, "operation", kept.kind + ": " + line);
  if (shown.progress.size() < progress_max)
    shown.progress.push_back(std::move(line));
  tell_host();
}

void operation_state::tell_host() {
  operation_note note;
  note.status = shown;
  note.stack_gone = stack_gone;
  self->send(peers.host, opnote_atom_v, carried<operation_note>{std::move(note)});
}

void operation_state::arm(std::optional<boot_time> when) {
  ++epoch;
  if (!when)
    return;
  auto wait = std::max(nanoseconds{0}, *when - ctx->now().boot);
  self->delayed_send(self, wait, tick_atom_v, epoch);
}

void operation_state::finish(bool ok, std::string error, bool partial) {
  at = stage::ended;
  ++epoch;
  shown.done = true;
  shown.ok = ok;
  shown.partial = partial;
  shown.error = std::move(error);
  ctx->tell(kept.stack, request.service, "operation",
            kept.kind + (ok ? " done" : " failed: " + shown.error));
  if (!stack_gone)
    self->send(peers.stack, watch_atom_v, caf::actor{});
  tell_host();
  self->quit();
}

} // namespace davit::actors
