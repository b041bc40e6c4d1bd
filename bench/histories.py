"""Random histories of a stack and a listener: `python -m bench.histories [COUNT] [--seed N] [--minutes M]`.

Calls are posted to `callfunnel listen http` while its process, the broker, the store, the worker, the supervisor or all
of them are killed, frozen or stopped, in any order. At the end of each history everything that was answered 200 is
counted, each once: else the history's seed is printed, and the exit code is 1. What happens is drawn from the seed
alone; what is under way when it happens is up to the machine.
"""

from __future__ import annotations

import argparse
import http.client
import json
import logging
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from clickhouse_connect.driver.exceptions import ClickHouseError
from urllib3.exceptions import HTTPError

from pipeline.embedded.ports import free_port
from pipeline.endpoints import Running, journals_folder, read_running
from pipeline.store import connect
from schemas.trouble import Trouble

CLI = [sys.executable, "-m", "pipeline.cli"]
_TOKEN = "a token for histories only"
_STARTS_S = 180.0
_COUNTED_WITHIN_S = 240.0
_FIRST_DAY = datetime(2020, 1, 1, 9, tzinfo=UTC)


class Wrong(Exception):
    """A history lost something, or counted it twice."""


class World:
    """The stack and the listener, as processes of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
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
                "up", "--data", "data", *("--kafka-port", "0", "--store-port", "0", "--board-port", "0")
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
                "data",
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


def _signal(world: World, names: Sequence[str], number: int) -> None:
    for pid in [pid for name in names for pid in world.pids(name)]:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _kill(*names: str) -> Callable[[World], None]:
    def kill(world: World) -> None:
        _signal(world, names, signal.SIGKILL)
        for name, process in (("up", world.up), ("listener", world.listener)):
            if process is not None and name in names:
                process.wait()

    return kill


def _freeze(world: World) -> None:
    """The worker falls behind, until the history's end or until it is killed."""
    world.frozen += world.pids("worker")
    _signal(world, ["worker"], signal.SIGSTOP)


def _asked(name: str) -> Callable[[World], None]:
    def end(world: World) -> None:
        process = world.up if name == "up" else world.listener
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(150)

    return end


class Fault(NamedTuple):
    """Something that happens to the stack. More kinds are more lines below."""

    name: str
    happen: Callable[[World], None]
    weight: int


FAULTS = (
    Fault("listener killed", _kill("listener"), 6),
    Fault("broker killed", _kill("broker"), 5),
    Fault("worker killed", _kill("worker"), 5),
    Fault("store killed", _kill("store"), 3),
    Fault("worker frozen", _freeze, 3),
    Fault("broker and listener killed", _kill("broker", "listener"), 4),
    Fault("broker, worker and listener killed", _kill("broker", "worker", "listener"), 3),
    Fault("supervisor killed", _kill("up"), 2),
    Fault("all killed", _kill("up", "listener", "broker", "store", "worker", "board"), 3),
    Fault("listener asked to end", _asked("listener"), 2),
    Fault("stack asked to end", _asked("up"), 1),
)


class Event(NamedTuple):
    """A fault, how long after the one before, and how long until what it ended is started again."""

    after_s: float
    fault: Fault
    restart_s: float


def plan(seed: int, faults: Sequence[Fault] = FAULTS) -> list[Event]:
    """What happens in one history: drawn from its seed alone."""
    rnd = random.Random(seed)
    weights = [fault.weight for fault in faults]
    return [
        Event(rnd.uniform(0, 1.0), rnd.choices(faults, weights)[0], rnd.choice((0.0, 0.3, 1.0)))
        for _ in range(rnd.choice((1, 1, 2, 2, 3)))
    ]


class Poster(threading.Thread):
    """Posts calls of one history until it is told to stop; some are posted again."""

    def __init__(self, world: World, number: int, seed: int) -> None:
        super().__init__(daemon=True)
        self._world = world
        self._random = random.Random(seed)
        self._day = _FIRST_DAY + timedelta(days=number)
        self._name = f"h{number}-{seed}"
        self.stopping = threading.Event()
        self.posted: list[str] = []
        self.answered: set[str] = set()

    @property
    def day(self) -> str:
        return f"{self._day:%Y-%m-%d}"

    def run(self) -> None:
        while not self.stopping.is_set():
            time.sleep(self._random.choice((0.0, 0.01, 0.05)) if self.post_one() else 0.1)

    def post_one(self) -> bool:
        """Whether it was answered 200."""
        again = self.posted and self._random.random() < 0.1
        number = self._random.randrange(len(self.posted)) if again else len(self.posted)
        name = f"{self._name}-{number}"
        if not again:
            self.posted.append(name)
        begin = self._day + timedelta(seconds=number * 7 % 20_000)
        call = {
            "record_id": name, "direction": "outbound", "extension": "101", "billsec": 60,
            "contact": f"+7495{number:07d}", "started_at": begin.isoformat(),
            "ended_at": (begin + timedelta(seconds=70)).isoformat(),
        }  # fmt: skip
        if self._world.post("/calls", call) != 200:
            return False
        self.answered.add(name)
        return True


