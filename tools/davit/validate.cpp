// davit validate [FILE...]: reads a manifest as install would, and touches nothing.
#include "runtime/policy/consistency.hpp"
#include "tools/davit/manifest_input.hpp"

#include <nlohmann/json.hpp>

namespace davit::cli {
namespace {

std::string as_json(const manifest::loaded& loaded) {
  nlohmann::ordered_json out;
  out["valid"] = !loaded.refused();
  out["stack"] = loaded.model.name;
  out["services"] = nlohmann::ordered_json::array();
  for (const auto& [name, one] : loaded.model.services)
    out["services"].push_back(name);
  out["findings"] = nlohmann::ordered_json::array();
  for (const auto& one : loaded.findings)
    out["findings"].push_back(
      {{"level", one.level == manifest::severity::error ? "error" : "warning"},
       {"file", one.file},
       {"line", one.line},
       {"column", one.column},
       {"message", one.message},
       {"remedy", one.remedy}});
  return out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

} // namespace

void add_validate(CLI::App& program, session& with) {
  auto* command = program.add_subcommand("validate", "Check a manifest; no daemon is needed");
  auto options = std::make_shared<manifest_options>();
  offer_manifest(*command, *options);
  offer_json(*command, with);
  command->callback([&with, options] {
    const auto loaded = load_manifest(*options);
    if (with.json) {
      with.print(as_json(loaded));
    } else {
      show_findings(with, loaded.findings);
      const auto count = loaded.model.services.size();
      if (!loaded.refused())
        with.print("stack " + loaded.model.name + " is valid: " + std::to_string(count)
                   + (count == 1 ? " service" : " services"));
    }
    with.ended = loaded.refused() ? bad_usage : done;
  });
}

} // namespace davit::cli
