#include "runtime/policy/exits.hpp"

#include <array>

namespace davit::policy {

namespace {

/// Exit codes that the shell and podman's runtimes agree on.
const char* known_code(std::int32_t code) {
  switch (code) {
    case 125: return "podman itself failed";
    case 126: return "the command cannot be executed (permission, or not a program)";
    case 127: return "the command was not found";
    default: return "";
  }
}

std::string with_code(std::int32_t code, const std::string& words) {
  auto text = "exit code " + std::to_string(code);
  return words.empty() ? text : text + ": " + words;
}

ending failure(const ending_of& what) {
  if (!what.known || !what.exit.code)
    return {phase::crashed, "ended, and nobody could tell how"};
  auto code = *what.exit.code;
  if (what.exit.oom)
    return {phase::killed, with_code(code, "out of memory")};
  if (code == 137)
    return {phase::killed, with_code(code, "SIGKILL, probably out of memory")};
  // 128 + n is how a shell and podman tell a signal; beyond 64 there is none.
  if (code > 128 && code <= 128 + 64)
    return {phase::crashed, with_code(code, signal_name(code - 128))};
  return {phase::crashed, with_code(code, known_code(code))};
}

} // namespace

const char* signal_name(int signal) {
  static constexpr std::array<const char*, 32> names{
    "",          "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",   "SIGTRAP", "SIGABRT", "SIGBUS",
    "SIGFPE",    "SIGKILL", "SIGUSR1",   "SIGSEGV", "SIGUSR2",  "SIGPIPE", "SIGALRM", "SIGTERM",
    "SIGSTKFLT", "SIGCHLD", "SIGCONT",   "SIGSTOP", "SIGTSTP",  "SIGTTIN", "SIGTTOU", "SIGURG",
    "SIGXCPU",   "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO",   "SIGPWR",  "SIGSYS"};
  return signal > 0 && signal < static_cast<int>(names.size())
           ? names[static_cast<std::size_t>(signal)]
           : "";
}

ending describe(const ending_of& what) {
  if (what.asked) {
    if (what.killed)
      return {phase::stopped, "killed: it did not end within its grace"};
    return {phase::stopped, "stopped as asked"};
  }
  if (what.by_hand)
    return {phase::stopped, "stopped through podman by somebody else; use `davit stop`"};
  if (what.known && what.exit.code == 0 && !what.exit.oom) {
    if (what.job)
      return {phase::completed, "completed"};
    if (what.restart == restart_mode::no)
      return {phase::stopped, "ended by itself with exit code 0"};
    return {phase::exited, "ended by itself with exit code 0, though it should run"};
  }
  return failure(what);
}

} // namespace davit::policy
