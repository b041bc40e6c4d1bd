"""A deployment under test: a broker, the store and workers as processes that a test may kill, start and count."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from clickhouse_connect.driver.client import Client

from pipeline.admin import ensure_topics
from pipeline.embedded.part import StackPart
from pipeline.embedded.ports import free_port
from pipeline.migrate import migrate
from pipeline.store import connect
from tests.conftest import STARTS_S, store_process, writer_dsn
from tests.stack.department import COLUMNS, Cell, Department

CLI = [sys.executable, "-m", "pipeline.cli"]
_UNSAID = {
    "call_legs": "import_id, origin, version",
    "placements": "cause, caused_at, version",
    "activities": "cause, caused_at, version",
    "manager_activity": "first_counted_at, version",
    "managers": "import_id, origin, version",
    "organisations": "import_id, origin, version",
    "organisation_phones": "version",
    "stage_changes": "import_id, origin, version",
    "proposals": "import_id, origin, version",
}
"""Tables, and their columns that say when and by which file something was said: a second load may change those."""


def wait_for(what: str, true: Callable[[], object], within_s: float = 120.0) -> None:
    """Return once `true()`. Fails the test, naming `what`, when that takes too long."""
    until = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < until, f"no {what} within {within_s:.0f} s"
        time.sleep(0.02)


def clean_env(**extra: str) -> dict[str, str]:
    """The environment without settings of ours, and with these."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CALLFUNNEL_")} | extra


def kill(part: StackPart) -> None:
    """kill -9, and wait until it is gone."""
    os.kill(part.pid, signal.SIGKILL)
    wait_for(f"end of {part.name}", lambda: not part.is_running)


