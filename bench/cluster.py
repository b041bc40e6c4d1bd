"""Apache Kafka, the store and workers as processes that are tended, for measuring what a server of one's own does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.admin import ensure_topics
from pipeline.embedded.part import StackPart, resident_bytes
from pipeline.embedded.ports import free_port
from pipeline.endpoints import Endpoints
from pipeline.migrate import migrate
from pipeline.sign_of_life import LATEST_S
from pipeline.store import connect
from tests.conftest import store_process, writer_dsn
from tests.kafka.apache import classpath, format_log_dir

_STARTS_S = 180.0
FROZEN_S = 6 * LATEST_S
"""A worker whose ready file is older than this is ended and started again."""


class Worker:
    """A worker that is tended: started again when it ends, ended when it gives no sign of life."""

    def __init__(self, number: int, folder: Path, env: dict[str, str]) -> None:
        self._mark = folder / f"worker-{number}.ready"
        command = [sys.executable, "-m", "pipeline.cli", "worker", "--ready-file", str(self._mark)]
        self.part = StackPart(f"worker-{number}", command, logs=folder, env=env, ready=self._mark.exists)
        self.left_frozen = False
        """Nobody ends it for being frozen: what happens to it must come from elsewhere."""

    @property
    def silent_s(self) -> float:
        """How long ago the worker reported that it lives; 0 before it did for the first time."""
        try:
            return time.time() - self._mark.stat().st_mtime
        except OSError:
            return 0.0

    def start(self) -> None:
        self._mark.unlink(missing_ok=True)
        self.part.start()

    def freeze(self) -> None:
        os.kill(self.part.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.part.pid, signal.SIGCONT)

    def tend(self) -> str:
        """Start it again if it ended or is frozen; why, "" when it is well."""
        why = ""
        if self.part.is_running and not self.left_frozen and self.silent_s > FROZEN_S:
            why = f"gave no sign of life for {self.silent_s:.0f} s"
            os.kill(self.part.pid, signal.SIGKILL)
            self.part.stop(5)
        elif not self.part.is_running:
            why = f"ended with {self.part.exit_code}: {self.part.last_log_line()}"
        if why:
            self.start()
        return why

    @property
    def resident_mb(self) -> float:
        return (resident_bytes(self.part.pid) or 0) / 1e6


class Cluster:
    """What runs, and where."""

    def __init__(self, endpoints: Endpoints, workers: list[Worker], folder: Path) -> None:
        self.endpoints = endpoints
        self.workers = workers
        self.folder = folder

    def tend(self) -> list[str]:
        """What was started again, and why."""
        return [f"{one.part.name} {why}" for one in self.workers if (why := one.tend())]


@contextmanager
def cluster(workers: int) -> Iterator[Cluster]:
    """A running cluster on free ports; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="callfunnel-bench-") as name:
        folder = Path(name)
        node, address = format_log_dir(folder, classpath())
        port = free_port(0, "")
        store = store_process(folder, port)
        env = {name: value for name, value in os.environ.items() if not name.startswith("CALLFUNNEL_")}
        env |= {"CALLFUNNEL_KAFKA": address, "CALLFUNNEL_CLICKHOUSE": writer_dsn(port), "TZ": "UTC"}
        running = [Worker(number, folder, env) for number in range(1, workers + 1)]
        try:
            for part in (node, store):
                part.start()
            for part in (node, store):
                part.wait_ready(_STARTS_S)
            migrate(connect(writer_dsn(port)))
            ensure_topics(address)
            for worker in running:
                worker.start()
            for worker in running:
                worker.part.wait_ready(_STARTS_S)
            yield Cluster(Endpoints(address, writer_dsn(port)), running, folder)
        finally:
            for part in (*(worker.part for worker in running), store, node):
                part.stop(0)


@contextmanager
def burning(cores: int) -> Iterator[None]:
    """So many processes that do nothing but take a core."""
    fires = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(cores)]
    try:
        yield
    finally:
        for fire in fires:
            fire.kill()
            fire.wait()
