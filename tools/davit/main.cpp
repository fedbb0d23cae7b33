// davit: the command line. Asks davitd, and says in its exit code how it went.
#include "runtime/manifest/fields.hpp"
#include "tools/davit/session.hpp"

#include <exception>

namespace davit::cli {
namespace {

constexpr const char* footer
  = "The daemon is asked at --host, else $DAVIT_HOST, else unix:///run/davit/davit.sock.\n"
    "Exit codes: 0 done, 1 failed, 2 bad usage or manifest, 3 daemon unreachable,\n"
    "4 done in part. More in davit(1).";

/// The first word that is no option: the command, as the user believes it to be called.
std::string_view command_word(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word{argv[i]};
    if (word == "--host")
      ++i;
    else if (!word.starts_with('-'))
      return word;
  }
  return {};
}

std::vector<std::string> known_words(const CLI::App& program) {
  std::vector<std::string> words;
  for (const CLI::App* command : program.get_subcommands({})) {
    words.push_back(command->get_name());
    for (const std::string& alias : command->get_aliases())
      words.push_back(alias);
  }
  return words;
}

/// An unknown command is told with the nearest known one.
std::optional<error> unknown_command(const CLI::App& program, std::string_view word) {
  const auto words = known_words(program);
  if (word.empty() || std::find(words.begin(), words.end(), word) != words.end())
    return std::nullopt;
  const std::vector<std::string_view> views{words.begin(), words.end()};
  const std::string_view near = manifest::nearest(word, views);
  return error{errc::invalid, "there is no command '" + std::string{word} + "'",
               near.empty() ? "davit --help lists them."
                            : "Did you mean davit " + std::string{near} + "?"};
}

int run(int argc, char** argv) {
  session with;
  CLI::App program{"Keeps the workloads of this host running, and says why when it does not.",
                   "davit"};
  program.set_version_flag("--version", "davit " DAVIT_VERSION);
  program.add_option("--host", with.host, "Where davitd listens: unix:///PATH, http://127.0.0.1:N");
  program.require_subcommand(1);
  program.fallthrough();
  program.footer(footer);
  for (const auto add : {add_validate, add_plan, add_install, add_uninstall, add_status, add_start,
                         add_stop, add_restart, add_logs, add_events, add_why, add_version})
    add(program, with);
  if (const auto lost = unknown_command(program, command_word(argc, argv)))
    return with.complain(*lost);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& told) { return program.exit(told) == 0 ? done : bad_usage; }
  return with.ended;
}

} // namespace
} // namespace davit::cli

int main(int argc, char** argv) {
  try {
    return davit::cli::run(argc, argv);
  } catch (const std::exception& told) { // out of memory, or a fault of ours
    std::fprintf(stderr, "davit: failed inside: %s\n", told.what());
    return davit::cli::failed;
  }
}
