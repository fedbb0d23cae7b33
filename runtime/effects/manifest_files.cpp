#include "runtime/effects/manifest_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace davit::effects {

namespace {

class descriptor {
public:
  explicit descriptor(int fd) : fd_(fd) {}
  ~descriptor() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  int get() const { return fd_; }

private:
  int fd_;
};

tl::unexpected<error> system_error(const std::string& path, int code) {
  const auto words = path + ": " + std::generic_category().message(code);
  switch (code) {
    case ENOENT:
    case ENOTDIR: return fail(errc::not_found, path + " does not exist", "check the path");
    case EACCES:
    case EPERM: return fail(errc::denied, words, "give yourself the right to read it");
    case ENXIO: return fail(errc::invalid, path + " is a pipe or a socket", "name a regular file");
    default: return fail(errc::io, words, "check the disk and the path");
  }
}

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode))
    return "a directory";
  if (S_ISCHR(mode) || S_ISBLK(mode))
    return "a device";
  return "a pipe or a socket";
}

} // namespace

result<std::string> read_any_file(const std::string& path) {
  // O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
  const descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (file.get() < 0)
    return system_error(path, errno);
  struct stat about {};
  if (::fstat(file.get(), &about) != 0)
    return system_error(path, errno);
  if (!S_ISREG(about.st_mode))
    return fail(errc::invalid, path + " is " + kind_of(about.st_mode), "name a regular file");
  // Files of /proc say that they are empty, so the size is judged while reading.
  std::string text;
  char buffer[64 * 1024];
  for (;;) {
    const auto count = ::read(file.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return system_error(path, errno);
    if (count == 0)
      return text;
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.size() > largest_manifest_file)
      return fail(errc::invalid, path + " has more than 4 MiB", "is it the right file?");
  }
}

result<std::string> read_manifest_file(const std::string& path) {
  auto text = read_any_file(path);
  if (text && text->find('\0') != std::string::npos)
    return fail(errc::invalid, path + " is a binary file: it has NUL bytes",
                "name a text file, saved as UTF-8");
  return text;
}

bool manifest_file_exists(const std::string& path) {
  struct stat about {};
  // What cannot be looked at is there for all we know; reading it says why.
  return ::stat(path.c_str(), &about) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

} // namespace davit::effects
