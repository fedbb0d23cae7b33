// Where the command line writes.
#include "runtime/effects/terminal.hpp"

#include <csignal>
#include <cstdlib>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

namespace davit::effects {
namespace {

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "set in a signal handler");

void on_interrupt(int) { interrupted = true; }

const char* code_of(paint how) {
  switch (how) {
    case paint::plain: return "";
    case paint::bold: return "\x1b[1m";
    case paint::grey: return "\x1b[90m";
    case paint::red: return "\x1b[31m";
    case paint::green: return "\x1b[32m";
    case paint::yellow: return "\x1b[33m";
  }
  return "";
}

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

} // namespace

std::string terminal::in(paint how, const std::string& text) const {
  if (!colour || how == paint::plain)
    return text;
  return code_of(how) + text + "\x1b[0m";
}

terminal look_at_terminal(int descriptor) {
  terminal seen;
  seen.interactive = ::isatty(descriptor) == 1;
  const char* kind = std::getenv("TERM");
  const bool dumb = kind == nullptr || std::string_view{kind} == "dumb";
  seen.colour = seen.interactive && !dumb && !is_set("NO_COLOR");
  winsize size{};
  if (seen.interactive && ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    seen.width = size.ws_col;
  return seen;
}

const std::atomic<bool>& catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  return interrupted;
}

} // namespace davit::effects
