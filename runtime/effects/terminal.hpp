// Where the command line writes: whether somebody looks at it, how wide it is, and whether
// they have pressed Ctrl-C.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace davit::effects {

enum class paint : std::uint8_t { plain, bold, grey, red, green, yellow };

/// What is known of one output. A pipe or a file is no terminal: plain lines, nothing cut.
struct terminal {
  bool interactive = false;
  bool colour = false; ///< a terminal that is not `dumb`, and NO_COLOR is not set
  std::size_t width = 80;

  /// `text` in a colour, or as it is where there is none.
  std::string in(paint how, const std::string& text) const;
};

/// Of a file descriptor: 1 or 2.
terminal look_at_terminal(int descriptor);

/// From here on SIGINT and SIGTERM only set the flag, once; a second one ends the process.
const std::atomic<bool>& catch_interrupts();

} // namespace davit::effects
