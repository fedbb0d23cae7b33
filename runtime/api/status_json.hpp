// `davit status --json`, a contract, and the daemon's health:
//   {"stacks":[{"name","services":[{"name","phase","health","container_id","pid","exit_code",
//     "exit_reason","restarts":{"window","total"},"next_attempt_at","waiting_for":[],"reason",
//     "image","since","ports":[{"host_ip","host_port","container_port","protocol"}]}],
//     "revision","goal"}],
//    "store":{"state","reason"},"engine":{"state","reason"},
//    "orphans":[{"id","name","image","status","stack","service"}]}
//   {"ok","reasons":[],"store":{"state"},"engine":{"state"},"version"}
// What is absent is null; times are RFC 3339 in UTC with milliseconds; keys are only ever added.
#pragma once

#include "runtime/model/result.hpp"
#include "runtime/model/status.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace davit::api {

/// `health` is null for readiness none and unknown; both are read back as unknown.
std::string encode(const host_status& status);
/// Of an orphan only the keys above come back. Errors: invalid.
result<host_status> decode_status(std::string_view text);

struct health_report {
  bool ok = false;
  std::vector<std::string> reasons; ///< why not ok; sentences
  std::string store_state;
  std::string engine_state;
  std::string version; ///< of the daemon
  friend bool operator==(const health_report&, const health_report&) = default;
};

std::string encode(const health_report& report);
/// Errors: invalid.
result<health_report> decode_health(std::string_view text);

/// The phase of a word; unknown for any other word.
phase phase_of(std::string_view word);

} // namespace davit::api
