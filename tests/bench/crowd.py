"""A daemon that keeps a number of quiet containers, in stacks of 20."""

import time

from daemon import Daemon
from podman import IMAGE

STACK_SIZE = 20


def manifest(name, count):
    lines = [f"name: {name}", "x-davit: {post_start_window: 1s}", "services:"]
    for i in range(count):
        lines += [f"  s{i}:", f"    image: {IMAGE}", "    command: [sleep, infinity]", "    restart: always",
                  "    network_mode: none", "    stop_signal: SIGKILL"]
    return "\n".join(lines) + "\n"


class Crowd:
    def __init__(self, chosen, podman, name, count):
        self.podman, self.count = podman, count
        self.daemon = Daemon(chosen, name)
        self.stacks = [(f"crowd{i}", min(STACK_SIZE, count - i * STACK_SIZE)) for i in range(-(-count // STACK_SIZE))]

    def __enter__(self):
        self.daemon.start()
        for name, size in self.stacks:
            self.daemon.install(name, manifest(name, size))
        self.check()
        return self

    def __exit__(self, *failure):
        for name, _ in self.stacks:
            self.daemon.run("uninstall", name)
        self.daemon.stop()

    def check(self):
        end = time.monotonic() + 60
        while (found := self.podman.running("io.davit.stack")) != self.count:
            if time.monotonic() > end:
                raise RuntimeError(f"{found} of {self.count} containers run")
            time.sleep(0.5)
