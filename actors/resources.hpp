// What a stack's containers need before they can be created: images, networks, volumes.
// Part of the stack actor; everything runs on it, nothing here blocks.
#pragma once

#include "actors/context.hpp"
#include "actors/protocol.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <functional>

namespace davit::actors {

/// After a failed round, unless an operation waits for it: the host may have lost a network.
inline constexpr milliseconds prepare_again_after = 15s;

class resources {
public:
  using done = std::function<void(const operation_note&)>;
  using changed = std::function<void()>;

  void bind(stack_actor::pointer self, context_ptr ctx, engine_actor engine, changed on_change);

  /// From here on what `order` needs counts as missing, unless it was seen to be there.
  void expect(const stack_order& order);

  bool lack_something() const { return !missing_.empty(); }

  /// Makes everything that `order` needs be there, all at once; `then` hears how it went.
  /// A second call while one runs for the same revision joins it.
  void prepare(const stack_order& order, origin from, done then);

  /// Removes the networks, and with `volumes` the volumes, of a stack that has no containers.
  void remove(const stack_order& order, bool volumes, done then);

  /// What a service still waits for: "image x", "network y".
  std::set<std::string> missing_for(const service& s, const stack& st) const;

  /// Runs `what` on the stack after a while.
  void later(milliseconds wait, std::function<void()> what);
  /// The stack's timer: what was put off under this number.
  void due(std::uint64_t number);

private:
  struct round; ///< one prepare or remove on its way

  /// @param deadline  0: the default of its kind.
  void ask(ports::engine_request request, origin from, milliseconds deadline,
           std::function<void(const ports::engine_reply&)> then);
  void need_image(const std::shared_ptr<round>& r, const service& s);
  void pull(const std::shared_ptr<round>& r, const service& s, std::size_t attempt);
  void need_network(const std::shared_ptr<round>& r, const network& n);
  void need_volume(const std::shared_ptr<round>& r, const volume& v);
  void settle(const std::shared_ptr<round>& r, const std::string& key, std::string failure);

  stack_actor::pointer self_ = nullptr;
  context_ptr ctx_;
  engine_actor engine_;
  changed on_change_;
  std::map<std::string, std::string> missing_; ///< "image x" -> why not yet
  std::set<std::string> present_;              ///< seen to be there by an earlier round
  std::map<std::uint64_t, std::function<void()>> later_;
  std::uint64_t numbers_ = 0;
  std::shared_ptr<round> running_;
};

} // namespace davit::actors
