// davit stop STACK[/SERVICE]
#include "tools/davit/operation.hpp"

namespace davit::cli {

void add_stop(CLI::App& program, session& with) {
  add_power(program, with, "stop",
            "Stop a stack or a service, dependents first, and keep it stopped");
}

} // namespace davit::cli
