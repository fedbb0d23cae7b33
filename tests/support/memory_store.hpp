// The in-memory twins of the store and of the desired files: the same promises, kept in maps.
// The contract suite runs over them and over the real ones.
#pragma once

#include "runtime/ports/store.hpp"

#include <map>
#include <set>
#include <vector>

namespace davit::testing {

/// Batches are written at once and become safe with the next sync.
class memory_store final : public ports::store {
public:
  result<void> write(const std::vector<ports::record_batch>& batches) override;
  result<void> sync() override;
  result<std::map<std::string, std::string>> load(ports::family in,
                                                  const std::string& prefix) override;

  /// kill -9 of the daemon: what was written stays.
  void crash() {}
  /// What was synced stays, and of the batches after that the first `survivors`.
  void power_cut(std::size_t survivors = 0);
  /// How many batches the next power cut may take.
  std::size_t unsynced() const { return unsynced_.size(); }

private:
  using families = std::map<ports::family, std::map<std::string, std::string>>;
  static void apply(families& to, const ports::record_batch& batch);

  families safe_;
  std::vector<ports::record_batch> unsynced_;
  families live_; ///< safe_ and unsynced_: what a load reads
};

/// Every call is durable when it returns, so neither a crash nor a power cut takes anything.
class memory_files final : public ports::desired_files {
public:
  result<std::vector<ports::revision_file>> load_current(std::vector<error>& trouble) override;
  result<ports::revision_file> load(const std::string& stack, const std::string& revision) override;
  result<std::vector<std::string>> revisions(const std::string& stack) override;
  result<void> put(const ports::revision_file& file) override;
  result<void> select(const std::string& stack, const std::string& revision) override;
  result<void> remove(const std::string& stack, const std::string& revision) override;
  /// The path is one that nothing lies at: "/memory/secrets/STACK/NAME".
  result<std::string> put_secret(const std::string& stack, const std::string& name,
                                 const std::string& content, std::uint32_t mode) override;

  /// The current revision of this stack can no longer be read.
  void damage(const std::string& stack) { damaged_.insert(stack); }
  /// Absent: no such secret.
  std::optional<std::string> secret(const std::string& stack, const std::string& name) const;

private:
  struct folder {
    std::map<std::string, std::string> revisions;
    std::string current;
  };
  std::map<std::string, folder> stacks_;
  std::map<std::string, std::map<std::string, std::string>> secrets_;
  std::set<std::string> damaged_;
};

} // namespace davit::testing
