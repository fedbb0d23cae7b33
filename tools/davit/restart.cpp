// davit restart STACK[/SERVICE]
#include "tools/davit/operation.hpp"

namespace davit::cli {

void add_restart(CLI::App& program, session& with) {
  add_power(program, with, "restart", "Stop and start a stack or a service");
}

} // namespace davit::cli
