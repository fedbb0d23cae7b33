// davit events: what happened, oldest first; with -f, and what happens.
#include "runtime/api/progress_json.hpp"
#include "runtime/record/text.hpp"
#include "tools/davit/session.hpp"
#include "tools/davit/text.hpp"

namespace davit::cli {
namespace {

constexpr std::string_view data_prefix = "data: ";

void show(const session& with, const event& one) {
  std::string who = one.stack;
  if (!one.service.empty())
    who += "/" + one.service;
  with.print(with.out.in(effects::paint::grey, record::wall_text(one.at)) + "  "
             + printable(one.kind) + "  " + (who.empty() ? "" : printable(who) + "  ")
             + printable(one.text));
}

/// One line of the event stream; comments and blank lines are between events.
result<void> take_line(const session& with, std::string_view line) {
  if (!line.starts_with(data_prefix))
    return {};
  line.remove_prefix(data_prefix.size());
  const auto one = api::decode_event(line);
  if (!one)
    return tl::unexpected<error>(one.error());
  if (with.json)
    with.print(std::string{line});
  else
    show(with, *one);
  return {};
}

int follow(session& with) {
  std::string rest; // of a line that has not arrived whole
  std::optional<error> trouble;
  const auto ended = with.follow(
    "/v1/events?follow=true",
    [&](std::string_view bytes) {
      rest += bytes;
      for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
        const auto taken = take_line(with, rest.substr(0, end));
        rest.erase(0, end + 1);
        if (!taken) {
          trouble = taken.error();
          return false;
        }
      }
      return true;
    },
    effects::catch_interrupts());
  if (trouble)
    return with.complain(*trouble);
  return ended ? done : with.complain(ended.error());
}

/// The daemon counts `limit` from its oldest event on; a person means the latest.
int list(session& with, std::uint32_t limit) {
  const auto answer = with.ask("GET", "/v1/events");
  if (!answer)
    return with.complain(answer.error());
  auto events = api::decode_events(*answer);
  if (!events)
    return with.complain(events.error());
  if (events->size() > limit)
    events->erase(events->begin(), events->end() - static_cast<std::ptrdiff_t>(limit));
  if (with.json)
    with.print(api::encode(*events));
  else
    for (const event& one : *events)
      show(with, one);
  return done;
}

} // namespace

void add_events(CLI::App& program, session& with) {
  auto* command = program.add_subcommand("events", "Print what happened");
  auto follows = std::make_shared<bool>(false);
  auto limit = std::make_shared<std::uint32_t>(100);
  command->add_flag("-f,--follow", *follows, "Go on with what happens from now on");
  command->add_option("-n,--limit", *limit, "At most so many of the latest")->capture_default_str();
  offer_json(*command, with);
  command->callback(
    [&with, follows, limit] { with.ended = *follows ? follow(with) : list(with, *limit); });
}

} // namespace davit::cli
