#include "runtime/effects/rocks_store.hpp"

#include "runtime/effects/durable_file.hpp"
#include "runtime/record/keys.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>

#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdarg>
#include <filesystem>

namespace davit::effects {

namespace {

using ports::family;

constexpr family all_families[] = {family::ledger,   family::journal, family::audit,
                                   family::commands, family::queues,  family::meta};

std::string db_path(const std::string& dir) { return dir + "/db"; }

/// RocksDB's own log file, left out. It is of no use to a person, and it is deadly: Debian builds
/// the library with its assertions on, and on a full disk the second line that cannot be
/// written to that file aborts the process. Failures reach us as statuses all the same.
class no_log final : public rocksdb::Logger {
public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

/// Sized for a few thousand small records on a host with little memory: about 2 MB instead of
/// 14, and a log that stays short.
rocksdb::Options tuned() {
  rocksdb::Options o;
  o.create_if_missing = true;
  o.create_missing_column_families = true;
  o.max_background_jobs = 1;
  o.write_buffer_size = 64 << 10;
  o.arena_block_size = 8 << 10;
  o.max_write_buffer_number = 2;
  o.max_total_wal_size = 256 << 10;
  o.max_open_files = 16;
  o.max_file_opening_threads = 1;
  o.stats_dump_period_sec = 0; // no wakeups for statistics that nobody reads
  o.stats_persist_period_sec = 0;
  o.info_log = std::make_shared<no_log>();
  o.manifest_preallocation_size = 4 << 10;
  o.max_manifest_file_size = 64 << 10;
  o.level0_file_num_compaction_trigger = 2;
  o.target_file_size_base = 1 << 20;
  o.compression = rocksdb::kNoCompression;
  o.skip_stats_update_on_db_open = true;
  // The default would open a log that is damaged in the middle as if all were well, with
  // the records behind the damage gone. A torn tail is what a power cut leaves, and is fine.
  o.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(256 << 10, 0);
  table.cache_index_and_filter_blocks = true;
  o.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return o;
}

bool says(const rocksdb::Status& status, const char* words) {
  return status.ToString().find(words) != std::string::npos;
}

error explain_status(const rocksdb::Status& status, const std::string& what,
                     const std::string& dir) {
  error out{errc::io, "cannot " + what + " " + db_path(dir) + ": " + status.ToString(), {}};
  if (status.IsNoSpace()) {
    out.code = errc::no_space;
    out.remedy = "Free space on the disk that holds " + dir + ".";
  } else if (says(status, "Permission denied") || says(status, "Read-only file system")) {
    out.code = errc::denied;
    out.remedy = "Make " + dir
                 + " writable for the user that davitd runs as, or give another state directory "
                   "with --state.";
  } else if (status.IsCorruption()) {
    out.code = errc::corrupt;
    out.remedy = "Stop davitd, move " + db_path(dir) + " aside, and put the newest copy below "
                 + dir + "/checkpoints in its place, or none: the stacks are in " + dir
                 + "/stacks, only counters and history are lost.";
  }
  return out;
}

error written_by_newer(const std::string& dir, const std::string& sign) {
  return {errc::newer,
          "the store " + db_path(dir) + " was written by a later release of Davit (" + sign + ")",
          "Run that release or a later one; nothing was changed."};
}

/// The families of a database that is there. A name that this release does not know is the
/// work of a later one.
result<void> check_families(const rocksdb::Options& options, const std::string& dir) {
  std::vector<std::string> names;
  const auto status = rocksdb::DB::ListColumnFamilies(options, db_path(dir), &names);
  if (!status.ok()) {
    auto trouble = explain_status(status, "open", dir);
    // CURRENT names a file that is not there.
    if (trouble.code == errc::io && status.IsPathNotFound())
      trouble = explain_status(rocksdb::Status::Corruption(status.ToString()), "open", dir);
    return tl::unexpected(std::move(trouble));
  }
  for (const auto& name : names) {
    const bool known = name == rocksdb::kDefaultColumnFamilyName
                       || std::any_of(std::begin(all_families), std::end(all_families),
                                      [&](family f) { return name == to_string(f); });
    if (!known)
      return tl::unexpected(written_by_newer(dir, "it has a column family " + name));
  }
  return {};
}

/// Files, but none that names the current manifest: opening would begin an empty database
/// beside them, or fail with words that help nobody.
result<void> check_current(const std::string& dir) {
  std::error_code failure;
  if (std::filesystem::exists(db_path(dir) + "/CURRENT", failure))
    return {};
  for (const auto& entry : std::filesystem::directory_iterator(db_path(dir), failure)) {
    const auto ending = entry.path().extension();
    if (ending == ".log" || ending == ".sst"
        || entry.path().filename().string().starts_with("MANIFEST"))
      return tl::unexpected(
        explain_status(rocksdb::Status::Corruption("the file CURRENT is missing"), "open", dir));
  }
  return {};
}

result<void> check_room(const std::string& dir, std::uint64_t headroom) {
  struct statvfs disk {};
  if (::statvfs(dir.c_str(), &disk) != 0)
    return tl::unexpected(file_error(errno, "look at the disk of", dir));
  const auto free = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  if (free >= headroom)
    return {};
  return fail(errc::no_space,
              "the disk that holds " + dir + " has " + std::to_string(free >> 10)
                + " KiB left; the store needs " + std::to_string(headroom >> 10) + " KiB",
              "Free space on it.");
}

} // namespace

rocks_store::rocks_store(std::string dir, std::uint64_t headroom)
  : dir_{std::move(dir)}, headroom_{headroom} {}

rocks_store::~rocks_store() { stop(); }

result<std::unique_ptr<rocks_store>> rocks_store::open(const std::string& dir,
                                                       std::uint64_t headroom) {
  std::unique_ptr<rocks_store> out{new rocks_store{dir, headroom}};
  auto lock = state_lock::take(dir);
  if (!lock)
    return tl::unexpected(lock.error());
  out->lock_ = std::move(*lock);
  if (auto started = out->start(); !started)
    return tl::unexpected(started.error());
  return out;
}

result<void> rocks_store::start() {
  if (auto made = make_folder(db_path(dir_), 0700); !made)
    return made;
  if (auto sound = check_current(dir_); !sound)
    return sound;
  const auto options = tuned();
  std::error_code trouble;
  if (std::filesystem::exists(db_path(dir_) + "/CURRENT", trouble))
    if (auto known = check_families(options, dir_); !known)
      return known;

  std::vector<rocksdb::ColumnFamilyDescriptor> wanted;
  for (const auto f : all_families)
    wanted.emplace_back(to_string(f), options);
  wanted.emplace_back(rocksdb::kDefaultColumnFamilyName, options);
  rocksdb::DB* db = nullptr;
  const auto status = rocksdb::DB::Open(options, db_path(dir_), wanted, &families_, &db);
  if (!status.ok()) {
    if (says(status, "/LOCK: ") && (says(status, "lock file") || says(status, "lock hold")))
      return fail(errc::conflict,
                  "another program, no davitd, has the database " + db_path(dir_) + " open",
                  "Close that program (such as ldb) first.");
    return tl::unexpected(explain_status(status, "open", dir_));
  }
  db_.reset(db);
  failed_ = false;
  auto checked = check_format();
  if (!checked)
    stop();
  return checked;
}

void rocks_store::stop() {
  for (auto* one : families_)
    db_->DestroyColumnFamilyHandle(one);
  families_.clear();
  db_.reset();
}

result<void> rocks_store::ready() {
  if (db_ && !failed_)
    return {};
  stop();
  return start();
}

result<void> rocks_store::check_format() {
  std::string text;
  const auto status
    = db_->Get(rocksdb::ReadOptions{}, handle(family::meta), record::key::format, &text);
  if (status.IsNotFound()) {
    const auto wrote
      = put({{{family::meta, record::key::format, std::to_string(record::key::store_format)}}});
    return wrote ? sync() : wrote;
  }
  if (!status.ok())
    return failed(status, "read");
  std::uint32_t format = 0;
  const auto [stop, wrong] = std::from_chars(text.data(), text.data() + text.size(), format);
  if (wrong != std::errc{} || stop != text.data() + text.size() || format == 0)
    return failed(rocksdb::Status::Corruption("meta/format is no version"), "read");
  if (format > record::key::store_format)
    return tl::unexpected(written_by_newer(dir_, "format " + text));
  return {};
}

result<void> rocks_store::write(const std::vector<ports::record_batch>& batches) {
  if (auto room = check_room(dir_, headroom_); !room)
    return room;
  if (auto open = ready(); !open)
    return open;
  return put(batches);
}

result<void> rocks_store::put(const std::vector<ports::record_batch>& batches) {
  rocksdb::WriteBatch group;
  for (const auto& batch : batches)
    for (const auto& one : batch)
      if (const auto added = one.value ? group.Put(handle(one.in), one.key, *one.value)
                                       : group.Delete(handle(one.in), one.key);
          !added.ok())
        return failed(added, "write to");
  if (const auto status = db_->Write(rocksdb::WriteOptions{}, &group); !status.ok())
    return failed(status, "write to");
  return {};
}

result<void> rocks_store::sync() {
  if (auto open = ready(); !open)
    return open;
  if (const auto status = db_->SyncWAL(); !status.ok())
    return failed(status, "sync");
  return {};
}

result<std::map<std::string, std::string>> rocks_store::load(family in, const std::string& prefix) {
  if (auto open = ready(); !open)
    return tl::unexpected(open.error());
  std::map<std::string, std::string> out;
  const std::unique_ptr<rocksdb::Iterator> it{db_->NewIterator(rocksdb::ReadOptions{}, handle(in))};
  for (it->Seek(prefix); it->Valid() && it->key().starts_with(prefix); it->Next())
    out.emplace_hint(out.end(), it->key().ToString(), it->value().ToString());
  // A damaged block ends the iteration like the last record does: only the status tells.
  if (!it->status().ok())
    return tl::unexpected(explain_status(it->status(), "read", dir_));
  return out;
}

result<std::string> rocks_store::checkpoint(const std::string& name, std::size_t keep) {
  namespace fs = std::filesystem;
  if (auto open = ready(); !open)
    return tl::unexpected(open.error());
  const auto folder = dir_ + "/checkpoints";
  const auto path = folder + "/" + name;
  if (auto made = make_folder(folder, 0700); !made)
    return tl::unexpected(made.error());
  std::error_code failure;
  if (!fs::exists(path, failure)) {
    rocksdb::Checkpoint* maker = nullptr;
    auto status = rocksdb::Checkpoint::Create(db_.get(), &maker);
    const std::unique_ptr<rocksdb::Checkpoint> owner{maker};
    if (status.ok())
      status = maker->CreateCheckpoint(path);
    if (!status.ok())
      return tl::unexpected(explain_status(status, "copy", dir_));
  }
  std::vector<std::string> copies;
  for (const auto& entry : fs::directory_iterator(folder, failure))
    copies.push_back(entry.path().string());
  std::sort(copies.begin(), copies.end());
  while (copies.size() > std::max<std::size_t>(keep, 1)) {
    if (auto removed = remove_tree(copies.front()); !removed)
      return tl::unexpected(removed.error());
    copies.erase(copies.begin());
  }
  return path;
}

tl::unexpected<error> rocks_store::failed(const rocksdb::Status& status, const std::string& what) {
  failed_ = true;
  return tl::unexpected(explain_status(status, what, dir_));
}

rocksdb::ColumnFamilyHandle* rocks_store::handle(family in) const {
  return families_[static_cast<std::size_t>(in)];
}

} // namespace davit::effects
