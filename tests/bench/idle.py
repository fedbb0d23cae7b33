"""What davitd costs while nothing happens: processor time, wakeups and memory, with a number of
running containers."""

import os
import time

from crowd import Crowd

SETTLE = 20  # seconds, for what follows an install to be over


def usage(pid):
    """Seconds of processor, times a thread began to wait, KiB resident, and threads. The processor
    time is the scheduler's own, in ns: an idle daemon uses less than the ticks of /proc/PID/stat."""
    cpu, waits, threads = 0, 0, os.listdir(f"/proc/{pid}/task")
    for thread in threads:
        with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="utf-8") as file:
            cpu += int(file.read().split()[0])
        waits += status(f"/proc/{pid}/task/{thread}/status", "voluntary_ctxt_switches")
    return cpu / 1e9, waits, status(f"/proc/{pid}/status", "VmRSS"), len(threads)


def status(path, key):
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith(key + ":"):
                return int(line.split()[1])
    raise RuntimeError(f"{path} has no {key}")


def measure(chosen, podman):
    out = {}
    for count in chosen.containers:
        with Crowd(chosen, podman, f"idle-{count}", count) as crowd:
            time.sleep(SETTLE)
            pid = crowd.daemon.process.pid
            before, begun = usage(pid), time.monotonic()
            time.sleep(chosen.idle_seconds)
            after, span = usage(pid), time.monotonic() - begun
            out[str(count)] = {
                "seconds": span,
                "cpu_percent": 100 * (after[0] - before[0]) / span,
                "wakeups_per_s": (after[1] - before[1]) / span,
                "rss_mib": after[2] / 1024,
                "threads": after[3],
            }
    return {"counts": out}
