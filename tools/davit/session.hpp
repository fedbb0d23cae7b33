// What every command is given: where to write, whom to ask, and how to end.
#pragma once

#include "runtime/effects/http_client.hpp"
#include "runtime/effects/terminal.hpp"
#include "runtime/model/result.hpp"

#include <CLI/CLI.hpp>

#include <atomic>
#include <functional>
#include <string>
#include <string_view>

namespace davit::cli {

/// The exit codes are a contract with scripts.
enum exit_code : int { done = 0, failed = 1, bad_usage = 2, unreachable = 3, in_part = 4 };

/// One run of the program.
class session {
public:
  session();

  /// The daemon at --host, else $DAVIT_HOST, else the default socket.
  /// Errors: invalid (the address), as the API's for the rest.
  result<std::string> ask(const std::string& method, const std::string& target,
                          const std::string& body = {}, milliseconds deadline = seconds{30});
  result<void> follow(const std::string& target, const std::function<bool(std::string_view)>& take,
                      const std::atomic<bool>& stop);

  /// Lines to standard output; flushed, so that a pipe's reader sees them as they come.
  void print(const std::string& line) const;
  /// To standard error: "davit: MESSAGE" and the remedy; gives the exit code for it.
  int complain(const error& what) const;
  /// To standard error.
  void remark(const std::string& line) const;

  std::string host; ///< as --host gave it, or empty
  bool json = false;
  const effects::terminal out;
  const effects::terminal err;

  int ended = done; ///< what main returns

private:
  result<effects::http_address> address() const;
  bool answered_ = false; ///< the last error was told by the daemon, so it is there
};

/// "shop" or "shop/db".
struct target {
  std::string stack;
  std::string service;      ///< empty: the whole stack
  std::string path() const; ///< of the API: /v1/stacks/shop/services/db
};
/// Errors: invalid (no such name can be; a service is missing where one is needed).
result<target> parse_target(const std::string& text, bool needs_service);

/// Adds "--json" to a command that prints.
void offer_json(CLI::App& command, session& with);

// One file per command; each adds itself to the program.
void add_validate(CLI::App& program, session& with);
void add_plan(CLI::App& program, session& with);
void add_install(CLI::App& program, session& with);
void add_uninstall(CLI::App& program, session& with);
void add_status(CLI::App& program, session& with);
void add_start(CLI::App& program, session& with);
void add_stop(CLI::App& program, session& with);
void add_restart(CLI::App& program, session& with);
void add_logs(CLI::App& program, session& with);
void add_events(CLI::App& program, session& with);
void add_why(CLI::App& program, session& with);
void add_version(CLI::App& program, session& with);

} // namespace davit::cli
