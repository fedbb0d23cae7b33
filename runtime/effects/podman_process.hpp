// What the kernel knows of a container's processes, read from /proc: podman's own record of
// them may be stale for a moment after a death, and for ever once conmon is gone.
#pragma once

#include <cstdint>
#include <string>

namespace davit::effects::podman {

/// `pid` lives (is no zombie) and is a process of container `id`: its cgroup names the id, or
/// where cgroups are not used its parent is the container's conmon.
bool process_of(std::int32_t pid, const std::string& id, std::int32_t conmon_pid);

/// `pid` lives and is a conmon that was started for container `id`.
bool conmon_of(std::int32_t pid, const std::string& id);

/// The folder in which this conmon will write the exit code, in a file named by the id.
/// Empty where it cannot be told.
std::string exit_folder(std::int32_t conmon_pid);

/// A pidfd, or -1 with errno set.
int open_pidfd(std::int32_t pid);

/// Sends by pidfd, after making sure that `pid` still is of container `id`. An errno, 0: sent.
int signal_process(std::int32_t pid, const std::string& id, std::int32_t conmon_pid, int signal);

/// The file in which the kernel counts what it killed for want of memory in the cgroup of
/// `pid`: memory.events (v2) or memory.oom_control (v1). Empty where there is none.
std::string oom_file(std::int32_t pid);

/// `oom_kill N` of such a file, read through an open descriptor; 0 where it tells nothing.
std::uint64_t oom_kills(int fd);

} // namespace davit::effects::podman
