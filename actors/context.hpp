// What every actor of one daemon shares: clocks, chance, the feed and the settings. Handed in
// at spawn; nothing in it decides anything.
#pragma once

#include "actors/feed.hpp"
#include "runtime/model/time.hpp"
#include "runtime/policy/ledger_clock.hpp"
#include "runtime/ports/clocks.hpp"
#include "runtime/ports/store.hpp"

#include <atomic>
#include <memory>
#include <string>

namespace davit::actors {

struct settings {
  std::string secret_dir;    ///< where put_secret keeps what it is given
  std::string host_label;    ///< value of io.davit.host on all that this daemon makes
  std::string cgroup_parent; ///< davit.slice where systemd manages cgroups, else empty
  std::string digest_key;    ///< of the secrets' digests, from the store
};

class context {
public:
  context(std::shared_ptr<ports::clocks> clocks, std::shared_ptr<ports::chance> chance,
          std::shared_ptr<event_feed> feed, settings s)
    : clocks{std::move(clocks)}, chance{std::move(chance)}, feed{std::move(feed)}, set{std::move(
                                                                                     s)} {}

  /// Where the ledger clock begins: the anchor of the last run, absent on the first.
  /// Before any actor asks for the time.
  void anchor_at(const policy::clock_anchor& stored) { anchor_ = policy::move(stored, sample()); }
  const policy::clock_anchor& anchor() const { return anchor_; }

  moment now() const;
  const std::string boot_id() const { return clocks->read().boot_id; }
  /// The clock's own record; rides in every batch of a ledger, so that no ledger is ever
  /// newer than the clock that its next reader begins with.
  ports::record_write clock_record() const;

  ports::record_write audit(const moment& at, const std::string& author, const char* what,
                            const std::string& stack, const std::string& service,
                            const std::string& text) const;

  void tell(const std::string& stack, const std::string& service, const char* kind,
            std::string text) const;

  const std::shared_ptr<ports::clocks> clocks;
  const std::shared_ptr<ports::chance> chance;
  const std::shared_ptr<event_feed> feed;
  settings set;
  /// Messages that no handler wanted, and actors that died: nothing is swallowed.
  mutable std::atomic<std::uint64_t> unexpected{0};
  /// Numbers the audit rows of this run, so that two in one millisecond keep their order.
  mutable std::atomic<std::uint64_t> audit_rows{0};

private:
  policy::clock_sample sample() const;

  policy::clock_anchor anchor_;
};

using context_ptr = std::shared_ptr<const context>;

} // namespace davit::actors