class Loading:
    """A `callfunnel load` that runs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def outcome(self, within_s: float = 300.0) -> dict[str, Any]:
        """What it says of its one file. Fails the test when it was not loaded whole and without rejects."""
        said, complained = self._process.communicate(timeout=within_s)
        assert self._process.returncode == 0, complained
        (one,) = json.loads(said)
        assert isinstance(one, dict)
        return one

    def failure(self, within_s: float = 120.0) -> tuple[int, str]:
        """(exit code, what it complained of) of a load that has to fail."""
        _, complained = self._process.communicate(timeout=within_s)
        return self._process.returncode, complained

    def end(self) -> None:
        if self.is_running:
            self._process.kill()
        self._process.communicate()


class Deployment:
    """Broker, store and workers of one test; everything is fresh but the broker process."""

    def __init__(self, folder: Path, broker: StackPart, bootstrap: str, *, remembers: bool) -> None:
        self.folder = folder
        self.broker = broker
        self.bootstrap = bootstrap
        self.remembers = remembers
        """The broker's log outlives it."""
        port = free_port(0, "")
        self.store = store_process(folder, port)
        self.workers: dict[str, StackPart] = {}
        self.namespace = f"{folder.name}-{port}".replace("[", "-").replace("]", "")
        self._dsn = writer_dsn(port)
        self.env = clean_env(
            CALLFUNNEL_KAFKA=bootstrap, CALLFUNNEL_CLICKHOUSE=self._dsn, CALLFUNNEL_NAMESPACE=self.namespace, TZ="UTC"
        )
        self._loads: list[Loading] = []

    def start(self, workers: int = 1) -> None:
        """Start the store and workers; return when they are at work."""
        self.store.start()
        self.store.wait_ready(STARTS_S)
        migrate(self.client)
        ensure_topics(self.bootstrap, self.prefix)
        for number in range(workers):
            self.add_worker(f"worker-{number + 1}", wait=False)
        for worker in self.workers.values():
            worker.wait_ready(STARTS_S)

    @property
    def prefix(self) -> str:
        return f"{self.namespace}."

    def add_worker(
        self, name: str, *options: str, wait: bool = True, env: Mapping[str, str] | None = None
    ) -> StackPart:
        mark = self.folder / f"{name}.ready"
        mark.unlink(missing_ok=True)
        command = [*CLI, "worker", "--ready-file", str(mark), *options]
        worker = StackPart(name, command, logs=self.folder, env=env or self.env, ready=mark.exists)
        self.workers[name] = worker
        worker.start()
        if wait:
            worker.wait_ready(STARTS_S)
        return worker

    def remove_worker(self, name: str) -> None:
        """SIGTERM, as a service manager does."""
        self.workers.pop(name).stop(20)

    def start_again(self, part: StackPart) -> None:
        """As a service manager does with what has died."""
        (self.folder / f"{part.name}.ready").unlink(missing_ok=True)
        part.start()

    def restart_broker(self) -> None:
        """kill -9 and start it again. With one that forgets, workers end first and begin anew, as in `up`."""
        kill(self.broker)
        if not self.remembers:
            for worker in self.workers.values():
                worker.stop(0)
        self.broker.start()
        self.broker.wait_ready(STARTS_S)
        if not self.remembers:
            ensure_topics(self.bootstrap, self.prefix)
            for worker in self.workers.values():
                self.start_again(worker)

    def loading(self, path: Path, *, kind: str = "calls") -> Loading:
        """A load that was begun, by the command."""
        arguments = ["load", str(path), "--kind", kind, "--tz", "Europe/Moscow", "--json"]
        process = subprocess.Popen(
            [*CLI, *arguments],
            env=self.env,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        loading = Loading(process)
        self._loads.append(loading)
        return loading

    def load_directory(self, department: Department) -> None:
        """Managers, organisations, stages and proposals, all at a time; proposals need their organisations."""
        at_once = [self.loading(department.files[kind], kind=kind) for kind in ("managers", "organisations", "stages")]
        for loading in at_once:
            loading.outcome()
        self.loading(department.files["proposals"], kind="proposals").outcome()

    def use(self, dsn: str) -> None:
        """Have commands and workers, not started yet, use another store."""
        self._dsn = self.env["CALLFUNNEL_CLICKHOUSE"] = dsn

    def run(self, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """A command that ends by itself."""
        return subprocess.run(
            [*CLI, *arguments],
            env=env or self.env,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def log_of(self, part: str) -> str:
        """What a process of this deployment has written."""
        path = self.folder / f"{part}.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    @cached_property
    def client(self) -> Client:
        return connect(self._dsn)

    def number(self, sql: str) -> int:
        """The one number that a query gives."""
        return int(str(self.client.command(sql)))

    def wait_for_legs(self, legs: int) -> None:
        """Return in the middle of a load: once so many rows of call_legs, folded or not, are stored."""
        wait_for(f"{legs} legs", lambda: self.number("SELECT count() FROM call_legs") > legs)

    def counted(self) -> dict[Cell, dict[str, Any]]:
        """What the agents counted, cell by cell, in the form of `Department.cells`."""
        numbers = [name for name in COLUMNS if name != "amount"]
        answer = self.client.query(
            f"SELECT toUnixTimestamp(bucket), manager_id, {', '.join(numbers)}, toInt64(arraySum(amounts))"
            " FROM manager_activity FINAL"
        )
        return {(row[0], row[1]): dict(zip([*numbers, "amount"], row[2:], strict=True)) for row in answer.result_rows}

    def content(self) -> dict[str, tuple[int, int]]:
        """Every table's rows and a hash of what they say, whoever said it and when."""
        content = {}
        for table, unsaid in _UNSAID.items():
            sql = f"SELECT count(), sum(cityHash64(tuple(* EXCEPT ({unsaid})))) FROM {table} FINAL"
            rows, digest = self.client.query(sql).result_rows[0]
            content[table] = (rows, digest)
        return content

    def assert_holds(self, department: Department) -> None:
        """Nothing is lost and nothing counted twice: every number is the plain count's, and `verify` agrees."""
        assert self.number("SELECT count() FROM call_legs FINAL") == department.legs
        assert self.number("SELECT uniqExact(call_id) FROM call_legs FINAL") == department.calls
        standing = "SELECT count() FROM activities FINAL WHERE kind {} 'call'"
        assert self.number(standing.format("=")) == department.calls
        assert self.number(standing.format("!=")) == department.proposals
        assert self.number("SELECT count() FROM rejected FINAL WHERE resolved = 0") == 0
        counted = self.counted()
        wrong = {
            cell: (counted.get(cell), department.cells.get(cell))
            for cell in counted.keys() | department.cells.keys()
            if counted.get(cell) != department.cells.get(cell)
        }
        assert not wrong, f"{len(wrong)} of {len(department.cells)} cells differ, such as {list(wrong.items())[:3]}"
        verified = self.run("verify", "--from", "2026-05-31", "--to", "2026-06-30")
        assert verified.returncode == 0, verified.stdout + verified.stderr

    def stop(self) -> None:
        for loading in self._loads:
            loading.end()
        if "client" in vars(self):
            self.client.close()
        for part in (*self.workers.values(), self.store):
            part.stop(0)  # in no order and at once; how they stop when asked is tested where it matters
