// Begins an operation and follows it to its end, with a line for each step.
#pragma once

#include "tools/davit/session.hpp"

namespace davit::cli {

/// Asks for an operation and follows it. With --json prints the finished operation as one
/// object; else its progress, and for `show_summary` the table of the stack at the end.
/// @returns the exit code.
int run_operation(session& with, const std::string& method, const std::string& target,
                  const std::string& body, const std::string& summary_of = {});

/// start, stop and restart differ in a word.
void add_power(CLI::App& program, session& with, const char* verb, const char* help);

/// The rows of `davit status` for one stack, or with an empty name for all.
result<void> show_status(session& with, const std::string& stack);

} // namespace davit::cli
