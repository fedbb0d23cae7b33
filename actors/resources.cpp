#include "actors/resources.hpp"

namespace davit::actors {

struct resources::round {
  std::string revision;
  stack_order order;
  origin from = origin::recovery;
  std::set<std::string> open; ///< keys that have not settled
  operation_note note;
  std::vector<done> callers;
  string_map labels;

  void finish() {
    auto call = std::exchange(callers, {});
    for (auto& then : call)
      then(note);
  }
};

namespace {

std::string image_key(const std::string& reference) { return "image " + reference; }
std::string network_key(const std::string& name) { return "network " + name; }
std::string volume_key(const std::string& name) { return "volume " + name; }

std::string in_words(const error& e) {
  return e.remedy.empty() ? e.message : e.message + " (" + e.remedy + ")";
}

string_map labels_of(const context& ctx, const stack_order& order) {
  string_map out{{label::stack, order.stack},
                 {label::host, ctx.set.host_label},
                 {"com.docker.compose.project", order.stack}};
  if (!order.trial.empty())
    out[label::operation] = order.trial;
  return out;
}

} // namespace

void resources::bind(stack_actor::pointer self, context_ptr ctx, engine_actor engine,
                     changed on_change) {
  self_ = self;
  ctx_ = std::move(ctx);
  engine_ = std::move(engine);
  on_change_ = std::move(on_change);
}

void resources::ask(ports::engine_request request, origin from, milliseconds deadline,
                    std::function<void(const ports::engine_reply&)> then) {
  self_
    ->request(engine_, caf::infinite, ask_atom_v,
              engine_ask{engine_job{std::move(request), deadline}}, static_cast<std::uint8_t>(from))
    .then([then](const engine_answer& answer) { then(*answer); },
          [then](caf::error& e) {
            ports::engine_reply lost;
            lost.failure = error{errc::timeout, "the engine is gone: " + to_string(e), ""};
            then(lost);
          });
}

void resources::later(milliseconds wait, std::function<void()> what) {
  later_[++numbers_] = std::move(what);
  self_->delayed_send(self_, wait, tick_atom_v, numbers_);
}

void resources::due(std::uint64_t number) {
  if (auto found = later_.extract(number))
    found.mapped()();
}

void resources::expect(const stack_order& order) {
  auto& st = order.model;
  std::set<std::string> keys;
  for (auto& [key, n] : st.networks)
    keys.insert(network_key(n.name));
  for (auto& [key, v] : st.volumes)
    keys.insert(volume_key(v.name));
  for (auto& [name, s] : st.services)
    keys.insert(image_key(s.image));
  for (auto& key : keys)
    if (!present_.contains(key))
      missing_.try_emplace(key);
}

void resources::prepare(const stack_order& order, origin from, done then) {
  if (running_ && running_->revision == order.id && !running_->open.empty()) {
    running_->callers.push_back(std::move(then));
    return;
  }
  auto r = std::make_shared<round>();
  running_ = r;
  r->revision = order.id;
  r->order = order;
  r->from = from;
  r->callers.push_back(std::move(then));
  r->labels = labels_of(*ctx_, order);
  missing_.clear();
  auto& st = r->order.model;
  // Everything is open before the first question: an answer must not end the round early.
  for (auto& [key, n] : st.networks)
    r->open.insert(network_key(n.name));
  for (auto& [key, v] : st.volumes)
    r->open.insert(volume_key(v.name));
  std::map<std::string, const service*> images;
  for (auto& [name, s] : st.services)
    images.emplace(s.image, &s);
  for (auto& [reference, s] : images)
    r->open.insert(image_key(reference));
  expect(order);
  if (r->open.empty())
    return r->finish();
  for (auto& [key, n] : st.networks)
    need_network(r, n);
  for (auto& [key, v] : st.volumes)
    need_volume(r, v);
  for (auto& [reference, s] : images)
    need_image(r, *s);
}

void resources::need_image(const std::shared_ptr<round>& r, const service& s) {
  if (s.pull == pull_policy::always)
    return pull(r, s, 0);
  ask(ports::inspect_image{s.image}, r->from, 0ms, [this, r, &s](const ports::engine_reply& reply) {
    if (!reply.failure)
      return settle(r, image_key(s.image), {});
    if (reply.failure->code != errc::not_found || s.pull == pull_policy::never)
      return settle(r, image_key(s.image), in_words(*reply.failure));
    pull(r, s, 0);
  });
}

void resources::pull(const std::shared_ptr<round>& r, const service& s, std::size_t attempt) {
  auto& rules = s.davit.pull;
  r->note.lines.push_back("pulling " + s.image);
  ctx_->tell(r->order.stack, "", "operation", "pulling " + s.image);
  ask(ports::pull_image{s.image, rules.stall, s.pull == pull_policy::always}, r->from,
      rules.timeout, [this, r, &s, attempt](const ports::engine_reply& reply) {
        if (!reply.failure)
          return settle(r, image_key(s.image), {});
        auto& waits = s.davit.pull.retries;
        if (reply.fatal || attempt >= waits.size()) {
          r->note.fatal = r->note.fatal || reply.fatal;
          return settle(r, image_key(s.image), in_words(*reply.failure));
        }
        ctx_->tell(r->order.stack, "", "warning",
                   "pulling " + s.image + " failed, next try in "
                     + std::to_string(waits[attempt].count()) + " ms: " + reply.failure->message);
        later(waits[attempt], [this, r, &s, attempt] { pull(r, s, attempt + 1); });
      });
}

void resources::need_network(const std::shared_ptr<round>& r, const network& n) {
  ask(ports::create_network{n, r->labels}, r->from, 0ms,
      [this, r, &n](const ports::engine_reply& reply) {
        if (reply.created)
          r->note.networks.push_back(n.name);
        settle(r, network_key(n.name), reply.failure ? in_words(*reply.failure) : "");
      });
}

void resources::need_volume(const std::shared_ptr<round>& r, const volume& v) {
  ask(ports::create_volume{v, r->labels}, r->from, 0ms,
      [this, r, &v](const ports::engine_reply& reply) {
        if (reply.created)
          r->note.volumes.push_back(v.name);
        settle(r, volume_key(v.name), reply.failure ? in_words(*reply.failure) : "");
      });
}

void resources::settle(const std::shared_ptr<round>& r, const std::string& key,
                       std::string failure) {
  r->open.erase(key);
  auto current = running_ == r;
  if (failure.empty()) {
    present_.insert(key);
    if (current)
      missing_.erase(key);
  } else {
    present_.erase(key);
    if (current)
      missing_[key] = failure;
    ctx_->tell(r->order.stack, "", "warning", key + ": " + failure);
    r->note.failures.push_back(key + ": " + failure);
  }
  if (current && on_change_)
    on_change_();
  if (r->open.empty())
    r->finish();
}

void resources::remove(const stack_order& order, bool volumes, done then) {
  auto r = std::make_shared<round>();
  r->order = order;
  r->from = origin::operation;
  r->callers.push_back(std::move(then));
  std::vector<std::pair<std::string, ports::engine_request>> asks;
  for (auto& [key, n] : order.model.networks)
    if (!n.external)
      asks.emplace_back(network_key(n.name), ports::remove_network{n.name});
  for (auto& [key, v] : order.model.volumes)
    if (volumes && !v.external)
      asks.emplace_back(volume_key(v.name), ports::remove_volume{v.name});
  for (auto& [key, request] : asks)
    r->open.insert(key);
  if (asks.empty())
    return r->finish();
  for (auto& [key, request] : asks)
    ask(std::move(request), r->from, 0ms, [this, r, key = key](const ports::engine_reply& reply) {
      auto absent = reply.failure && reply.failure->code == errc::not_found;
      settle(r, key, reply.failure && !absent ? in_words(*reply.failure) : "");
      present_.erase(key);
    });
}

std::set<std::string> resources::missing_for(const service& s, const stack& st) const {
  std::set<std::string> out;
  auto need = [&](const std::string& key) {
    if (auto found = missing_.find(key); found != missing_.end())
      out.insert(found->second.empty() ? key : key + ": " + found->second);
  };
  need(image_key(s.image));
  for (auto& [key, how] : s.networks)
    if (auto n = st.networks.find(key); n != st.networks.end())
      need(network_key(n->second.name));
  for (auto& m : s.mounts)
    if (auto v = st.volumes.find(m.source); m.type == mount::kind::volume && v != st.volumes.end())
      need(volume_key(v->second.name));
  return out;
}

} // namespace davit::actors
