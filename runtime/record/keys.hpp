// The keys of the store, as readable text: one place that says what lies where.
//
//   family    key                         value
//   ledger    ledger/STACK/SERVICE        the restart ledger of one service
//   journal   operation/ID                operation_record
//   audit     audit/LEDGER-MS/SEQ         audit_row; sorts by time
//   meta      format                      version of the whole store
//   meta      clock                       clock_anchor
//   meta      digest-key                  hex; the key of secret_digest
#pragma once

#include "runtime/model/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace davit::record::key {

inline constexpr const char* format = "format";
inline constexpr const char* clock = "clock";
inline constexpr const char* digest_key = "digest-key";

inline constexpr const char* ledgers = "ledger/";
inline constexpr const char* operations = "operation/";
inline constexpr const char* audits = "audit/";

/// Of the store as a whole; raised when an older release could not read what is in it.
inline constexpr std::uint32_t store_format = 1;

struct service_name {
  std::string stack;
  std::string service;
  friend bool operator==(const service_name&, const service_name&) = default;
};

std::string ledger(const std::string& stack, const std::string& service);
/// All services of one stack: a prefix for load().
std::string ledgers_of(const std::string& stack);
/// Absent: not a ledger's key.
std::optional<service_name> parse_ledger(std::string_view key);

std::string operation(const std::string& id);

/// `at` is padded to 16 digits (300,000 years), `seq` to 10. A negative time counts as 0.
std::string audit(ledger_time at, std::uint64_t seq);

} // namespace davit::record::key
