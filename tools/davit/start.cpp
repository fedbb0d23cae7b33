// davit start STACK[/SERVICE]
#include "tools/davit/operation.hpp"

namespace davit::cli {

void add_start(CLI::App& program, session& with) {
  add_power(program, with, "start", "Start a stack or a service that was stopped");
}

} // namespace davit::cli
