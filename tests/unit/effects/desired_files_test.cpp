// Goal: what lies on disk is safe from other users, from torn writes and from curious names.
// Method: the folder is looked at directly; leftovers and damage are planted. What every
// keeper of files promises is in tests/contract.
#include "runtime/effects/desired_files.hpp"
#include "runtime/effects/durable_file.hpp"
#include "tests/catch.hpp"
#include "tests/support/temp_dir.hpp"

#include <sys/stat.h>

#include <fstream>

using namespace davit;
using namespace davit::testing;
namespace fs = std::filesystem;

namespace {

mode_t mode_of(const std::string& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777;
}

void plant(const std::string& path) {
  fs::create_directories(fs::path{path}.parent_path());
  std::ofstream{path} << "left over";
}

struct shop {
  temp_dir dir;
  effects::desired_files files{dir.path()};
  shop() {
    REQUIRE(files.put({"shop", "000001", "one"}));
    REQUIRE(files.select("shop", "000001"));
  }
  std::vector<error> load() {
    std::vector<error> trouble;
    auto got = files.load_current(trouble);
    REQUIRE(got);
    found = got->size();
    return trouble;
  }
  std::size_t found = 0;
};

} // namespace

TEST_CASE("only the daemon's user can read what is desired, whatever the umask") {
  const auto before = ::umask(0);
  shop s;
  auto secret = s.files.put_secret("shop", "token", "t0k3n", 0444);
  ::umask(before);
  REQUIRE(secret);
  CHECK(mode_of(s.dir / "stacks") == 0700);
  CHECK(mode_of(s.dir / "stacks/shop") == 0700);
  CHECK(mode_of(s.dir / "stacks/shop/000001.json") == 0600);
  CHECK(mode_of(s.dir / "secrets") == 0700);
  CHECK(mode_of(s.dir / "secrets/shop") == 0700);
  CHECK(*secret == s.dir / "secrets/shop/token");
  CHECK(mode_of(*secret) == 0444); // for whichever user reads it in the container
  CHECK(*effects::read_whole(*secret, 100) == "t0k3n");
}

TEST_CASE("a rotated secret is a new file: a container keeps the one that it was given") {
  shop s;
  auto path = s.files.put_secret("shop", "token", "old", 0400);
  REQUIRE(path);
  std::ifstream held{*path};
  REQUIRE(s.files.put_secret("shop", "token", "new", 0400));
  std::string word;
  held >> word;
  CHECK(word == "old");
  CHECK(*effects::read_whole(*path, 100) == "new");
}

TEST_CASE("a person can follow the current link") {
  shop s;
  CHECK(fs::read_symlink(s.dir / "stacks/shop/current") == "000001.json");
  CHECK(*effects::read_whole(s.dir / "stacks/shop/current", 100) == "one");
}

TEST_CASE("leftovers of torn writes are removed at load, and count for nothing") {
  shop s;
  const std::vector<std::string> leftovers{
    s.dir / "stacks/shop/000002.json.tmp", s.dir / "stacks/shop/current.tmp",
    s.dir / "stacks/blog.tmp/000001.json", s.dir / "secrets/shop/token.tmp",
    s.dir / "secrets/blog.tmp/token",      s.dir / "secrets/gone/token",
  };
  for (const auto& path : leftovers)
    plant(path);
  CHECK(s.load().empty());
  CHECK(s.found == 1);
  for (const auto& path : leftovers)
    CHECK_FALSE(fs::exists(path));
  CHECK_FALSE(fs::exists(s.dir / "stacks/blog.tmp"));
  CHECK_FALSE(fs::exists(s.dir / "secrets/gone"));
}

TEST_CASE("a leftover in the way of a write does not hinder it") {
  shop s;
  plant(s.dir / "stacks/shop/000002.json.tmp");
  plant(s.dir / "stacks/shop/current.tmp");
  CHECK(s.files.put({"shop", "000002", "two"}));
  CHECK(s.files.select("shop", "000002"));
  CHECK(s.files.load("shop", "000002")->content == "two");
}

TEST_CASE("a stack that cannot be read is named, left as it is, and hides no other") {
  shop s;
  const auto folder = s.dir / "stacks/broken";
  SECTION("it has no current") { plant(folder + "/000001.json"); }
  SECTION("current names what is not there") {
    fs::create_directories(folder);
    fs::create_symlink("000009.json", folder + "/current");
  }
  SECTION("current leads out of the folder") {
    fs::create_directories(folder);
    fs::create_symlink("../shop/000001.json", folder + "/current");
  }
  SECTION("current is no link") { plant(folder + "/current"); }
  SECTION("the revision is a folder") {
    fs::create_directories(folder + "/000001.json");
    fs::create_symlink("000001.json", folder + "/current");
  }
  SECTION("it is no folder at all") { plant(folder); }
  const auto trouble = s.load();
  CHECK(s.found == 1);
  REQUIRE(trouble.size() == 1);
  CHECK(trouble[0].message.find("the stack broken has no current revision that can be read: ")
        == 0);
  CHECK_FALSE(trouble[0].remedy.empty());
  CHECK(fs::exists(folder));
}

TEST_CASE("a path that is in the way is an error with its place") {
  temp_dir dir;
  plant(dir / "stacks");
  effects::desired_files files{dir.path()};
  auto put = files.put({"shop", "000001", "one"});
  REQUIRE_FALSE(put);
  CHECK(put.error().message == "cannot use as a folder " + dir / "stacks: Not a directory");
}

TEST_CASE("errnos become the errors of the port, with remedies") {
  CHECK(effects::file_error(ENOSPC, "write", "/x").code == errc::no_space);
  CHECK(effects::file_error(EDQUOT, "write", "/x").code == errc::no_space);
  CHECK(effects::file_error(EROFS, "write", "/x").code == errc::denied);
  CHECK(effects::file_error(EACCES, "write", "/x").remedy.find("--state") != std::string::npos);
  CHECK(effects::file_error(ENOENT, "open", "/x").code == errc::not_found);
  CHECK(effects::file_error(EIO, "sync", "/x").code == errc::io);
  CHECK(effects::file_error(EIO, "sync", "/x").message == "cannot sync /x: Input/output error");
}

TEST_CASE("a file is read whole or not at all") {
  temp_dir dir;
  REQUIRE(effects::write_durably(dir / "file", std::string(100, 'x'), 0600));
  CHECK(effects::read_whole(dir / "file", 100)->size() == 100);
  CHECK(effects::read_whole(dir / "file", 99).error().code == errc::io);
  CHECK(effects::read_whole(dir.path(), 99).error().code == errc::io);
}
