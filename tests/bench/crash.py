"""Crash to running again: the main process is killed, and the container's next process says that
it runs. Davit and podman's own `restart: always` take turns, on containers that are alike."""

import os
import signal
import time

import stats
from daemon import Daemon
from podman import IMAGE, Births, is_alive

# Long enough for the work that follows a death (podman's cleanup, Davit's second thoughts) to be
# over before the other side's turn.
PAUSE = 0.4
STACK = "crash"

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


def crash(podman, container, births):
    """Seconds from the kill until the next process ran; none where that start did not last."""
    old = podman.inspect(container)["State"]["Pid"]
    begun = time.monotonic()
    os.kill(old, signal.SIGKILL)
    births.next()
    took = time.monotonic() - begun
    time.sleep(PAUSE)
    state = podman.inspect(container)["State"]
    return took if state["Running"] and state["Pid"] != old and is_alive(state["Pid"]) else None


def bring_up(chosen, podman, network, daemon):
    """The containers of the two sides, each with the pipe of its births."""
    ours, theirs = Births(chosen.work / f"{network}-davit"), Births(chosen.work / f"{network}-podman")
    daemon.start()
    daemon.install(STACK, MANIFEST.format(
        stack=STACK, image=IMAGE, command=Births.command("davit"), folder=ours.folder,
        network="network_mode: none" if network == "none" else "networks: [default]"))
    ours.next()
    spec = {"netns": {"nsmode": "none"}}
    if network == "bridge":
        spec = {"netns": {"nsmode": "bridge"}, "Networks": {f"{STACK}_default": {"aliases": ["podman"]}}}
    podmans = podman.create(name="podmans-own", command=Births.command("podman"), mounts=[theirs.mount()],
                            restart_policy="always", **spec)
    podman.start(podmans)
    theirs.next()
    return [(f"{STACK}-app-1", ours), (podmans, theirs)]


def measure_on(network, chosen, podman):
    daemon = Daemon(chosen, f"crash-{network}")
    sides = bring_up(chosen, podman, network, daemon)
    time.sleep(2)
    pairs, lost = [], [0, 0]
    while len(pairs) < chosen.pairs:
        pair = [None, None]
        for side in (0, 1) if len(pairs) % 2 else (1, 0):
            pair[side] = crash(podman, *sides[side])
            lost[side] += pair[side] is None
        if None not in pair:
            pairs.append(pair)
    podman.remove(sides[1][0])
    daemon.run("uninstall", STACK)
    daemon.stop()
    for _, births in sides:
        births.close()
    return {
        "davit_s": stats.median([a for a, _ in pairs]),
        "podman_s": stats.median([b for _, b in pairs]),
        "ratio": stats.ratio(pairs),
        "lost": {"davit": lost[0], "podman": lost[1]},
        "pairs": pairs,
    }


def measure(chosen, podman):
    return {network: measure_on(network, chosen, podman) for network in ("none", "bridge")}
