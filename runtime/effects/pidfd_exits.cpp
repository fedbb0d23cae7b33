// The epoll thread.
#include "runtime/effects/pidfd_exits.hpp"

#include "runtime/effects/podman_process.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>

namespace davit::effects {

namespace {

constexpr std::uint64_t wake_key = 0;
/// 0.2 to 36 ms on an idle machine, far more on one that boots or is overloaded. Waiting costs
/// nothing: until conmon is done podman would not start the container again.
constexpr milliseconds exit_file_within{200};
constexpr int try_every_ms = 1;
constexpr std::int32_t killed = 137;

/// A descriptor that closes itself.
class descriptor {
public:
  explicit descriptor(int fd = -1) : fd_{fd} {}
  ~descriptor() { reset(); }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  void reset(int fd = -1) {
    if (fd_ >= 0)
      ::close(fd_);
    fd_ = fd;
  }
  int get() const { return fd_; }

private:
  int fd_;
};

/// conmon writes it whole, under another name, and renames it.
std::optional<std::int32_t> read_exit_file(const std::string& folder, const std::string& id) {
  if (folder.empty())
    return std::nullopt;
  descriptor file(::open((folder + "/" + id).c_str(), O_RDONLY | O_CLOEXEC));
  char text[16];
  auto count = file.get() < 0 ? -1 : ::read(file.get(), text, sizeof text);
  std::int32_t code = 0;
  if (count <= 0 || std::from_chars(text, text + count, code).ec != std::errc{} || code < 0)
    return std::nullopt;
  return code;
}

} // namespace

/// One life. It leaves the map when it was told, or forgotten.
struct pidfd_exits::watched {
  life which;
  std::int32_t pid = 0;
  std::int32_t conmon_pid = 0;
  descriptor process;
  descriptor conmon;
  descriptor memory; ///< the cgroup's counter, held open: it goes with the cgroup
  std::uint64_t kills_before = 0;
  std::string folder;
  bool dead = false;
  bool conmon_dead = false;
  mono_time at{};
  exit_info exit;
};

struct pidfd_exits::report {
  life which;
  mono_time at;
  exit_info exit;
};

pidfd_exits::pidfd_exits(ports::exit_sink& sink)
  : sink_{sink}, epoll_{::epoll_create1(EPOLL_CLOEXEC)}, wake_{::eventfd(0, EFD_CLOEXEC
                                                                              | EFD_NONBLOCK)} {
  if (epoll_ < 0 || wake_ < 0)
    throw std::runtime_error(std::string("cannot watch for deaths: ") + std::strerror(errno));
  arm(wake_, wake_key);
  thread_ = std::thread([this] { run(); });
}

pidfd_exits::~pidfd_exits() {
  {
    std::lock_guard lock(mutex_);
    leaving_ = true;
  }
  wake();
  thread_.join();
  ::close(wake_);
  ::close(epoll_);
}

void pidfd_exits::arm(int fd, std::uint64_t key) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = key;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
}

void pidfd_exits::wake() {
  std::uint64_t one = 1;
  // It fails only where the counter is full, and then the thread is about to wake anyway.
  static_cast<void>(::write(wake_, &one, sizeof one));
}

void pidfd_exits::watch(const life& which, std::int32_t pid, std::int32_t conmon_pid) {
  auto w = std::make_unique<watched>();
  w->which = which;
  w->pid = pid;
  w->conmon_pid = conmon_pid;
  // The pidfds first: what is read of a pid afterwards is read of the process they hold.
  w->process.reset(podman::open_pidfd(pid));
  w->conmon.reset(podman::open_pidfd(conmon_pid));
  w->conmon_dead = w->conmon.get() < 0 || !podman::conmon_of(conmon_pid, which.id);
  if (!w->conmon_dead)
    w->folder = podman::exit_folder(conmon_pid);
  w->dead = w->process.get() < 0 || !podman::process_of(pid, which.id, conmon_pid);
  w->at = std::chrono::steady_clock::now();
  if (!w->dead) {
    if (auto file = podman::oom_file(pid); !file.empty())
      w->memory.reset(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    w->kills_before = podman::oom_kills(w->memory.get());
  }
  std::lock_guard lock(mutex_);
  if (by_life_.contains(which))
    return;
  auto key = next_key_;
  next_key_ += 2;
  if (w->folder.empty())
    w->folder = last_folder_;
  else
    last_folder_ = w->folder;
  if (w->dead)
    wake();
  else
    arm(w->process.get(), key);
  if (!w->conmon_dead)
    arm(w->conmon.get(), key + 1);
  by_life_[which] = key;
  all_[key] = std::move(w);
}

void pidfd_exits::forget(const std::string& id) {
  std::lock_guard lock(mutex_);
  auto at = by_life_.lower_bound(life{id, INT64_MIN});
  while (at != by_life_.end() && at->first.id == id) {
    all_.erase(at->second); // closing the pidfds takes them out of the epoll set
    at = by_life_.erase(at);
  }
}

void pidfd_exits::run() {
  constexpr int most_events = 64;
  epoll_event events[most_events];
  bool asking = false; // an exit file is awaited
  while (true) {
    int count = ::epoll_wait(epoll_, events, most_events, asking ? try_every_ms : -1);
    auto now = std::chrono::steady_clock::now();
    std::vector<report> done;
    std::vector<life> without_monitor;
    {
      std::lock_guard lock(mutex_);
      if (leaving_)
        return;
      for (int i = 0; i < count; ++i)
        heard(events[i].data.u64, now);
      ask_for_exit(now, done);
      asking = false;
      for (auto& [key, w] : all_) {
        asking = asking || w->dead;
        if (w->conmon_dead && w->conmon.get() >= 0) {
          w->conmon.reset();
          if (!w->dead)
            without_monitor.push_back(w->which);
        }
      }
    }
    for (const auto& one : done)
      sink_.exited(one.which, one.at, one.exit);
    for (const auto& one : without_monitor)
      sink_.monitor_lost(one);
  }
}

void pidfd_exits::heard(std::uint64_t key, mono_time at) {
  if (key == wake_key) {
    std::uint64_t count = 0;
    static_cast<void>(::read(wake_, &count, sizeof count)); // only to empty it
    return;
  }
  auto found = all_.find(key & ~std::uint64_t{1});
  if (found == all_.end())
    return; // forgotten between the event and now
  auto& w = *found->second;
  if ((key & 1U) != 0) {
    w.conmon_dead = true;
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, w.conmon.get(), nullptr);
    return;
  }
  w.dead = true;
  w.at = at;
  w.exit.oom = podman::oom_kills(w.memory.get()) > w.kills_before;
  w.process.reset();
}

void pidfd_exits::ask_for_exit(mono_time now, std::vector<report>& done) {
  for (auto at = all_.begin(); at != all_.end();) {
    auto& w = *at->second;
    if (!w.dead) {
      ++at;
      continue;
    }
    bool last_try = w.conmon_dead || now - w.at > exit_file_within;
    w.exit.code = read_exit_file(w.folder, w.which.id);
    if (!w.exit.code && !last_try) {
      ++at;
      continue;
    }
    // A child that was killed for memory long ago does not explain another kind of end.
    w.exit.oom = w.exit.oom && w.exit.code.value_or(killed) == killed;
    done.push_back({w.which, w.at, w.exit});
    by_life_.erase(w.which);
    at = all_.erase(at);
  }
}

} // namespace davit::effects
