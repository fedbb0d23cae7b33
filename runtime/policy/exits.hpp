// What the end of a life means, in a phase and in words. Intent first: what ended because
// we asked is stopped, whatever its code.
#pragma once

#include "runtime/model/status.hpp"

namespace davit::policy {

struct ending {
  davit::phase phase = phase::exited;
  std::string text; ///< "exit code 137: SIGKILL, probably out of memory"
};

struct ending_of {
  exit_info exit;
  bool known = false;   ///< false: nobody could tell the code
  bool asked = false;   ///< we sent the stop signal
  bool killed = false;  ///< we sent KILL after the grace
  bool by_hand = false; ///< somebody stopped it through podman
  bool job = false;     ///< its goal is to complete
  restart_mode restart = restart_mode::no;
};

ending describe(const ending_of& what);

/// "SIGSEGV" for 11; empty for an unknown number.
const char* signal_name(int signal);

} // namespace davit::policy
