// davit version: of this program, and of the daemon where it answers.
#include "runtime/api/status_json.hpp"
#include "tools/davit/session.hpp"
#include "tools/davit/text.hpp"

#include <nlohmann/json.hpp>

namespace davit::cli {
namespace {

constexpr milliseconds patience = 2s;

void run(session& with) {
  std::string daemon;
  std::string trouble;
  const auto answer = with.ask("GET", "/v1/health", {}, patience);
  if (answer) {
    if (const auto health = api::decode_health(*answer))
      daemon = health->version;
    else
      trouble = health.error().message;
  } else {
    trouble = answer.error().message;
  }
  if (with.json) {
    nlohmann::ordered_json out;
    out["davit"] = DAVIT_VERSION;
    out["davitd"]
      = daemon.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(daemon);
    with.print(out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    return;
  }
  with.print("davit  " DAVIT_VERSION);
  with.print("davitd " + (daemon.empty() ? "unknown: " + printable(trouble) : printable(daemon)));
}

} // namespace

void add_version(CLI::App& program, session& with) {
  auto* command = program.add_subcommand("version", "Print the versions of davit and davitd");
  offer_json(*command, with);
  command->callback([&with] { run(with); });
}

} // namespace davit::cli
