// Hears of deaths through pidfds: one thread, one epoll set.
//
//   pidfd readable ──▶ the time is noted, the cgroup asked about memory
//                  ──▶ conmon's exit file, tried every millisecond for 200 at most,
//                      and no longer than conmon lives
//                  ──▶ exit_sink::exited, once
//
// A pidfd tells no exit code to anyone but the parent, which conmon is.
#pragma once

#include "runtime/ports/exits.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace davit::effects {

/// `sink` must outlive this; it is called from the watcher's thread, with no lock held, and may
/// call watch() and forget(). The destructor ends the thread.
class pidfd_exits final : public ports::exit_watcher {
public:
  explicit pidfd_exits(ports::exit_sink& sink);
  ~pidfd_exits() override;
  pidfd_exits(const pidfd_exits&) = delete;
  pidfd_exits& operator=(const pidfd_exits&) = delete;

  void watch(const life& which, std::int32_t pid, std::int32_t conmon_pid) override;
  void forget(const std::string& id) override;

private:
  struct watched;
  struct report;

  void run();
  void heard(std::uint64_t key, mono_time at);
  void ask_for_exit(mono_time now, std::vector<report>& done);
  void wake();
  void arm(int fd, std::uint64_t key);

  ports::exit_sink& sink_;
  int epoll_ = -1;
  int wake_ = -1; ///< eventfd: something changed

  std::mutex mutex_;
  // under mutex_
  std::map<std::uint64_t, std::unique_ptr<watched>> all_; ///< by an own key, never used twice
  std::map<life, std::uint64_t> by_life_;
  std::uint64_t next_key_ = 2; ///< even: the process; the odd one after it: its conmon
  std::string last_folder_;    ///< where conmon wrote last: it is the same for all
  bool leaving_ = false;

  std::thread thread_;
};

} // namespace davit::effects
