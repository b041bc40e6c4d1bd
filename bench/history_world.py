"""The processes of a random history: a stack and a listener over a data folder, with or without a disk of its own."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.power_cut import Disk
from pipeline.embedded.ports import free_port
from pipeline.endpoints import Running, read_running

CLI = [sys.executable, "-m", "pipeline.cli"]
_TOKEN = "a token for histories only"
_STARTS_S = 180.0


class Wrong(Exception):
    """A history lost something, or counted it twice."""


class World:
    """The stack and the listener, as processes of their own."""

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        """`disk` is mounted, and then what holds the data."""
        self.folder = folder
        self.disk = disk
        self.data = (disk.at if disk else folder) / "data"
        self.port = free_port(0, "")
        self.up: subprocess.Popen[bytes] | None = None
        self.listener: subprocess.Popen[bytes] | None = None
        self.frozen: list[int] = []
        unset = {name: value for name, value in os.environ.items() if not name.startswith("CALLFUNNEL_")}
        self._env = {**unset, "XDG_STATE_HOME": str(folder), "CALLFUNNEL_HTTP_TOKEN": _TOKEN, "TZ": "UTC"}
        self._env["PYTHONPATH"] = os.getcwd()

    def start(self) -> None:
        """What is not there, at once; return when it serves."""
        if self.listener is not None and self.listener.poll() is not None:
            self.listener = None
        if self.up is not None and self.up.poll() is not None:
            self.up = None
        if self.up is None:
            self.up = self._run(
                "up", "--data", str(self.data), *("--kafka-port", "0", "--store-port", "0", "--board-port", "0")
            )
        if not (self.data / "credentials.json").exists():
            self._wait("stack", lambda: self.running is not None)
        if self.listener is None:
            options = (
                "--port",
                str(self.port),
                "--source",
                "office",
                "--data",
                str(self.data),
                "--no-page",
                "--rate",
                "100000",
            )
            self.listener = self._run("listen", "http", *options)
        self._wait("stack", lambda: self.running is not None)
        self._wait("listener", lambda: self.post("/calls", []) == 200)

    def _run(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{arguments[0]}.log").open("ab") as log:
            return subprocess.Popen([*CLI, *arguments], env=self._env, cwd=self.folder, stdout=log, stderr=log)

    def _wait(self, what: str, true: Callable[[], object]) -> None:
        until = time.monotonic() + _STARTS_S
        while not true():
            for process in (self.up, self.listener):
                if process is not None and process.poll() is not None:
                    raise Wrong(f"no {what}: a process ended with {process.returncode}: {self.last_words()}")
            if time.monotonic() > until:
                raise Wrong(f"no {what} within {_STARTS_S:.0f} s: {self.last_words()}")
            time.sleep(0.05)

    def last_words(self) -> str:
        logs = [self.folder / "up.log", self.folder / "listen.log"]
        return "\n".join(log.read_text("utf-8", "replace")[-1500:] for log in logs if log.exists())

    @property
    def running(self) -> Running | None:
        """The stack, once `up` that runs now has written it down."""
        running = read_running(self.data)
        return running if running and self.up is not None and running.pid == self.up.pid else None

    def pids(self, name: str) -> list[int]:
        """Processes of a part, of the supervisor ("up") or of the listener; none when it is not there."""
        if name in ("up", "listener"):
            process = self.up if name == "up" else self.listener
            return [process.pid] if process is not None and process.poll() is None else []
        running = read_running(self.data)
        return [pid for part, pid in (running.parts if running else {}).items() if part.startswith(name) and pid]

    def post(self, path: str, body: object) -> int:
        """The status; 0 when there is no answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Authorization": f"Bearer {_TOKEN}", "Content-Type": "application/json"}
        try:
            connection.request("POST", path, json.dumps(body), headers)
            response = connection.getresponse()
            response.read()
            return response.status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def end(self) -> None:
        for process in (self.listener, self.up):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
