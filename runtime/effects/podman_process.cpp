// /proc, pidfds and the memory cgroup.
#include "runtime/effects/podman_process.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>

namespace davit::effects::podman {

namespace {

std::string read_proc(std::int32_t pid, const char* file) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/" + file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct stat_fields {
  char state = 0; ///< 0: no such process
  std::int32_t parent = 0;
};

stat_fields read_stat(std::int32_t pid) {
  if (pid <= 0)
    return {};
  auto text = read_proc(pid, "stat");
  auto close = text.rfind(')'); // the name before it may hold anything
  if (close == std::string::npos)
    return {};
  stat_fields fields;
  std::istringstream rest(text.substr(close + 1));
  rest >> fields.state >> fields.parent;
  return fields;
}

bool lives(const stat_fields& fields) {
  return fields.state != 0 && fields.state != 'Z' && fields.state != 'X';
}

std::string cgroup_mount(const std::string& controller) {
  return controller.empty() ? "/sys/fs/cgroup" : "/sys/fs/cgroup/" + controller;
}

} // namespace

bool process_of(std::int32_t pid, const std::string& id, std::int32_t conmon_pid) {
  auto fields = read_stat(pid);
  if (id.empty() || !lives(fields))
    return false;
  if (read_proc(pid, "cgroup").find(id) != std::string::npos)
    return true;
  return conmon_pid > 0 && fields.parent == conmon_pid && conmon_of(conmon_pid, id);
}

bool conmon_of(std::int32_t pid, const std::string& id) {
  return !id.empty() && lives(read_stat(pid)) && read_proc(pid, "comm") == "conmon\n"
         && read_proc(pid, "cmdline").find(id) != std::string::npos;
}

std::string exit_folder(std::int32_t conmon_pid) {
  constexpr std::string_view option("--exit-dir\0", 11);
  if (conmon_pid <= 0)
    return {};
  auto line = read_proc(conmon_pid, "cmdline"); // arguments end with a NUL each
  auto found = line.find(option);
  if (found == std::string::npos)
    return {};
  return std::string(line.c_str() + found + option.size());
}

int open_pidfd(std::int32_t pid) {
  if (pid <= 0) {
    errno = ESRCH;
    return -1;
  }
  return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); // close-on-exec by definition
}

int signal_process(std::int32_t pid, const std::string& id, std::int32_t conmon_pid, int signal) {
  int fd = open_pidfd(pid);
  if (fd < 0)
    return errno;
  int status = ESRCH;
  if (process_of(pid, id, conmon_pid)) // looked at while the pidfd holds the pid
    status = syscall(SYS_pidfd_send_signal, fd, signal, nullptr, 0) == 0 ? 0 : errno;
  close(fd);
  return status;
}

std::string oom_file(std::int32_t pid) {
  std::istringstream lines(read_proc(pid, "cgroup"));
  std::string line;
  std::string unified;
  while (std::getline(lines, line)) {
    auto first = line.find(':');
    auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos)
      continue;
    auto controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    auto path = line.substr(second + 1);
    if (controllers.find(",memory,") != std::string::npos)
      return cgroup_mount("memory") + path + "/memory.oom_control";
    if (controllers == ",,")
      unified = cgroup_mount("") + path + "/memory.events";
  }
  return unified;
}

std::uint64_t oom_kills(int fd) {
  constexpr std::string_view key = "oom_kill ";
  char text[512];
  auto count = fd < 0 ? -1 : pread(fd, text, sizeof text - 1, 0);
  if (count <= 0)
    return 0;
  std::string_view all(text, static_cast<std::size_t>(count));
  for (std::size_t at = all.find(key); at != std::string_view::npos; at = all.find(key, at + 1))
    if (at == 0 || all[at - 1] == '\n') { // not oom_kill_disable, nor a longer name's end
      text[count] = '\0';
      return std::strtoull(text + at + key.size(), nullptr, 10);
    }
  return 0;
}

} // namespace davit::effects::podman
