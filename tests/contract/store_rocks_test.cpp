// Goal: the database survives what happens to hosts, and says clearly when it cannot be used.
// Method: a child that is killed in the middle of writing, and folders that are damaged,
// full, locked, read-only or from a later release.
#include "runtime/effects/rocks_store.hpp"
#include "runtime/effects/state_lock.hpp"
#include "runtime/record/keys.hpp"
#include "tests/catch.hpp"
#include "tests/support/child.hpp"
#include "tests/support/temp_dir.hpp"

#include <rocksdb/db.h>

#include <csignal>
#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

using namespace davit;
using namespace davit::effects;
using namespace davit::ports;
using namespace davit::testing;
namespace fs = std::filesystem;

namespace {

std::unique_ptr<rocks_store> open_store(const std::string& dir) {
  auto opened = rocks_store::open(dir);
  if (!opened)
    FAIL(opened.error().message);
  return std::move(*opened);
}

error refusal(const std::string& dir) {
  auto opened = rocks_store::open(dir);
  REQUIRE_FALSE(opened);
  CHECK_FALSE(opened.error().remedy.empty());
  CHECK(opened.error().message.find(dir) != std::string::npos);
  return opened.error();
}

/// Flips bits in the middle of the newest file with this ending.
void damage(const std::string& folder, const std::string& ending) {
  std::string newest;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().string().ends_with(ending) && fs::file_size(entry) > 0)
      newest = std::max(newest, entry.path().string());
  REQUIRE_FALSE(newest.empty());
  std::fstream file{newest, std::ios::in | std::ios::out | std::ios::binary};
  const auto middle = static_cast<std::streamoff>(fs::file_size(newest) / 2);
  file.seekg(middle);
  const char was = static_cast<char>(file.get());
  file.seekp(middle);
  file.put(static_cast<char>(was ^ 0x55));
}

void fill(rocks_store& store, int records) {
  for (int i = 0; i < records; ++i)
    REQUIRE(store.write({{{family::ledger, std::to_string(1000 + i), std::string(200, 'v')}}}));
}

} // namespace

TEST_CASE("every acknowledged batch survives kill -9", "[store]") {
  if (const char* dir = child::role()) {
    // The child: says a line for every batch that was acknowledged, until it is killed.
    auto store = open_store(dir);
    for (int n = 1;; ++n) {
      const auto text = std::to_string(n);
      REQUIRE(store->write({{{family::ledger, "n", text}, {family::audit, text, text}}}));
      if (n % 3 == 0)
        REQUIRE(store->sync());
      child::say_line();
    }
  }
  temp_dir dir;
  std::size_t least = 0;
  for (int round = 0; round < 3; ++round) {
    child writer{"every acknowledged batch survives kill -9", dir.path()};
    const std::size_t heard = 25 * (static_cast<std::size_t>(round) + 1);
    writer.hear(heard);
    writer.kill();
    auto store = open_store(dir.path());
    const auto counter = store->load(family::ledger, "n");
    const auto audit = store->load(family::audit, "");
    REQUIRE(counter);
    REQUIRE(audit);
    least = std::max(least, heard);
    const auto n = std::stoul(counter->at("n"));
    CHECK(n >= heard);
    // Both halves of the last batch, or neither.
    CHECK(audit->contains(std::to_string(n)));
    CHECK_FALSE(audit->contains(std::to_string(std::max<std::size_t>(n, audit->size()) + 1)));
    CHECK(audit->size() >= least);
  }
}

TEST_CASE("a second daemon on one state directory is told who holds it", "[store]") {
  if (const char* dir = child::role()) {
    auto store = open_store(dir);
    child::say_line();
    ::pause();
  }
  temp_dir dir;
  child holder{"a second daemon on one state directory is told who holds it", dir.path()};
  holder.hear(1);
  const auto who = "process " + std::to_string(holder.pid()) + ", since 2";
  auto lock = state_lock::take(dir.path());
  REQUIRE_FALSE(lock);
  for (const auto& told : {lock.error(), refusal(dir.path())}) {
    CHECK(told.code == errc::conflict);
    CHECK(told.message.find(who) != std::string::npos);
    CHECK(told.remedy.find("--state") != std::string::npos);
  }
  holder.kill();
  // The kernel gave the locks back: nothing to clean up by hand.
  CHECK(rocks_store::open(dir.path()));
  CHECK(state_lock::take(dir.path()));
}

