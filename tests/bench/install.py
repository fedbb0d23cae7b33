"""Install of 20 services, 5 levels deep, on a network of their own: from the request until the
last of them says that it runs. Davit, a bare loop of 4 callers over podman's API, and (fewer
times, for it takes long) podman-compose take turns over the same graph."""

import concurrent.futures
import shutil
import subprocess
import threading
import time

import stats
from daemon import Daemon
from podman import IMAGE, Births

LEVELS, WIDTH, CALLERS = 5, 4, 4
STACK = "twenty"
PAUSE = 1.0


def graph():
    """Each service, with the two of the level above that it waits for."""
    out = {}
    for level in range(LEVELS):
        for i in range(WIDTH):
            above = (i, (i + 1) % WIDTH) if level else ()
            out[f"s{level}{i}"] = [f"s{level - 1}{j}" for j in above]
    return out


def manifest(births):
    lines = [f"name: {STACK}", "x-davit: {post_start_window: 1s}", "services:"]
    for name, needs in graph().items():
        lines += [f"  {name}:", f"    image: {IMAGE}", f"    command: {births.command(name)}", "    restart: always",
                  f'    volumes: ["{births.folder}:/births"]', "    stop_grace_period: 1s", "    stop_signal: SIGKILL"]
        if needs:
            lines.append(f"    depends_on: [{', '.join(needs)}]")
    return "\n".join(lines) + "\n"


def wait_for_all(births):
    left = set(graph())
    while left:
        left.discard(births.next())


class Loop:
    """The least that a program can do: create and start each service as soon as those run that it
    waits for, with no record, no look and no second thought."""

    def __init__(self, podman, births):
        self.podman, self.births = podman, births
        self.lock, self.running, self.begun = threading.Lock(), set(), set()

    def run(self):
        self.podman.create_network(f"{STACK}_default")
        with concurrent.futures.ThreadPoolExecutor(CALLERS) as pool:
            self.pool, self.futures = pool, []
            self.hand_out()
            wait_for_all(self.births)
        for future in self.futures:
            future.result()

    def hand_out(self):
        for name, needs in graph().items():
            if name not in self.begun and self.running.issuperset(needs):
                self.begun.add(name)
                self.futures.append(self.pool.submit(self.bring_up, name))

    def bring_up(self, name):
        container = self.podman.create(
            name=f"{STACK}-{name}-1", command=Births.command(name), mounts=[self.births.mount()],
            netns={"nsmode": "bridge"}, Networks={f"{STACK}_default": {"aliases": [name]}})
        self.podman.start(container)
        with self.lock:
            self.running.add(name)
            self.hand_out()


def sweep(podman):
    for container in podman.list():
        podman.remove(container)
    podman.remove_network(f"{STACK}_default")


def by_davit(podman, births, daemon):
    file = daemon.home / "twenty.yaml"
    file.write_text(manifest(births), encoding="utf-8")
    begun = time.monotonic()
    cli = subprocess.Popen(daemon.cli("install", "--no-wait", file), stdout=subprocess.DEVNULL)
    wait_for_all(births)
    took = time.monotonic() - begun
    code = cli.wait(60)
    returned = time.monotonic() - begun
    if code:
        raise RuntimeError(f"davit install ended with {code}")
    time.sleep(PAUSE)
    daemon.run("uninstall", STACK)
    return took, returned


def by_loop(podman, births):
    begun = time.monotonic()
    Loop(podman, births).run()
    took = time.monotonic() - begun
    sweep(podman)
    return took


def by_compose(podman, births, home):
    home.mkdir(exist_ok=True)
    (home / "compose.yaml").write_text(manifest(births), encoding="utf-8")
    begun = time.monotonic()
    with open(home / "log", "ab") as log:
        up = subprocess.Popen(["podman-compose", "-p", STACK, "-f", "compose.yaml", "up", "-d"], cwd=home, stdout=log, stderr=log)
        wait_for_all(births)
        took = time.monotonic() - begun
        up.wait(120)
    sweep(podman)
    return took


def measure(chosen, podman):
    births = Births(chosen.work / "install")
    daemon = Daemon(chosen, "install-davit")
    daemon.start()
    compose = chosen.compose if shutil.which("podman-compose") else 0
    pairs, returned, composed = [], [], []
    sides = {0: lambda: by_davit(podman, births, daemon), 1: lambda: by_loop(podman, births)}
    for turn in range(chosen.installs):
        pair = [None, None]
        for side in (0, 1) if turn % 2 else (1, 0):
            pair[side] = sides[side]()
            time.sleep(PAUSE)
        returned.append(pair[0][1])
        pairs.append([pair[0][0], pair[1]])
        if turn < compose:
            composed.append(by_compose(podman, births, chosen.work / "install-compose"))
    daemon.stop()
    births.close()
    out = {
        "davit_s": stats.median([a for a, _ in pairs]),
        "davit_returned_s": stats.median(returned),
        "loop_s": stats.median([b for _, b in pairs]),
        "ratio": stats.ratio(pairs),
        "pairs": pairs,
    }
    if composed:
        out["compose_s"] = stats.median(composed)
        out["compose"] = composed
    return out
