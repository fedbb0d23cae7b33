// Begins an operation and follows it to its end.
#include "tools/davit/operation.hpp"

#include "runtime/api/progress_json.hpp"
#include "tools/davit/text.hpp"

#include <thread>

namespace davit::cli {
namespace {

/// A long poll, well below the 30 s in which the daemon answers everything.
constexpr milliseconds poll_wait = 20s;
/// A daemon that is started anew in the middle is waited for so long; it resumes.
constexpr milliseconds absence_max = 30s;
constexpr milliseconds absence_pause = 500ms;

/// The next page, waiting for a daemon that is away for a moment.
result<api::operation_page> next_page(session& with, const std::string& id, std::uint64_t after) {
  const std::string target = "/v1/operations/" + effects::percent_encode(id) + "?after="
                             + std::to_string(after) + "&wait=" + std::to_string(poll_wait.count());
  bool told = false;
  for (milliseconds away{0};; away += absence_pause) {
    const auto text = with.ask("GET", target);
    if (text)
      return api::decode_operation(*text);
    if (text.error().code != errc::unreachable || away >= absence_max)
      return tl::unexpected<error>(text.error());
    if (!std::exchange(told, true))
      with.remark("davitd does not answer; waiting for it to come back");
    std::this_thread::sleep_for(absence_pause);
  }
}

int result_of(const session& with, const operation_status& end) {
  if (end.ok)
    return end.partial ? in_part : done;
  const std::string what = end.kind + " of " + end.stack;
  const std::string why = end.error.empty() ? "the daemon gave no reason" : end.error;
  with.complain({errc::refused,
                 what + (end.partial ? " was done only in part: " : " failed: ") + why,
                 "davit why " + end.stack + "/SERVICE explains a service."});
  return end.partial ? in_part : failed;
}

/// Prints as it goes; the whole operation comes back.
result<operation_status> follow_operation(session& with, const std::string& id) {
  operation_status whole;
  std::uint64_t after = 0;
  while (true) {
    auto page = next_page(with, id, after);
    if (!page)
      return tl::unexpected<error>(std::move(page.error()));
    std::vector<std::string> lines = std::move(whole.progress);
    for (std::string& line : page->status.progress) {
      if (!with.json)
        with.print(printable(line));
      lines.push_back(std::move(line));
    }
    after = page->next;
    whole = std::move(page->status);
    whole.progress = std::move(lines);
    if (whole.done)
      return whole;
  }
}

} // namespace

int run_operation(session& with, const std::string& method, const std::string& target,
                  const std::string& body, const std::string& summary_of) {
  const auto accepted = with.ask(method, target, body);
  if (!accepted)
    return with.complain(accepted.error());
  const auto id = api::decode_accepted(*accepted);
  if (!id)
    return with.complain(id.error());
  const auto finished = follow_operation(with, *id);
  if (!finished)
    return with.complain(finished.error());
  if (with.json) {
    with.print(api::encode(*finished, 0));
  } else if (!summary_of.empty()) {
    with.print("");
    // A first install that was taken back has left no stack: then there is nothing to show.
    const auto shown = show_status(with, summary_of);
    if (!shown && shown.error().code != errc::not_found)
      with.complain(shown.error());
  }
  return result_of(with, *finished);
}

void add_power(CLI::App& program, session& with, const char* verb, const char* help) {
  auto* command = program.add_subcommand(verb, help);
  auto name = std::make_shared<std::string>();
  command->add_option("STACK[/SERVICE]", *name, "Which stack, or which service of it")->required();
  offer_json(*command, with);
  command->callback([&with, name, verb] {
    const auto which = parse_target(*name, false);
    with.ended = which ? run_operation(with, "POST", which->path() + "/" + verb, {})
                       : with.complain(which.error());
  });
}

} // namespace davit::cli
