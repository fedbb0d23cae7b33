// Goal: whatever a manifest names is read in bounded time and memory, or refused in words.
// Method: real files of every kind in a folder of our own.
#include "runtime/effects/manifest_files.hpp"

#include "tests/catch.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace davit;
using namespace davit::effects;

namespace {

class folder {
public:
  folder() {
    std::string path = (std::filesystem::temp_directory_path() / "davit-files-XXXXXX").string();
    REQUIRE(::mkdtemp(path.data()) != nullptr);
    path_ = path;
  }
  ~folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(*this / name, std::ios::binary) << text;
    return *this / name;
  }

private:
  std::string path_;
};

errc code(const result<std::string>& r) {
  REQUIRE_FALSE(r);
  CHECK_FALSE(r.error().message.empty());
  CHECK_FALSE(r.error().remedy.empty());
  return r.error().code;
}

} // namespace

TEST_CASE("a text file is read whole, through a link too") {
  const folder f;
  const auto path = f.write("a.yaml", "services: {}\n");
  CHECK(read_manifest_file(path) == "services: {}\n");
  std::filesystem::create_symlink(path, f / "link");
  CHECK(read_manifest_file(f / "link") == "services: {}\n");
  CHECK(manifest_file_exists(f / "link"));
  CHECK(read_manifest_file(f.write("empty", "")) == "");
  CHECK(read_manifest_file(f.write("full", std::string(largest_manifest_file, 'x'))));
}

TEST_CASE("what is no text file is refused without waiting") {
  const folder f;
  CHECK(code(read_manifest_file(f / "gone")) == errc::not_found);
  CHECK_FALSE(manifest_file_exists(f / "gone"));
  CHECK(code(read_manifest_file(f / "gone/below")) == errc::not_found);
  CHECK(code(read_manifest_file(f / "")) == errc::invalid);
  CHECK(code(read_manifest_file("/dev/zero")) == errc::invalid);
  REQUIRE(::mkfifo((f / "pipe").c_str(), 0600) == 0);
  CHECK(code(read_manifest_file(f / "pipe")) == errc::invalid);
  CHECK(code(read_manifest_file(f.write("large", std::string(largest_manifest_file + 1, 'x'))))
        == errc::invalid);
  CHECK(code(read_manifest_file(f.write("binary", std::string("a\0b", 3)))) == errc::invalid);
  CHECK(read_any_file(f / "binary") == std::string("a\0b", 3));
  std::filesystem::create_symlink(f / "loop", f / "loop");
  CHECK(code(read_manifest_file(f / "loop")) == errc::io);
  CHECK(manifest_file_exists(f / "loop"));
}
