// The restart ledger of one service as a record: what must survive kill -9, power cuts and
// clocks that jump, in one value, so that it can never be half there.
#pragma once

#include "runtime/model/result.hpp"
#include "runtime/policy/restart.hpp"

#include <string>
#include <string_view>

namespace davit::record {

struct ledger_record {
  policy::restart_ledger ledger;
  std::string boot_id; ///< when it was written: another one on load means a reboot since
  /// A stop that was begun: when its TERM was sent, to which life, counting as what.
  std::optional<ledger_time> term_at;
  life term_life;
  policy::cause term_cause = policy::cause::ours;
  friend bool operator==(const ledger_record&, const ledger_record&) = default;
};

std::string encode(const ledger_record& value);

/// `key`: under which the value lies, for the message. Errors: newer, corrupt.
result<ledger_record> decode_ledger(std::string_view text, const std::string& key);

} // namespace davit::record
