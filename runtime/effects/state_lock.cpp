#include "runtime/effects/state_lock.hpp"

#include "runtime/record/text.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

namespace davit::effects {

namespace {

std::string lock_path(const std::string& dir) { return dir + "/lock"; }

std::string lock_holder(const std::string& dir) {
  auto text = read_whole(lock_path(dir), 256).value_or("");
  while (!text.empty() && text.back() == '\n')
    text.pop_back();
  return text;
}

error held_by_another(const std::string& dir) {
  const auto holder = lock_holder(dir);
  return {errc::conflict,
          "the state directory " + dir + " is in use by another davitd"
            + (holder.empty() ? "" : ": " + holder),
          "Stop that one first (systemctl stop davitd), or give this one a state directory of its "
          "own with --state."};
}

} // namespace

result<state_lock> state_lock::take(const std::string& dir) {
  if (auto made = make_folder(dir, 0700); !made)
    return tl::unexpected(made.error());
  const auto path = lock_path(dir);
  descriptor file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  if (!file)
    return tl::unexpected(file_error(errno, "open", path));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK)
      return tl::unexpected(held_by_another(dir));
    return tl::unexpected(file_error(errno, "lock", path));
  }
  using namespace std::chrono;
  const auto text = "process " + std::to_string(::getpid()) + ", since "
                    + record::wall_text(floor<milliseconds>(system_clock::now())) + "\n";
  // Words for a person: on a full disk the lock counts without them.
  ssize_t written = 0;
  if (::ftruncate(file.get(), 0) == 0)
    written = ::write(file.get(), text.data(), text.size());
  static_cast<void>(written);
  return state_lock{std::move(file)};
}

} // namespace davit::effects
