// Goal: what is desired is kept as runtime/ports/store.hpp says, whoever keeps it.
// Method: one suite over the twin in memory and over real files in a folder of its own.
#include "runtime/effects/desired_files.hpp"
#include "tests/catch.hpp"
#include "tests/support/child.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/sabotaged_store.hpp"
#include "tests/support/temp_dir.hpp"

using namespace davit;
using namespace davit::testing;
using names = std::vector<std::string>;

namespace {

struct in_memory {
  memory_files inner;
  ports::desired_files& files() { return inner; }
};

struct on_disk {
  temp_dir dir;
  std::unique_ptr<effects::desired_files> inner;
  /// A new one each time: nothing may live in memory only.
  ports::desired_files& files() {
    inner = std::make_unique<effects::desired_files>(dir.path());
    return *inner;
  }
};

/// "shop@000002=content" of every stack that can be read.
names current(ports::desired_files& files, std::size_t troubles = 0) {
  std::vector<error> trouble;
  auto got = files.load_current(trouble);
  REQUIRE(got);
  CHECK(trouble.size() == troubles);
  names out;
  for (const auto& file : *got)
    out.push_back(file.stack + "@" + file.revision + "=" + file.content);
  return out;
}

} // namespace

TEMPLATE_TEST_CASE("a revision counts once it is selected", "[store]", in_memory, on_disk) {
  TestType subject;
  CHECK(current(subject.files()).empty());
  REQUIRE(subject.files().put({"shop", "000001", "one"}));
  CHECK(current(subject.files(), 1).empty());
  REQUIRE(subject.files().select("shop", "000001"));
  REQUIRE(subject.files().put({"shop", "000002", "two"}));
  REQUIRE(subject.files().put({"blog", "000001", ""}));
  REQUIRE(subject.files().select("blog", "000001"));
  CHECK(current(subject.files()) == names{"blog@000001=", "shop@000001=one"});
  REQUIRE(subject.files().select("shop", "000002"));
  CHECK(current(subject.files()) == names{"blog@000001=", "shop@000002=two"});
  REQUIRE(subject.files().select("shop", "000001"));
  CHECK(current(subject.files()) == names{"blog@000001=", "shop@000001=one"});
}

TEMPLATE_TEST_CASE("revisions are listed, loaded and written again", "[store]", in_memory,
                   on_disk) {
  TestType subject;
  for (const char* revision : {"000002", "000010", "000001"})
    REQUIRE(subject.files().put({"shop", revision, revision}));
  CHECK(*subject.files().revisions("shop") == names{"000001", "000002", "000010"});
  CHECK(subject.files().revisions("none")->empty());
  REQUIRE(subject.files().put({"shop", "000002", "again"}));
  CHECK(subject.files().load("shop", "000002")->content == "again");
}

TEMPLATE_TEST_CASE("what is not there is not found", "[store]", in_memory, on_disk) {
  TestType subject;
  REQUIRE(subject.files().put({"shop", "000001", "one"}));
  CHECK(subject.files().load("shop", "000002").error().code == errc::not_found);
  CHECK(subject.files().load("none", "000001").error().code == errc::not_found);
  CHECK(subject.files().select("shop", "000002").error().code == errc::not_found);
  CHECK(subject.files().select("none", "000001").error().code == errc::not_found);
}

TEMPLATE_TEST_CASE("removal takes one revision, or the stack with its secrets", "[store]",
                   in_memory, on_disk) {
  TestType subject;
  REQUIRE(subject.files().put({"shop", "000001", "one"}));
  REQUIRE(subject.files().put({"shop", "000002", "two"}));
  REQUIRE(subject.files().select("shop", "000002"));
  REQUIRE(subject.files().put_secret("shop", "token", "t", 0400));
  CHECK(subject.files().remove("shop", "000002").error().code == errc::conflict);
  REQUIRE(subject.files().remove("shop", "000001"));
  CHECK(*subject.files().revisions("shop") == names{"000002"});
  REQUIRE(subject.files().remove("shop", ""));
  CHECK(current(subject.files()).empty());
  CHECK(subject.files().revisions("shop")->empty());
  // A removal that is resumed finds nothing left to do.
  CHECK(subject.files().remove("shop", ""));
  CHECK(subject.files().remove("shop", "000001"));
}

