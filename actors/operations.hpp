// What operations are asked for and what they tell.
#pragma once

#include "runtime/model/plan.hpp"
#include "runtime/model/stack.hpp"
#include "runtime/model/status.hpp"
#include "runtime/model/why.hpp"

namespace davit::actors {

enum class operation_kind : std::uint8_t { install, uninstall, start, stop, restart };

constexpr const char* to_string(operation_kind kind) {
  switch (kind) {
    case operation_kind::install: return "install";
    case operation_kind::uninstall: return "uninstall";
    case operation_kind::start: return "start";
    case operation_kind::stop: return "stop";
    case operation_kind::restart: return "restart";
  }
  return "install";
}

struct operation_request {
  operation_kind kind = operation_kind::install;
  std::string stack;
  std::string service; ///< start, stop, restart: one service; empty: all of them
  std::string author;
  davit::stack model;   ///< install
  std::string source;   ///< install: the manifest's text
  string_map secrets;   ///< install: content by name; never logged
  bool wait = true;     ///< install: the whole trial
  bool volumes = false; ///< uninstall: named volumes too
};

/// What a piece of work made, removed, or could not do.
struct operation_note {
  operation_status status;
  std::vector<std::string> networks; ///< made (prepare) by podman's names
  std::vector<std::string> volumes;
  std::vector<std::string> lines;    ///< for the progress
  std::vector<std::string> failures; ///< each names what and why
  bool fatal = false;                ///< no retry helps
  bool stack_gone = false;           ///< uninstalled: its actor is no longer needed
};

} // namespace davit::actors