TEST_CASE("one process does not open a store twice either", "[store]") {
  temp_dir dir;
  auto first = open_store(dir.path());
  CHECK(refusal(dir.path()).code == errc::conflict);
  fill(*first, 3);
  CHECK(first->load(family::ledger, "")->size() == 3);
}

TEST_CASE("a database that another program holds is not opened", "[store]") {
  temp_dir dir;
  rocksdb::DB* raw = nullptr;
  rocksdb::Options options;
  options.create_if_missing = true;
  REQUIRE(rocksdb::DB::Open(options, dir / "db", &raw).ok());
  const std::unique_ptr<rocksdb::DB> db{raw};
  const auto told = refusal(dir.path());
  CHECK(told.code == errc::conflict);
  CHECK(told.message.find("another program") != std::string::npos);
}

TEST_CASE("a store of a later release is left alone", "[store]") {
  temp_dir dir;
  SECTION("by its format") {
    auto store = open_store(dir.path());
    REQUIRE(store->write({{{family::meta, record::key::format, "2"}}}));
    store.reset();
    CHECK(refusal(dir.path()).code == errc::newer);
    CHECK(refusal(dir.path()).message.find("format 2") != std::string::npos);
  }
  SECTION("by a column family") {
    open_store(dir.path()).reset();
    rocksdb::DB* raw = nullptr;
    std::vector<std::string> names;
    REQUIRE(rocksdb::DB::ListColumnFamilies({}, dir / "db", &names).ok());
    std::vector<rocksdb::ColumnFamilyDescriptor> all;
    for (const auto& name : names)
      all.emplace_back(name, rocksdb::ColumnFamilyOptions{});
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    REQUIRE(rocksdb::DB::Open({}, dir / "db", all, &handles, &raw).ok());
    const std::unique_ptr<rocksdb::DB> db{raw};
    rocksdb::ColumnFamilyHandle* added = nullptr;
    REQUIRE(db->CreateColumnFamily({}, "episodes", &added).ok());
    handles.push_back(added);
    for (auto* handle : handles)
      db->DestroyColumnFamilyHandle(handle);
    REQUIRE(db->Close().ok());
    CHECK(refusal(dir.path()).code == errc::newer);
    CHECK(refusal(dir.path()).message.find("episodes") != std::string::npos);
  }
  SECTION("a format that is no number is damage, not age") {
    auto store = open_store(dir.path());
    REQUIRE(store->write({{{family::meta, record::key::format, "two"}}}));
    store.reset();
    CHECK(refusal(dir.path()).code == errc::corrupt);
  }
}

TEST_CASE("damage is said, never read over", "[store]") {
  temp_dir dir;
  auto store = open_store(dir.path());
  fill(*store, 100);
  REQUIRE(store->sync());
  store.reset();
  SECTION("in the middle of the log") {
    damage(dir / "db", ".log");
    const auto told = refusal(dir.path());
    CHECK(told.code == errc::corrupt);
    CHECK(told.remedy.find("/checkpoints") != std::string::npos);
  }
  SECTION("in the manifest") {
    for (const auto& entry : fs::directory_iterator(dir / "db"))
      if (entry.path().filename().string().starts_with("MANIFEST"))
        fs::resize_file(entry.path(), 7);
    CHECK(refusal(dir.path()).code == errc::corrupt);
  }
  SECTION("the manifest is gone") {
    for (const auto& entry : fs::directory_iterator(dir / "db"))
      if (entry.path().filename().string().starts_with("MANIFEST"))
        fs::remove(entry.path());
    CHECK(refusal(dir.path()).code == errc::corrupt);
  }
  SECTION("CURRENT is gone") {
    fs::remove(dir / "db/CURRENT");
    CHECK(refusal(dir.path()).code == errc::corrupt);
  }
  SECTION("in a table, which only a read can find") {
    open_store(dir.path()).reset(); // the log becomes a table
    damage(dir / "db", ".sst");
    std::size_t troubles = 0;
    if (auto opened = rocks_store::open(dir.path())) {
      for (const auto in : {family::ledger, family::meta})
        if (auto got = (*opened)->load(in, ""); !got) {
          CHECK(got.error().code == errc::corrupt);
          ++troubles;
        }
    } else {
      CHECK(opened.error().code == errc::corrupt);
      ++troubles;
    }
    CHECK(troubles > 0);
  }
}

