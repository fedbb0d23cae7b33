// Signals by name: a manifest and podman's API speak of them in both ways.
#include "runtime/effects/podman_codec.hpp"

#include <cctype>
#include <charconv>
#include <csignal>

namespace davit::effects::podman {

namespace {

struct named {
  const char* name;
  int number;
};

constexpr named signals[] = {
  {"HUP", SIGHUP},   {"INT", SIGINT},       {"QUIT", SIGQUIT}, {"ILL", SIGILL},
  {"TRAP", SIGTRAP}, {"ABRT", SIGABRT},     {"BUS", SIGBUS},   {"FPE", SIGFPE},
  {"KILL", SIGKILL}, {"USR1", SIGUSR1},     {"SEGV", SIGSEGV}, {"USR2", SIGUSR2},
  {"PIPE", SIGPIPE}, {"ALRM", SIGALRM},     {"TERM", SIGTERM}, {"STKFLT", SIGSTKFLT},
  {"CHLD", SIGCHLD}, {"CONT", SIGCONT},     {"STOP", SIGSTOP}, {"TSTP", SIGTSTP},
  {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},     {"URG", SIGURG},   {"XCPU", SIGXCPU},
  {"XFSZ", SIGXFSZ}, {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF}, {"WINCH", SIGWINCH},
  {"IO", SIGIO},     {"PWR", SIGPWR},       {"SYS", SIGSYS},   {"IOT", SIGABRT},
  {"POLL", SIGIO},
};

/// The kernel's numbers, not libc's SIGRTMIN, which hides the two that threads need.
constexpr int first_realtime = 34;
constexpr int last_signal = 64;

std::optional<int> number_in(std::string_view digits) {
  int value = 0;
  auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (status != std::errc{} || end != digits.data() + digits.size())
    return std::nullopt;
  return value;
}

} // namespace

std::optional<int> signal_number(std::string_view text) {
  std::string upper;
  for (char c : text)
    upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  std::string_view name = upper;
  std::optional<int> number = number_in(name);
  if (name.substr(0, 3) == "SIG")
    name.remove_prefix(3);
  for (const auto& known : signals)
    if (name == known.name)
      return known.number;
  if (name == "RTMIN")
    number = first_realtime;
  else if (name == "RTMAX")
    number = last_signal;
  else if (name.substr(0, 6) == "RTMIN+" || name.substr(0, 6) == "RTMAX-")
    if (auto offset = number_in(name.substr(6)))
      number = name[5] == '+' ? first_realtime + *offset : last_signal - *offset;
  if (!number || *number < 1 || *number > last_signal)
    return std::nullopt;
  return number;
}

std::string signal_name(int number) {
  for (const auto& known : signals)
    if (number == known.number)
      return std::string("SIG") + known.name;
  return std::to_string(number);
}

} // namespace davit::effects::podman
