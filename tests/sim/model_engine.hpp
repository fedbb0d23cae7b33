// The model behind the port: each call runs virtual time until it is answered. For the
// contract suite, which runs the same cases over this and over the real podman.
#pragma once

#include "tests/sim/podman_model.hpp"

namespace davit::sim {

class model_engine : public ports::engine {
public:
  explicit model_engine(podman_model& model) : model_(model) {}

  ports::engine_reply perform(const ports::engine_request& request,
                              milliseconds deadline) override {
    std::optional<ports::engine_reply> reply;
    model_.submit(request, deadline, [&](ports::engine_reply r) { reply = std::move(r); });
    while (!reply)
      model_.advance_to(model_.next_event().value()); // the deadline is always among them
    return std::move(*reply);
  }

  /// Lets virtual time pass.
  void rest(nanoseconds how_long) { model_.advance_to(model_.now() + how_long); }

private:
  podman_model& model_;
};

} // namespace davit::sim
