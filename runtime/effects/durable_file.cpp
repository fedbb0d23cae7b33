#include "runtime/effects/durable_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace davit::effects {

namespace {

std::string parent_of(const std::string& path) {
  const auto parent = std::filesystem::path{path}.parent_path().string();
  return parent.empty() ? "." : parent;
}

tl::unexpected<error> failed(const std::string& what, const std::string& path) {
  return tl::unexpected(file_error(errno, what, path));
}

result<void> write_all(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return failed("write", path);
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

result<void> write_and_sync(const std::string& path, std::string_view content, mode_t mode) {
  // A leftover of a torn write may have another mode, or be a link: begin anew.
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return failed("replace", path);
  const descriptor file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (!file)
    return failed("create", path);
  if (auto done = write_all(file.get(), content, path); !done)
    return done;
  // fchmod, not open's mode: that one would be cut by the umask.
  if (::fchmod(file.get(), mode) != 0)
    return failed("set the mode of", path);
  if (::fsync(file.get()) != 0)
    return failed("sync", path);
  return {};
}

} // namespace

descriptor& descriptor::operator=(descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

descriptor::~descriptor() {
  if (fd_ >= 0)
    ::close(fd_);
}

error file_error(int number, const std::string& what, const std::string& path) {
  const auto reason = std::generic_category().message(number);
  error out{errc::io, "cannot " + what + " " + path + ": " + reason, {}};
  switch (number) {
    case ENOSPC:
    case EDQUOT:
      out.code = errc::no_space;
      out.remedy = "Free space on the disk that holds it.";
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      out.code = errc::denied;
      out.remedy = "Make it writable for the user that davitd runs as, or give another state "
                   "directory with --state.";
      break;
    case ENOENT: out.code = errc::not_found; break;
    default: break;
  }
  return out;
}

result<void> make_folder(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) == 0) {
    if (::chmod(path.c_str(), mode) != 0)
      return failed("set the mode of", path);
    return sync_folder(parent_of(path));
  }
  const int reason = errno;
  struct stat info {};
  const bool there = reason == EEXIST && ::stat(path.c_str(), &info) == 0;
  if (there && S_ISDIR(info.st_mode))
    return {};
  auto trouble
    = there ? file_error(ENOTDIR, "use as a folder", path) : file_error(reason, "create", path);
  if (there)
    trouble.remedy = "Move aside what lies there.";
  else if (reason == ENOENT)
    trouble.remedy = "Create the folder that it is to lie in.";
  return tl::unexpected(std::move(trouble));
}

result<void> sync_folder(const std::string& path) {
  const descriptor folder{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!folder)
    return failed("open", path);
  if (::fsync(folder.get()) != 0)
    return failed("sync", path);
  return {};
}

result<void> write_durably(const std::string& path, std::string_view content, mode_t mode) {
  const std::string beside = path + ".tmp";
  auto done = write_and_sync(beside, content, mode);
  if (done && ::rename(beside.c_str(), path.c_str()) != 0)
    done = failed("rename to", path);
  if (!done) {
    ::unlink(beside.c_str()); // best effort: a load removes it too
    return done;
  }
  return sync_folder(parent_of(path));
}

result<std::string> read_whole(const std::string& path, std::size_t most) {
  const descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!file)
    return failed("open", path);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0)
    return failed("look at", path);
  if (!S_ISREG(info.st_mode))
    return fail(errc::io, path + " is no regular file");
  std::string out;
  char buffer[16 * 1024];
  for (;;) {
    const ssize_t n = ::read(file.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return failed("read", path);
    if (n == 0)
      return out;
    out.append(buffer, static_cast<std::size_t>(n));
    if (out.size() > most)
      return fail(errc::io, path + " has more than " + std::to_string(most) + " bytes");
  }
}

result<void> remove_tree(const std::string& path) {
  std::error_code failure;
  std::filesystem::remove_all(path, failure);
  if (failure)
    return tl::unexpected(file_error(failure.value(), "remove", path));
  return {};
}

} // namespace davit::effects