TEST_CASE("a torn end of the log, as a power cut leaves it, is no damage", "[store]") {
  temp_dir dir;
  auto store = open_store(dir.path());
  fill(*store, 100);
  store.reset();
  std::string log;
  for (const auto& entry : fs::directory_iterator(dir / "db"))
    if (entry.path().extension() == ".log" && fs::file_size(entry) > 0)
      log = entry.path().string();
  REQUIRE_FALSE(log.empty());
  fs::resize_file(log, fs::file_size(log) - 50);
  CHECK(open_store(dir.path())->load(family::ledger, "")->size() == 99);
}

TEST_CASE("a state directory that cannot be used is named, with a remedy", "[store]") {
  temp_dir dir;
  { std::ofstream file{dir / "file"}; }
  CHECK(refusal(dir / "file").code == errc::io);
  CHECK(refusal(dir / "no/such/parent").code == errc::not_found);
}

TEST_CASE("a checkpoint is a whole store of its own, and old ones go", "[store]") {
  temp_dir dir;
  auto store = open_store(dir.path());
  fill(*store, 10);
  const auto path = store->checkpoint("2026-01-01", 2);
  REQUIRE(path);
  fill(*store, 20);
  REQUIRE(store->checkpoint("2026-01-01", 2)); // once a day is enough
  REQUIRE(store->checkpoint("2026-01-02", 2));
  REQUIRE(store->checkpoint("2026-01-03", 2));
  CHECK_FALSE(fs::exists(*path));
  store.reset();
  // Back to the copy, as the runbook says it.
  fs::rename(dir / "db", dir / "db.broken");
  fs::copy(dir / "checkpoints/2026-01-02", dir / "db");
  CHECK(open_store(dir.path())->load(family::ledger, "")->size() == 20);
}

TEST_CASE("a disk without room is an error while it lasts, and no longer", "[store]") {
  temp_dir dir;
  auto store = open_store(dir.path());
  fill(*store, 3);
  // No file may grow beyond this: a full disk that a test can make without being root.
  struct sigaction ignore {};
  struct sigaction before {};
  ignore.sa_handler = SIG_IGN;
  REQUIRE(::sigaction(SIGXFSZ, &ignore, &before) == 0);
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &limit) == 0);
  const rlimit tight{20'000, limit.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &tight) == 0);
  std::size_t written = 3;
  std::size_t refused = 0;
  std::vector<error> told;
  for (int i = 0; i < 400; ++i) {
    if (auto wrote
        = store->write({{{family::audit, std::to_string(1000 + i), std::string(200, 'v')}}}))
      ++written;
    else
      told.push_back(wrote.error());
    if (auto synced = store->sync(); !synced)
      ++refused;
  }
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  REQUIRE(::sigaction(SIGXFSZ, &before, nullptr) == 0);
  REQUIRE_FALSE(told.empty());
  CHECK(told.front().code == errc::io);
  CHECK(told.front().message.find(dir.path()) != std::string::npos);
  INFO(written << " written, " << told.size() << " writes and " << refused << " syncs refused");

  CHECK(store->write({{{family::ledger, "after", "1"}}}));
  CHECK(store->sync());
  store.reset();
  store = open_store(dir.path());
  CHECK(store->load(family::audit, "")->size() + 3 >= written);
  CHECK(store->load(family::ledger, "after")->size() == 1);
}

TEST_CASE("the store stops writing before the disk is full", "[store]") {
  temp_dir dir;
  auto opened = rocks_store::open(dir.path(), std::uint64_t{1} << 62);
  REQUIRE(opened);
  auto wrote = (*opened)->write({{{family::ledger, "a", "1"}}});
  REQUIRE_FALSE(wrote);
  CHECK(wrote.error().code == errc::no_space);
  CHECK(wrote.error().message.find(dir.path()) != std::string::npos);
  CHECK_FALSE(wrote.error().remedy.empty());
  CHECK((*opened)->sync());
  CHECK((*opened)->load(family::ledger, "")->empty());
}
