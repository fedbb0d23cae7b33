"""davitd as the bench runs it: beside the podman of the bench, told of by systemd's protocol."""

import os
import pathlib
import signal
import socket
import subprocess
import time


class Daemon:
    def __init__(self, chosen, name):
        self.home = chosen.work / name
        self.home.mkdir(parents=True, exist_ok=True)
        self.build = pathlib.Path(chosen.build)
        self.podman = chosen.podman
        self.process = None

    def start(self):
        """Seconds from its exec to READY=1."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            address = str(self.home / "notify")
            if os.path.exists(address):
                os.unlink(address)
            notify.bind(address)
            notify.settimeout(60)
            with open(self.home / "log", "ab") as log:
                begun = time.monotonic()
                # Its programs, its state, and nothing of this shell's.
                self.process = subprocess.Popen(
                    [self.build / "davitd", "--podman", f"unix://{self.podman}", "--state", self.home / "state",
                     "--listen", self.listen(), "--config", self.home / "none.yaml"],
                    stderr=log, env={"PATH": os.environ["PATH"], "NOTIFY_SOCKET": address})
            while b"READY=1" not in notify.recv(4096).split(b"\n"):
                pass
            return time.monotonic() - begun

    def listen(self):
        return f"unix://{self.home / 'api.sock'}"

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(30)
        self.process = None

    def cli(self, *arguments):
        return [str(self.build / "davit"), "--host", self.listen(), *map(str, arguments)]

    def run(self, *arguments):
        done = subprocess.run(self.cli(*arguments), capture_output=True, text=True, timeout=180, check=False)
        if done.returncode:
            raise RuntimeError(f"davit {' '.join(map(str, arguments))}: {done.returncode} {done.stdout}{done.stderr}")
        return done.stdout

    def install(self, name, text, *more):
        file = self.home / f"{name}.yaml"
        file.write_text(text, encoding="utf-8")
        return self.run("install", file, *more)
