// CAF's defaults print to standard output, and an actor that meets an unknown message or an
// error ends. Here both are counted and told, and the actor goes on.
#pragma once

#include "actors/context.hpp"

#include <caf/actor_cast.hpp>
#include <caf/error.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/sec.hpp>

#include <exception>
#include <string>

namespace davit::actors {

/// Every long-lived actor calls this first.
template <class Self> void guard(Self* self, const context_ptr& ctx, const char* who) {
  self->set_error_handler([ctx, who](caf::scheduled_actor*, caf::error& e) {
    ++ctx->unexpected;
    ctx->tell("", "", "warning", std::string{who} + ": an error came back: " + to_string(e));
  });
  self->set_default_handler(
    [ctx, who](caf::scheduled_actor*, caf::message_view& m) -> caf::result<caf::message> {
      ++ctx->unexpected;
      ctx->tell("", "", "warning",
                std::string{who} + ": no handler for a message: " + m.content().stringify());
      return caf::sec::unexpected_message;
    });
  self->set_down_handler([](caf::scheduled_actor*, caf::down_msg&) {});
  self->set_exception_handler(
    [ctx, who](caf::scheduled_actor*, std::exception_ptr& p) -> caf::error {
      std::string what = "unknown exception";
      try {
        std::rethrow_exception(p);
      } catch (const std::exception& e) { what = e.what(); } catch (...) {
      }
      ++ctx->unexpected;
      ctx->tell("", "", "warning", std::string{who} + " died: " + what);
      return caf::make_error(caf::sec::runtime_error, what);
    });
}

} // namespace davit::actors