def run(world: World, number: int, seed: int, faults: Sequence[Fault] = FAULTS) -> str:
    """One history; what it was, in words. Raises Wrong."""
    began = time.monotonic()
    poster = Poster(world, number, seed)
    poster.start()
    events = plan(seed, faults)
    try:
        for event in events:
            time.sleep(event.after_s)
            event.fault.happen(world)
            time.sleep(event.restart_s)
            if not (world.pids("up") and world.pids("listener")):
                world.start()
    finally:
        poster.stopping.set()
        poster.join()
    for pid in world.frozen:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    world.frozen.clear()
    world.start()
    for _ in range(3):
        poster.post_one()
    _check(world, poster)
    words = ", ".join(event.fault.name for event in events)
    seconds = time.monotonic() - began
    return f"{words}: {len(poster.answered)} of {len(poster.posted)} answered, all counted once, {seconds:.1f} s"


def _check(world: World, poster: Poster) -> None:
    """Return once everything that was answered is counted, once. Raises Wrong when that does not come to pass."""
    until = time.monotonic() + _COUNTED_WITHIN_S
    stored, activities, counted = set[str](), 0, -1
    missing = poster.answered
    while True:
        with suppress(Trouble):
            stored, activities, counted = _seen(world, poster)
            missing = poster.answered - stored
            twice = activities != len(stored) or counted != len(stored)
            if not (missing or twice or _left(world)):
                return
        if time.monotonic() > until:
            raise Wrong(
                f"{len(missing)} of {len(poster.answered)} answered are not stored ({sorted(missing)[:3]});"
                f" {len(stored)} stored, {activities} activities, {counted} counted; journals: {_left(world)}\n"
                + world.last_words()
            )
        if world.up is not None and world.up.poll() is not None:  # a part died too often, which it says: start it
            world.start()
        time.sleep(0.2)


def _seen(world: World, poster: Poster) -> tuple[set[str], int, int]:
    """(calls that are stored, their activities, what the manager's cells count) of a history. Raises Trouble."""
    running = world.running
    if running is None:
        return set(), 0, -1
    client = connect(running.clickhouse)
    try:
        of_day = f"= toDate('{poster.day}')"
        names = client.query(f"SELECT record_id FROM call_legs FINAL WHERE toDate(started_at, 'UTC') {of_day}")
        activities = client.command(f"SELECT count() FROM activities FINAL WHERE toDate(at, 'UTC') {of_day}")
        counted = client.command(f"SELECT sum(calls) FROM manager_activity FINAL WHERE toDate(bucket, 'UTC') {of_day}")
    except (ClickHouseError, HTTPError, OSError) as error:
        raise Trouble(str(error)) from None
    finally:
        client.close()
    rows = [str(row[0]) for row in names.result_rows]
    return set(rows), int(str(activities)), int(str(counted))


def _left(world: World) -> list[str]:
    """Journals of listeners that are gone."""
    folder = journals_folder(world.data)
    ours = [path.name for path in folder.glob("*.journal")] if folder.exists() else []
    return ours if len(ours) > 1 else []


@contextmanager
def world_in(folder: Path) -> Iterator[World]:
    """A stack, a listener and a manager; gone afterwards."""
    world = World(folder)
    try:
        world.start()
        manager = {"manager_id": "m1", "name": "Anna", "extensions": ["101"]}
        if world.post("/managers", manager) != 200:
            raise Wrong("the manager was not taken")
        yield world
    finally:
        world.end()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--minutes", type=float, default=1e9, help="Begin no history after so many.")
    chosen = parser.parse_args()
    logging.getLogger("clickhouse_connect").setLevel(logging.CRITICAL)  # of a store that is killed it says much
    until = time.monotonic() + chosen.minutes * 60
    done = kills = answered = 0
    with tempfile.TemporaryDirectory(prefix="callfunnel-histories-") as folder, world_in(Path(folder)) as world:
        for number in range(chosen.count):
            if time.monotonic() > until:
                break
            seed = chosen.seed + number
            try:
                words = run(world, number, seed)
            except Wrong as wrong:
                print(f"history {number}, --seed {seed}: WRONG: {wrong}", flush=True)
                print(f"plan: {[(event.fault.name, event.after_s, event.restart_s) for event in plan(seed)]}")
                raise SystemExit(1) from None
            done += 1
            kills += len(plan(seed))
            answered += int(words.split(": ", 1)[1].split()[0])
            print(f"history {number}, seed {seed}: {words}", flush=True)
    print(
        f"{done} histories, {kills} faults, {answered:,} calls answered: all counted, each once (--seed {chosen.seed})"
    )


if __name__ == "__main__":
    main()