TEMPLATE_TEST_CASE("a name that is no file name is refused, and touches nothing", "[store]",
                   in_memory, on_disk) {
  TestType subject;
  for (const std::string bad : {"", ".", "..", "a/b", "../shop", "/etc", ".hidden"}) {
    INFO("name '" << bad << "'");
    CHECK(subject.files().put({bad, "000001", "x"}).error().code == errc::invalid);
    CHECK(subject.files().put({"shop", bad, "x"}).error().code == errc::invalid);
    CHECK(subject.files().load(bad, "000001").error().code == errc::invalid);
    CHECK(subject.files().select("shop", bad).error().code == errc::invalid);
    CHECK(subject.files().revisions(bad).error().code == errc::invalid);
    CHECK(subject.files().remove(bad, "").error().code == errc::invalid);
    CHECK(subject.files().put_secret("shop", bad, "x", 0400).error().code == errc::invalid);
    CHECK(subject.files().put_secret(bad, "token", "x", 0400).error().code == errc::invalid);
  }
  CHECK(current(subject.files()).empty());
}

TEST_CASE("a saboteur of files spoils the call that it is told to", "[store]") {
  memory_files inner;
  sabotaged_files files{inner};
  files.plan({.nth = 2, .with = {errc::no_space, "full", "free some"}});
  REQUIRE(files.put({"shop", "000001", "one"}));
  CHECK(files.select("shop", "000001").error().code == errc::no_space);
  CHECK(current(inner, 1).empty());
  files.plan({.act = sabotage::how::lie});
  CHECK_FALSE(files.select("shop", "000001"));
  CHECK(current(inner) == names{"shop@000001=one"});
  inner.damage("shop");
  CHECK(current(inner, 1).empty());
  CHECK(inner.secret("shop", "token") == std::nullopt);
}

TEST_CASE("files killed in the middle of a change are whole and name one revision", "[store]") {
  const auto revision = [](int n) { return std::to_string(100000 + n); };
  const auto content
    = [&](int n) { return std::string(20'000, static_cast<char>('a' + n % 26)) + revision(n); };
  if (const char* dir = child::role()) {
    effects::desired_files files{dir};
    for (int n = 1;; ++n) {
      REQUIRE(files.put({"shop", revision(n), content(n)}));
      REQUIRE(files.select("shop", revision(n)));
      if (n % 2 == 0) {
        REQUIRE(files.put({"blog", revision(n), content(n)}));
        REQUIRE(files.select("blog", revision(n)));
        REQUIRE(files.put_secret("blog", "token", content(n), 0400));
        REQUIRE(files.remove("blog", ""));
      }
      child::say_line();
    }
  }
  temp_dir dir;
  for (std::size_t heard = 1; heard < 30; heard += 7) {
    child writer{"files killed in the middle of a change are whole and name one revision",
                 dir.path()};
    writer.hear(heard);
    writer.kill();
    effects::desired_files files{dir.path()};
    std::vector<error> trouble;
    auto got = files.load_current(trouble);
    REQUIRE(got);
    bool found = false;
    for (const auto& file : *got) {
      const int n = std::stoi(file.revision) - 100000;
      CHECK(file.content == content(n));
      if (file.stack == "shop") {
        found = true;
        CHECK(n >= static_cast<int>(heard));
      }
    }
    CHECK(found);
    // A stack that was not selected yet is named; nothing else may be in the way.
    CHECK(trouble.size() <= 1);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dir.path()))
      CHECK_FALSE(entry.path().string().ends_with(".tmp"));
    for (const auto& told : trouble)
      CHECK(told.message.find("the stack blog") == 0);
    REQUIRE(files.remove("blog", ""));
  }
}
