// The store over RocksDB: one database in DIR/db, a column family for each of ports::family.
//
//   DIR/db/             the database; its write-ahead log is what sync() syncs
//   DIR/checkpoints/    NAME/: whole copies that share unchanged files (hard links)
#pragma once

#include "runtime/effects/state_lock.hpp"
#include "runtime/ports/store.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rocksdb {
class ColumnFamilyHandle;
class DB;
class Status;
} // namespace rocksdb

namespace davit::effects {

class rocks_store final : public ports::store {
public:
  /// Free space that others must leave on the disk, or write() refuses with no_space before
  /// RocksDB meets the end of it: room for a group (1 MiB) and what it compacts meanwhile.
  static constexpr std::uint64_t default_headroom = 4 << 20;

  /// `dir` is the state directory; it is made (0700) if only it is missing, and locked as long
  /// as the store lives (state_lock).
  /// Errors, each with what to do: conflict (another process has it open, and which), newer
  /// (written by a later release; nothing in it was touched), corrupt, denied, no_space, io.
  static result<std::unique_ptr<rocks_store>> open(const std::string& dir,
                                                   std::uint64_t headroom = default_headroom);
  ~rocks_store() override;

  // After a failure the next call of any of these first opens the database anew: that is what
  // heals it once the disk has space again.

  /// All batches as one group, so all or none.
  result<void> write(const std::vector<ports::record_batch>& batches) override;
  result<void> sync() override;
  result<std::map<std::string, std::string>> load(ports::family in,
                                                  const std::string& prefix) override;

  /// A copy named `name` (a date), of which the newest `keep` by name stay. One that is there
  /// already is fine. Returns its path.
  result<std::string> checkpoint(const std::string& name, std::size_t keep);

private:
  rocks_store(std::string dir, std::uint64_t headroom);

  result<void> start();
  void stop();
  result<void> ready();
  result<void> check_format();
  result<void> put(const std::vector<ports::record_batch>& batches);
  tl::unexpected<error> failed(const rocksdb::Status& status, const std::string& what);
  rocksdb::ColumnFamilyHandle* handle(ports::family in) const;

  std::string dir_;
  std::uint64_t headroom_;
  std::optional<state_lock> lock_;
  std::unique_ptr<rocksdb::DB> db_;                    ///< empty where the last start failed
  std::vector<rocksdb::ColumnFamilyHandle*> families_; ///< as in ports::family; `default` last
  /// A write or a sync failed. Nothing but closing may be asked of db_ then: Debian builds
  /// RocksDB with its assertions on, and touching a file writer after its error aborts.
  bool failed_ = false;
};

} // namespace davit::effects
