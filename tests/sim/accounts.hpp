// The restarts of one service as an honest clerk counts them: from processes that really
// began and ended, never from the daemon's own ledger.
#pragma once

#include "runtime/model/service.hpp"

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace davit::sim {

class account {
public:
  account(const recovery_rules& rules, milliseconds window, bool alone)
    : rules_{rules}, post_start_{window}, alone_{alone} {}

  /// Somebody asked for a start: one may follow that costs nothing.
  void ordered() { ++credits_; }
  /// An event that grants an open breaker its trial: a boot, another configuration.
  void granted(boot_time at) { granted_ = at; }
  /// The daemon said that the breaker opened; it may have counted more than processes tell.
  void opened() { tripped_ = true; }
  /// Its ledger was removed: what is installed next begins anew.
  void forgotten();
  /// The daemon says that it allows a start: it counts from here, though the process begins
  /// only after its backoff, and once no gate holds it.
  void allowed(boot_time at) { allowed_ = at; }
  void started(boot_time at);
  /// A process ended. `by_itself`: nobody asked it to, and the machine did not go down.
  void ended(boot_time at, bool by_itself);
  /// Its ledger reached the disk, as far as a crash of the daemon, or a power cut, goes.
  void written();
  void synced();
  /// The store is not what it should be: permits go on less than they ought to.
  void store_trouble() { trouble_ = true; }
  void crashed(bool power_cut);

  /// What it found wrong since the last question.
  std::vector<std::string> wrong() { return std::exchange(wrong_, {}); }

private:
  struct start {
    boot_time at{};
    bool written = false; ///< its charge survives the daemon
    bool synced = false;  ///< and a power cut
    bool excused = false; ///< the store said that it was in trouble
    bool charged = false;
  };
  void check_ceiling(boot_time at);
  void check_budget(boot_time at);

  recovery_rules rules_;
  milliseconds post_start_;
  bool alone_; ///< it depends on nobody: every death of it is its own
  std::uint64_t credits_ = 0;
  std::deque<start> starts_;           ///< automatic ones inside the ceiling's window
  std::deque<boot_time> lately_spent_; ///< credits; see check_ceiling
  std::deque<start> charged_;          ///< since the last forgiveness
  bool ledger_written_ = false;        ///< since the last start
  bool ledger_synced_ = false;
  bool trouble_ = false; ///< since the last start
  bool tripped_ = false; ///< the budget was spent since the last forgiveness
  std::optional<boot_time> granted_;
  std::optional<boot_time> allowed_;
  std::optional<boot_time> began_;
  std::optional<boot_time> died_by_itself_;
  std::vector<std::string> wrong_;
};

} // namespace davit::sim
