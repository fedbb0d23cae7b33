// The store over RocksDB: one database in DIR/db, a column family for each of ports::family.
//
//   DIR/db/             the database; its write-ahead log is what sync() syncs
//   DIR/checkpoints/    NAME/: whole copies that share unchanged files (hard links)
#pragma once

#include "runtime/ports/store.hpp"

#include <memory>
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
  /// `dir` is the state directory; it is made (0700) if only it is missing.
  /// Errors, each with what to do: conflict (another process has it open, and which), newer
  /// (written by a later release; nothing in it was touched), corrupt, denied, no_space, io.
  static result<std::unique_ptr<rocks_store>> open(const std::string& dir);
  ~rocks_store() override;

  /// All batches as one group, so all or none. After a failure the next call first asks
  /// RocksDB to resume: it refuses writes until then, even when the disk has space again.
  result<void> write(const std::vector<ports::record_batch>& batches) override;
  result<void> sync() override;
  result<std::map<std::string, std::string>> load(ports::family in,
                                                  const std::string& prefix) override;

  /// A copy named `name` (a date), of which the newest `keep` by name stay. One that is there
  /// already is fine. Returns its path.
  result<std::string> checkpoint(const std::string& name, std::size_t keep);

private:
  rocks_store(std::string dir, rocksdb::DB* db, std::vector<rocksdb::ColumnFamilyHandle*> families);

  result<void> check_format();
  error explain(const rocksdb::Status& status, const std::string& what) const;
  rocksdb::ColumnFamilyHandle* handle(ports::family in) const;

  std::string dir_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_; ///< as in ports::family; `default` last
  bool failed_ = false;                                ///< the last write or sync did
};

} // namespace davit::effects
