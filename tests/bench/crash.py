"""Crash to running again: the main process is killed, and the container's next process says that
it runs. Davit, podman's own `restart: always` and a bare watcher take turns, on containers that
are alike. The watcher shows what podman's API allows at best: it waits for the death, and calls
start; it keeps no record, decides nothing, and knows one container."""

import itertools
import os
import pathlib
import select
import signal
import threading
import time

import stats
from daemon import Daemon
from podman import IMAGE, Births, is_alive

# Long enough for the work that follows a death (podman's cleanup, Davit's second thoughts) to be
# over before the other side's turn.
PAUSE = 0.4
STACK = "crash"
SIDES = ("davit", "podman", "watcher")
ORDERS = list(itertools.permutations(SIDES))

# Every crash here is to be the first one: what is measured is the restart, not the policy's wait.
MANIFEST = """
name: {stack}
x-davit: {{post_start_window: 1s}}
services:
  app:
    image: {image}
    command: {command}
    restart: always
    stop_signal: SIGKILL
    {network}
    volumes: ["{folder}:/births"]
    x-davit:
      recovery:
        stable_after: 100ms
        ceiling: {{starts: 100, window: 1m}}
"""


def watch(podman, container, pid):
    """Starts the container once its process has died. Where podman does not know of the death
    yet, a start changes nothing and says 304; conmon's exit file tells it."""
    known = pathlib.Path("/run/libpod/exits", container)

    def act():
        poll.poll()
        end = time.monotonic() + 0.04
        while not known.exists() and time.monotonic() < end:
            time.sleep(0.0005)
        while podman.start(container) == 304 and podman.inspect(container)["State"]["Pid"] in (0, pid):
            time.sleep(0.002)
        os.close(process)

    process, poll = os.pidfd_open(pid), select.poll()
    poll.register(process, select.POLLIN)
    thread = threading.Thread(target=act)
    thread.start()
    return thread


def crash(podman, side, container, births):
    """Seconds from the kill until the next process ran; none where that start did not last."""
    old = podman.inspect(container)["State"]["Pid"]
    watcher = watch(podman, container, old) if side == "watcher" else None
    time.sleep(0.02)
    begun = time.monotonic()
    os.kill(old, signal.SIGKILL)
    births.next()
    took = time.monotonic() - begun
    if watcher:
        watcher.join()
    time.sleep(PAUSE)
    state = podman.inspect(container)["State"]
    return took if state["Running"] and state["Pid"] != old and is_alive(state["Pid"]) else None


def bring_up(chosen, podman, network, daemon):
    """The container of each side, with the pipe of its births."""
    births = {side: Births(chosen.work / f"{network}-{side}") for side in SIDES}
    daemon.start()
    daemon.install(STACK, MANIFEST.format(
        stack=STACK, image=IMAGE, command=Births.command("davit"), folder=births["davit"].folder,
        network="network_mode: none" if network == "none" else "networks: [default]"))
    births["davit"].next()
    out = {"davit": (podman.inspect(f"{STACK}-app-1")["Id"], births["davit"])}
    for side, policy in (("podman", "always"), ("watcher", "no")):
        spec = {"netns": {"nsmode": "none"}}
        if network == "bridge":
            spec = {"netns": {"nsmode": "bridge"}, "Networks": {f"{STACK}_default": {"aliases": [side]}}}
        container = podman.create(name=f"crash-by-{side}", command=Births.command(side),
                                  mounts=[births[side].mount()], restart_policy=policy, **spec)
        podman.start(container)
        births[side].next()
        out[side] = (container, births[side])
    return out


def measure_on(network, chosen, podman):
    daemon = Daemon(chosen, f"crash-{network}")
    sides = bring_up(chosen, podman, network, daemon)
    time.sleep(2)
    rounds, lost = [], dict.fromkeys(SIDES, 0)
    while len(rounds) < chosen.pairs:
        took = {side: crash(podman, side, *sides[side]) for side in ORDERS[len(rounds) % len(ORDERS)]}
        for side in SIDES:
            lost[side] += took[side] is None
        if None not in took.values():
            rounds.append(took)
    for side in ("podman", "watcher"):
        podman.remove(sides[side][0])
    daemon.run("uninstall", STACK)
    daemon.stop()
    for _, births in sides.values():
        births.close()
    out = {side: stats.median([r[side] for r in rounds]) for side in SIDES}
    for side in ("davit", "watcher"):
        out[f"{side}_ratio"] = stats.ratio([(r[side], r["podman"]) for r in rounds])
    return {**out, "lost": lost, "rounds": rounds}


def measure(chosen, podman):
    return {network: measure_on(network, chosen, podman) for network in ("none", "bridge")}
