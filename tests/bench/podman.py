"""A small client of podman's REST API, on connections that are kept open."""

import http.client
import json
import os
import socket
import threading
import urllib.parse

API = "/v4.0.0/libpod"
IMAGE = "localhost/davit-demo:1"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("d", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Podman:
    """One connection for each thread that calls."""

    def __init__(self, path):
        self.path = path
        self.local = threading.local()

    def call(self, method, path, body=None, right=(200, 201, 204)):
        if not hasattr(self.local, "connection"):
            self.local.connection = UnixConnection(self.path)
        c = self.local.connection
        sent = None if body is None else json.dumps(body)
        c.request(method, API + path, sent, {"Content-Type": "application/json"} if sent else {})
        answer = c.getresponse()
        text = answer.read()
        if answer.status not in right:
            raise RuntimeError(f"{method} {path}: {answer.status} {text.decode(errors='replace')}")
        return json.loads(text) if text else answer.status

    def create(self, **spec):
        return self.call("POST", "/containers/create", {"image": IMAGE, **spec})["Id"]

    def start(self, container):
        """204, or 304 where podman takes it for running."""
        return self.call("POST", f"/containers/{container}/start", right=(204, 304))

    def inspect(self, container):
        return self.call("GET", f"/containers/{container}/json")

    def remove(self, container):
        self.call("DELETE", f"/containers/{container}?force=true&timeout=0", right=(200, 204, 404))

    def create_network(self, name):
        self.call("POST", "/networks/create", {"name": name, "dns_enabled": True})

    def remove_network(self, name):
        self.call("DELETE", f"/networks/{name}", right=(200, 204, 404))

    def list(self):
        return [c["Id"] for c in self.call("GET", "/containers/json?all=true")]

    def running(self, label):
        wanted = urllib.parse.quote(json.dumps({"label": [label], "status": ["running"]}))
        return len(self.call("GET", f"/containers/json?filters={wanted}"))

    def runtime(self):
        return self.call("GET", "/info")["host"]["ociRuntime"]["path"]


def is_alive(pid):
    """Whether the process runs; a zombie does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


class Births:
    """How a container is seen to run, the same for whoever started it: the first thing that its
    own process does is to write its name into a pipe that we read."""

    def __init__(self, folder):
        self.folder = str(folder)
        os.makedirs(self.folder, exist_ok=True)
        path = os.path.join(self.folder, "pipe")
        os.mkfifo(path)
        self.pipe = os.open(path, os.O_RDWR)  # for writing as well, or it would end with each writer
        self.rest = b""

    @staticmethod
    def command(name):
        return ["sh", "-c", f"echo {name} > /births/pipe; exec sleep 1000000"]

    def mount(self):
        return {"type": "bind", "source": self.folder, "destination": "/births", "options": ["rw", "rbind"]}

    def next(self):
        while b"\n" not in self.rest:
            self.rest += os.read(self.pipe, 4096)
        name, self.rest = self.rest.split(b"\n", 1)
        return name.decode()

    def close(self):
        os.close(self.pipe)
        os.unlink(os.path.join(self.folder, "pipe"))
