// Answers the API: asks the actors, owns nothing.
#pragma once

#include "actors/house.hpp"
#include "runtime/api/routes.hpp"
#include "runtime/ports/front_end.hpp"

#include <atomic>

namespace davit::actors {

/// Any question to an actor is answered within this, or the caller hears `timeout`.
inline constexpr milliseconds answer_within = 20s;

class front_end final : public ports::front_end {
public:
  /// @param system, and everybody in `all`, outlive this.
  front_end(caf::actor_system& system, context_ptr ctx, const house& all,
            std::shared_ptr<ports::log_source> logs, std::string version);

  ports::api_response handle(const ports::api_request& request) override;

  /// Ends every wait: callers that follow something hear its end.
  void leave() { leaving_ = true; }

private:
  using response = ports::api_response;
  using request = ports::api_request;

  response answer(const api::route& route, const request& asked);
  response health();
  response status(const request& asked);
  response plan(const request& asked);
  response install(const api::route& route, const request& asked);
  response change(operation_kind kind, const api::route& route, const request& asked);
  response submit(operation_request what);
  response operation(const api::route& route, const request& asked);
  response events(const request& asked);
  response logs(const api::route& route, const request& asked);
  response why(const api::route& route);

  template <class Answer, class Actor, class... Ts>
  result<Answer> ask(const Actor& whom, Ts&&... what);

  caf::actor_system& system_;
  context_ptr ctx_;
  house all_;
  std::shared_ptr<ports::log_source> logs_;
  std::string version_;
  std::atomic<bool> leaving_{false};
};

} // namespace davit::actors
