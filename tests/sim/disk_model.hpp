// A disk that keeps its word and nothing more: what is written survives the daemon, what is
// synced survives the power. It answers at once and says how long it took (`take_delay`), so
// that a caller on virtual time can wait; a crash in between finds the work half done.
//
//   batches:  [ synced ............ | written ........ | under way ]
//   daemon crash keeps   ─────────────────────────────┘  + a random prefix
//   power cut keeps ────────────────┘                    + a random prefix of all the rest
#pragma once

#include "runtime/ports/store.hpp"
#include "tests/sim/weather.hpp"

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <set>

namespace davit::sim {

class disk_model : public ports::store, public ports::desired_files {
public:
  disk_model(std::uint64_t seed, disk_weather weather) : dice_(seed), weather_(weather) {}

  void set_weather(const disk_weather& weather) { weather_ = weather; }
  /// True time; what was under way until then is done.
  void advance_to(boot_time now);
  /// How long the calls since the last question take together.
  nanoseconds take_delay();
  /// While full, every write fails with no_space.
  void set_full(bool full) { full_ = full; }
  /// While broken, every call fails with io.
  void set_broken(bool broken) { broken_ = broken; }
  /// The current revision of this stack can no longer be read.
  void damage(const std::string& stack) { damaged_.insert(stack); }

  void daemon_died();
  void power_cut();

  // store
  result<void> write(const std::vector<ports::record_batch>& batches) override;
  result<void> sync() override;
  result<std::map<std::string, std::string>> load(ports::family in,
                                                  const std::string& prefix) override;

  // desired_files
  result<std::vector<ports::revision_file>> load_current(std::vector<error>& trouble) override;
  result<ports::revision_file> load(const std::string& stack, const std::string& revision) override;
  result<std::vector<std::string>> revisions(const std::string& stack) override;
  result<void> put(const ports::revision_file& file) override;
  result<void> select(const std::string& stack, const std::string& revision) override;
  result<void> remove(const std::string& stack, const std::string& revision) override;
  result<std::string> put_secret(const std::string& stack, const std::string& name,
                                 const std::string& content, std::uint32_t mode) override;

  // the truth, for checks
  std::uint64_t writes() const { return writes_; }
  std::uint64_t syncs() const { return syncs_; }
  std::size_t unsynced() const { return tail_.size(); }
  const std::map<std::string, std::uint64_t>& paths() const { return paths_; }

private:
  using families = std::array<std::map<std::string, std::string>, 6>;
  struct folder {
    std::map<std::string, std::string> revisions;
    std::string current;
    std::map<std::string, std::string> secrets;
  };
  using folders = std::map<std::string, folder>;
  struct pending_batch {
    ports::record_batch batch;
    boot_time written_at{}; ///< from here on it survives the daemon
  };
  struct pending_sync {
    std::size_t upto = 0; ///< batches of the tail that it covers
    boot_time done_at{};
  };
  struct pending_change {
    std::function<void(folders&)> apply;
    boot_time done_at{}; ///< from here on it survives anything
  };

  static void apply(families& to, const ports::record_batch& batch);
  void settle();
  void keep_files(std::size_t how_many);
  boot_time spend(nanoseconds least, nanoseconds most);
  result<void> trouble(double rate, const char* what);
  result<void> change(std::function<void(folders&)> apply, const char* what);
  void forget_tail_after(std::size_t how_many);

  dice dice_;
  disk_weather weather_;
  boot_time now_{};
  nanoseconds delay_{0};
  bool full_ = false;
  bool broken_ = false;
  std::set<std::string> damaged_;

  families synced_;
  std::deque<pending_batch> tail_; ///< accepted, not synced
  families live_;                  ///< synced and tail: what a load reads
  std::vector<pending_sync> syncing_;

  folders safe_;
  std::deque<pending_change> changing_;
  folders seen_; ///< safe and changing: what a load reads

  std::uint64_t writes_ = 0;
  std::uint64_t syncs_ = 0;
  std::map<std::string, std::uint64_t> paths_;
};

} // namespace davit::sim
