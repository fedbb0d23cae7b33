// davit why STACK/SERVICE: a paragraph on what a service does, by which rule, and what next.
#include "runtime/api/answer_json.hpp"
#include "runtime/record/text.hpp"
#include "tools/davit/session.hpp"
#include "tools/davit/text.hpp"

namespace davit::cli {
namespace {

std::string spaced(std::string word) {
  for (char& c : word)
    if (c == '_')
      c = ' ';
  return word;
}

std::string sentence(std::string text) {
  if (!text.empty() && text.back() != '.')
    text += '.';
  return text;
}

wall_time now() { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); }

std::string how_it_ended(const last_exit& last) {
  std::string out = "Its last life ended";
  if (last.code)
    out += " with exit code " + std::to_string(*last.code);
  if (last.at)
    out += " at " + record::wall_text(*last.at);
  if (!last.reason.empty())
    out += ": " + printable(last.reason);
  else if (last.oom)
    out += ": out of memory";
  return sentence(out);
}

std::string what_counts(const why_counters& c) {
  std::string out;
  if (c.restarts_allowed > 0)
    out += std::to_string(c.restarts) + " of " + std::to_string(c.restarts_allowed)
           + " restarts of its budget are spent in " + format_duration(c.restart_window);
  if (c.starts_allowed > 0)
    out += std::string{out.empty() ? "" : ", and "} + std::to_string(c.starts) + " of "
           + std::to_string(c.starts_allowed) + " automatic starts in "
           + format_duration(c.start_window);
  if (out.empty())
    return out;
  out += "; " + std::to_string(c.total) + " restarts since it was installed";
  if (!c.breaker.empty() && c.breaker != "closed")
    out += "; the breaker is " + spaced(printable(c.breaker));
  return sentence(out);
}

std::string paragraph(const std::string& name, const why& answer) {
  std::string out = name + " is " + spaced(to_string(answer.phase));
  out = sentence(answer.reason.empty() ? out : out + ": " + printable(answer.reason));
  const auto add = [&](const std::string& more) {
    if (!more.empty())
      out += " " + more;
  };
  if (!answer.waiting_for.empty()) {
    std::string names;
    for (const std::string& one : answer.waiting_for)
      names += (names.empty() ? "" : ", ") + printable(one);
    add("It waits for " + names + ".");
  }
  if (!answer.rule.empty())
    add("The rule that decides is " + spaced(printable(answer.rule)) + ".");
  if (answer.next_attempt_at)
    add("The next attempt is at " + record::wall_text(*answer.next_attempt_at) + ", in "
        + format_duration(*answer.next_attempt_at - now()) + ".");
  if (answer.last_exit)
    add(how_it_ended(*answer.last_exit));
  add(what_counts(answer.counters));
  if (!answer.advice.empty())
    add(sentence(printable(answer.advice)));
  return out;
}

/// Words between line ends; only a terminal gets lines of its own width.
std::string wrapped(const std::string& text, std::size_t width) {
  std::string out;
  std::size_t used = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    const std::size_t columns = display_width(word);
    if (used > 0 && used + 1 + columns > width) {
      out += '\n';
      used = 0;
    } else if (used > 0) {
      out += ' ';
      ++used;
    }
    out += word;
    used += columns;
    begin = end + 1;
  }
  return out;
}

int run(session& with, const std::string& name) {
  const auto which = parse_target(name, true);
  if (!which)
    return with.complain(which.error());
  const auto answer = with.ask("GET", which->path() + "/why");
  if (!answer)
    return with.complain(answer.error());
  const auto because = api::decode_why(*answer);
  if (!because)
    return with.complain(because.error());
  const std::string text = paragraph(name, *because);
  if (with.json)
    with.print(*answer);
  else
    with.print(with.out.interactive ? wrapped(text, with.out.width) : text);
  return done;
}

} // namespace

void add_why(CLI::App& program, session& with) {
  auto* command = program.add_subcommand("why", "Explain what a service does, and what comes next");
  auto name = std::make_shared<std::string>();
  command->add_option("STACK/SERVICE", *name, "Which service")->required();
  offer_json(*command, with);
  command->callback([&with, name] { with.ended = run(with, *name); });
}

} // namespace davit::cli
