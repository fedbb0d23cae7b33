// Goal: the store keeps its word (runtime/ports/store.hpp), whoever keeps it, and the
// saboteur spoils only what it is told to.
// Method: one suite over the twin in memory and over RocksDB in a folder of its own.
#include "runtime/effects/rocks_store.hpp"
#include "tests/catch.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/sabotaged_store.hpp"
#include "tests/support/temp_dir.hpp"

using namespace davit;
using namespace davit::ports;
using namespace davit::testing;
using records = std::map<std::string, std::string>;

namespace {

struct in_memory {
  memory_store inner;
  ports::store& store() { return inner; }
  void daemon_starts_anew() { inner.crash(); }
};

struct in_rocksdb {
  temp_dir dir;
  std::unique_ptr<effects::rocks_store> inner;
  ports::store& store() {
    if (!inner) {
      auto opened = effects::rocks_store::open(dir.path());
      REQUIRE(opened);
      inner = std::move(*opened);
    }
    return *inner;
  }
  void daemon_starts_anew() { inner.reset(); }
};

record_write put(family in, std::string key, std::string value) {
  return {in, std::move(key), std::move(value)};
}
record_write erase(family in, std::string key) { return {in, std::move(key), std::nullopt}; }

records load(ports::store& s, family in, const std::string& prefix = "") {
  auto got = s.load(in, prefix);
  REQUIRE(got);
  return *got;
}

} // namespace

TEMPLATE_TEST_CASE("what was written is read, in order, across families", "[store]", in_memory,
                   in_rocksdb) {
  TestType subject;
  auto& s = subject.store();
  REQUIRE(s.write({{put(family::ledger, "a", "1"), put(family::journal, "a", "j")},
                   {put(family::ledger, "a", "2"), put(family::ledger, "b", "1")},
                   {erase(family::ledger, "b"), put(family::ledger, "c", "")}}));
  CHECK(load(s, family::ledger) == records{{"a", "2"}, {"c", ""}});
  CHECK(load(s, family::journal) == records{{"a", "j"}});
  CHECK(load(s, family::queues).empty());
}

TEMPLATE_TEST_CASE("a prefix is a prefix of bytes, and nothing matches nothing", "[store]",
                   in_memory, in_rocksdb) {
  TestType subject;
  auto& s = subject.store();
  const std::string nul("ledger/a/\0", 10);
  REQUIRE(s.write({{put(family::ledger, "ledger/a/x", "1"), put(family::ledger, "ledger/ab/x", "2"),
                    put(family::ledger, "ledger/b", "3"), put(family::ledger, nul, "4"),
                    put(family::ledger, "ledger/a/\xff", "5")}}));
  CHECK(load(s, family::ledger, "ledger/a/")
        == records{{nul, "4"}, {"ledger/a/x", "1"}, {"ledger/a/\xff", "5"}});
  CHECK(load(s, family::ledger, "ledger/c").empty());
  CHECK(load(s, family::ledger).size() == 5);
}

TEMPLATE_TEST_CASE("empty groups and removals of what is absent are fine", "[store]", in_memory,
                   in_rocksdb) {
  TestType subject;
  auto& s = subject.store();
  CHECK(s.write({}));
  CHECK(s.write({{}, {}}));
  CHECK(s.write({{erase(family::audit, "never")}}));
  CHECK(s.sync());
  CHECK(s.sync());
  CHECK(load(s, family::audit).empty());
}

TEMPLATE_TEST_CASE("what was written is there for the next daemon, synced or not", "[store]",
                   in_memory, in_rocksdb) {
  TestType subject;
  for (int life = 0; life < 4; ++life) {
    auto& s = subject.store();
    CHECK(load(s, family::queues).size() == static_cast<std::size_t>(life * 20));
    for (int i = 0; i < 20; ++i)
      REQUIRE(s.write({{put(family::queues, "life" + std::to_string(life) + "/" + std::to_string(i),
                            std::string(2'000, 'v'))}}));
    if (life % 2)
      REQUIRE(s.sync());
    subject.daemon_starts_anew();
  }
}

TEMPLATE_TEST_CASE("values of any bytes and of a megabyte come back whole", "[store]", in_memory,
                   in_rocksdb) {
  TestType subject;
  std::string bytes;
  for (int i = 0; i < 256; ++i)
    bytes += static_cast<char>(i);
  const std::string large(1 << 20, 'x');
  REQUIRE(subject.store().write(
    {{put(family::commands, "bytes", bytes), put(family::commands, "large", large)}}));
  subject.daemon_starts_anew();
  CHECK(load(subject.store(), family::commands) == records{{"bytes", bytes}, {"large", large}});
}

TEST_CASE("a power cut leaves what was synced and a beginning of the rest", "[store]") {
  const auto counter
    = [](int n) { return record_batch{put(family::ledger, "n", std::to_string(n))}; };
  for (std::size_t survivors = 0; survivors < 4; ++survivors) {
    memory_store s;
    REQUIRE(s.write({counter(1), counter(2)}));
    REQUIRE(s.sync());
    REQUIRE(s.write({counter(3)}));
    REQUIRE(s.write({counter(4)}));
    CHECK(s.unsynced() == 2);
    s.power_cut(survivors);
    const auto expected = std::to_string(2 + std::min<std::size_t>(survivors, 2));
    CHECK(load(s, family::ledger) == records{{"n", expected}});
    s.power_cut();
    CHECK(load(s, family::ledger) == records{{"n", expected}});
  }
}

TEST_CASE("the saboteur spoils the call that it is told to, in the way that it is told",
          "[store]") {
  memory_store inner;
  sabotaged_store s{inner};
  const std::vector<record_batch> two{{put(family::ledger, "a", "1")},
                                      {put(family::ledger, "b", "1")}};

  s.plan({.nth = 2, .with = {errc::no_space, "full", "free some"}});
  CHECK(s.sync());
  auto refused = s.write(two);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::no_space);
  CHECK(load(inner, family::ledger).empty());
  CHECK(s.sync());

  s.plan({.act = sabotage::how::take_half});
  CHECK_FALSE(s.write(two));
  CHECK(load(inner, family::ledger) == records{{"a", "1"}});

  s.plan({.act = sabotage::how::lie});
  CHECK_FALSE(s.write(two));
  CHECK(load(inner, family::ledger).size() == 2);

  bool waited = false;
  s.plan({.act = sabotage::how::dawdle, .meanwhile = [&] { waited = true; }});
  CHECK(s.write(two));
  CHECK(waited);

  s.plan({.times = 2});
  CHECK_FALSE(s.load(family::ledger, ""));
  CHECK_FALSE(s.sync());
  CHECK(s.sync());
  CHECK(s.calls() == 9);
}
