"""The bench: runs the rows that are asked for and writes what they measured, as JSON and as
Markdown. It measures and never judges: nothing here fails because something was slow."""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

import crash
import idle
import install
import report
import startup
from podman import Podman

ROWS = {"crash": crash.measure, "install": install.measure, "idle": idle.measure, "startup": startup.measure}


def arguments():
    p = argparse.ArgumentParser(prog="run.sh", description=__doc__)
    p.add_argument("--rows", default=",".join(ROWS), help="which rows, with commas (default: all)")
    p.add_argument("--pairs", type=int, default=100, help="rounds of crashes for each network (default 100)")
    p.add_argument("--installs", type=int, default=15, help="installs of each side (default 15)")
    p.add_argument("--compose", type=int, default=3, help="of these, how often podman-compose too (default 3)")
    p.add_argument("--idle-seconds", type=int, default=60, help="how long to watch an idle daemon (default 60); "
                   "from 300 on, the round of looks that every container gets in 5 minutes is in it")
    p.add_argument("--containers", default="0,20,100", help="running containers of the idle and startup rows")
    p.add_argument("--starts", type=int, default=15, help="starts of the daemon for each count (default 15)")
    p.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent / "out")
    p.add_argument("--build", help=argparse.SUPPRESS)
    p.add_argument("--podman", help=argparse.SUPPRESS)
    p.add_argument("--work", type=pathlib.Path, help=argparse.SUPPRESS)
    chosen = p.parse_args()
    chosen.rows = chosen.rows.split(",")
    chosen.containers = [int(n) for n in chosen.containers.split(",")]
    unknown = [row for row in chosen.rows if row not in ROWS]
    if unknown:
        p.error(f"no row {unknown[0]}; there are: {', '.join(ROWS)}")
    return chosen


def first_line(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).strip().split("\n")[0]


def machine(podman):
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    with open("/proc/meminfo", encoding="utf-8") as file:
        memory = int(file.readline().split()[1])
    here = pathlib.Path(__file__).parent
    return {
        "cores": os.cpu_count(),
        "processor": models[0] if models else "unknown",
        "memory_mib": memory // 1024,
        "kernel": os.uname().release,
        "podman": first_line("podman", "--version"),
        "runtime": first_line(podman.runtime(), "--version"),
        "commit": first_line("git", "-C", str(here), "describe", "--always", "--dirty"),
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    }


def main():
    chosen = arguments()
    podman = Podman(chosen.podman)
    results = {"command": " ".join(["tests/bench/run.sh", *wanted()]), "machine": machine(podman), "rows": {}}
    chosen.out.mkdir(parents=True, exist_ok=True)
    for row in chosen.rows:
        before = os.getloadavg()[0]
        found = ROWS[row](chosen, podman)
        found["load_before"], found["load_after"] = before, os.getloadavg()[0]
        results["rows"][row] = found
        # After every row, so that a run that is cut short still has something to show.
        (chosen.out / "bench.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        (chosen.out / "bench.md").write_text(report.markdown(results), encoding="utf-8")
    print(report.markdown(results))


def wanted():
    """What the caller gave, without what run.sh added in front."""
    hidden = ("--build", "--podman", "--work")
    return [a for i, a in enumerate(sys.argv[1:], 1) if a not in hidden and sys.argv[i - 1] not in hidden]


if __name__ == "__main__":
    main()
