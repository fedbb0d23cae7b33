// davit uninstall [STACK], alias down: stops a stack in order and removes what it made.
#include "tools/davit/manifest_input.hpp"
#include "tools/davit/operation.hpp"

namespace davit::cli {
namespace {

/// The stack of the manifest in the working directory: what `down` means to compose's users.
std::optional<std::string> stack_here(session& with) {
  const auto loaded = load_manifest({});
  if (!loaded.refused())
    return loaded.model.name;
  show_findings(with, loaded.findings);
  with.ended = with.complain({errc::invalid, "no stack was named, and none is found here",
                              "Write davit uninstall STACK; davit status lists them."});
  return std::nullopt;
}

int run(session& with, const std::string& name, bool volumes) {
  const auto which = parse_target(name, false);
  if (!which)
    return with.complain(which.error());
  if (!which->service.empty())
    return with.complain({errc::invalid, "'" + name + "' names a service; a stack is uninstalled",
                          "Use davit stop " + name + " for one service."});
  return run_operation(with, "DELETE", which->path() + (volumes ? "?volumes=true" : ""), {});
}

} // namespace

void add_uninstall(CLI::App& program, session& with) {
  auto* command
    = program.add_subcommand("uninstall", "Stop a stack and remove its containers and networks");
  command->alias("down");
  auto name = std::make_shared<std::string>();
  auto volumes = std::make_shared<bool>(false);
  command->add_option("STACK", *name, "Which (default: that of the manifest here)");
  command->add_flag("-v,--volumes", *volumes, "Remove its volumes too, with the data in them");
  offer_json(*command, with);
  command->callback([&with, name, volumes] {
    if (name->empty()) {
      const auto here = stack_here(with);
      if (!here)
        return;
      *name = *here;
    }
    with.ended = run(with, *name, *volumes);
  });
}

} // namespace davit::cli
