// Files that survive a power cut: written whole beside their place, synced, renamed, and the
// folder synced too. Used by the desired files and the state directory's lock.
#pragma once

#include "runtime/model/result.hpp"

#include <sys/types.h>

#include <string>
#include <string_view>
#include <utility>

namespace davit::effects {

/// Owns a file descriptor.
class descriptor {
public:
  explicit descriptor(int fd = -1) : fd_{fd} {}
  descriptor(descriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  descriptor& operator=(descriptor&& other) noexcept;
  ~descriptor();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

private:
  int fd_;
};

/// What an errno means here: no_space, denied, not_found or io. The message reads
/// "cannot WHAT PATH: REASON".
error file_error(int number, const std::string& what, const std::string& path);

/// Makes one folder with exactly this mode; one that is there is fine and keeps its mode.
result<void> make_folder(const std::string& path, mode_t mode);

result<void> sync_folder(const std::string& path);

/// Replaces `path` in one step. Its leftovers after a crash are called `path` + ".tmp".
result<void> write_durably(const std::string& path, std::string_view content, mode_t mode);

/// The whole of a regular file. More than `most` bytes, or another kind of file: io.
result<std::string> read_whole(const std::string& path, std::size_t most);

/// Removes a file or a folder with all in it; what is absent is fine. Not synced.
result<void> remove_tree(const std::string& path);

} // namespace davit::effects
