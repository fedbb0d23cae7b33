// davit plan [FILE...]: what install would do, step by step, and why.
#include "runtime/api/answer_json.hpp"
#include "tools/davit/manifest_input.hpp"
#include "tools/davit/text.hpp"

namespace davit::cli {
namespace {

effects::paint colour_of(plan_action action) {
  switch (action) {
    case plan_action::keep: return effects::paint::grey;
    case plan_action::remove: return effects::paint::red;
    case plan_action::recreate: return effects::paint::yellow;
    case plan_action::create:
    case plan_action::pull:
    case plan_action::network:
    case plan_action::volume: return effects::paint::green;
  }
  return effects::paint::plain;
}

void show(const session& with, const plan& what) {
  with.print("stack " + printable(what.stack)
             + (what.revision.empty() ? "" : ", revision " + printable(what.revision)));
  std::vector<std::vector<cell>> rows;
  for (const plan_step& step : what.steps)
    rows.push_back({{to_string(step.action), colour_of(step.action)},
                    {printable(step.target)},
                    {printable(step.why)}});
  if (rows.empty())
    with.print("nothing to do");
  else
    for (const std::string& line : table({"ACTION", "TARGET", "WHY"}, rows, with.out))
      with.print(line);
  for (const std::string& warning : what.warnings)
    with.remark(with.err.in(effects::paint::yellow, "warning: " + printable(warning)));
}

int run(session& with, const manifest_options& options) {
  const auto request = read_request(with, options);
  if (!request)
    return with.ended;
  const auto answer = with.ask("POST", "/v1/plan", api::encode(*request));
  if (!answer)
    return with.complain(answer.error());
  const auto what = api::decode_plan(*answer);
  if (!what)
    return with.complain(what.error());
  if (with.json)
    with.print(*answer);
  else
    show(with, *what);
  return done;
}

} // namespace

void add_plan(CLI::App& program, session& with) {
  auto* command = program.add_subcommand("plan", "Show what install would do, and do nothing");
  auto options = std::make_shared<manifest_options>();
  offer_manifest(*command, *options);
  offer_json(*command, with);
  command->callback([&with, options] { with.ended = run(with, *options); });
}

} // namespace davit::cli
