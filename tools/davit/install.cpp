// davit install [FILE...], alias up: makes a stack what its manifest says, and waits until it
// has proven itself.
#include "tools/davit/manifest_input.hpp"
#include "tools/davit/operation.hpp"

namespace davit::cli {
namespace {

int run(session& with, const manifest_options& options, bool wait) {
  auto request = read_request(with, options);
  if (!request)
    return with.ended;
  request->wait = wait;
  const std::string body = api::encode(*request);
  if (body.size() > api::body_bytes_max)
    return with.complain({errc::invalid,
                          "the stack and its secrets are larger than "
                            + std::to_string(api::body_bytes_max) + " bytes",
                          "Large files belong into an image or a volume."});
  const target which{request->model.name, {}};
  return run_operation(with, "POST", which.path(), body, which.stack);
}

} // namespace

void add_install(CLI::App& program, session& with) {
  auto* command = program.add_subcommand("install", "Install or upgrade a stack, and wait for it");
  command->alias("up");
  auto options = std::make_shared<manifest_options>();
  auto no_wait = std::make_shared<bool>(false);
  auto detach = std::make_shared<bool>(false);
  offer_manifest(*command, *options);
  command->add_flag("--no-wait", *no_wait,
                    "Return after the first start of every service that no gate holds");
  command->add_flag("-d,--detach", *detach, "The same, for fingers that know compose")->group("");
  offer_json(*command, with);
  command->callback([&with, options, no_wait, detach] {
    with.ended = run(with, *options, !(*no_wait || *detach));
  });
}

} // namespace davit::cli
