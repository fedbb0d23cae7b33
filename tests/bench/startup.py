"""Start of davitd until it tells systemd READY=1, with a number of running containers to adopt.
It is killed before, as in a crash."""

import signal
import time

import stats
from crowd import Crowd

PAUSE = 1.0


def measure(chosen, podman):
    out = {}
    for count in chosen.containers:
        with Crowd(chosen, podman, f"startup-{count}", count) as crowd:
            samples = []
            for _ in range(chosen.starts):
                time.sleep(PAUSE)
                crowd.daemon.stop(signal.SIGKILL)
                samples.append(crowd.daemon.start())
                crowd.check()
            out[str(count)] = {"ready_s": stats.median(samples), "samples": samples}
    return {"counts": out}
