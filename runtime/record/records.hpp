// The small records of the store and their text: one line of JSON that names its version.
// Decoding is total; errors are newer or corrupt and name the key. The restart ledger has a
// file of its own.
#pragma once

#include "runtime/model/result.hpp"
#include "runtime/model/stack.hpp"
#include "runtime/policy/ledger_clock.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace davit::record {

/// How far an operation has come. The four durable phases of the design, and its three ends:
/// `committed` goes on (removal of the old), `reverted` and `failed` are over.
enum class operation_phase : std::uint8_t { staged, trial, committed, reverting, reverted, failed };

constexpr const char* to_string(operation_phase phase) {
  switch (phase) {
    case operation_phase::staged: return "staged";
    case operation_phase::trial: return "trial";
    case operation_phase::committed: return "committed";
    case operation_phase::reverting: return "reverting";
    case operation_phase::reverted: return "reverted";
    case operation_phase::failed: return "failed";
  }
  return "failed";
}

/// What an operation brought into being, by podman's names: a rollback removes only that.
struct created_objects {
  std::vector<std::string> containers;
  std::vector<std::string> networks;
  std::vector<std::string> volumes;
  friend bool operator==(const created_objects&, const created_objects&) = default;
};

struct operation_record {
  std::string id;
  std::string kind; ///< install, uninstall, start, stop, restart
  std::string stack;
  operation_phase phase = operation_phase::staged;
  std::string from; ///< revision before; empty: there was none
  std::string to;   ///< revision wanted; empty: none
  wall_time started{};
  ledger_time started_ledger{};
  std::string author;
  std::string error; ///< why it failed or is reverted; one sentence, no secrets
  created_objects created;
  string_map options; ///< of the request: "volumes" = "true", "service" = "db"
  friend bool operator==(const operation_record&, const operation_record&) = default;
};

/// One line of what was decided, by whom. Rides in the batch of the decision it records.
struct audit_row {
  ledger_time at{};
  wall_time wall{};
  std::string author; ///< a user, or "davitd"
  std::string what;   ///< one snake_case word: charge, refusal, install, hold, ...
  std::string stack;
  std::string service; ///< empty: the stack as a whole
  std::string text;    ///< one sentence, no secrets
  friend bool operator==(const audit_row&, const audit_row&) = default;
};

std::string encode(const policy::clock_anchor& value);
std::string encode(const operation_record& value);
std::string encode(const audit_row& value);

/// `key`: under which the value lies, for the message.
result<policy::clock_anchor> decode_anchor(std::string_view text, const std::string& key);
result<operation_record> decode_operation(std::string_view text, const std::string& key);
result<audit_row> decode_audit(std::string_view text, const std::string& key);

} // namespace davit::record
