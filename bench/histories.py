"""Random histories of a stack and a listener: `python -m bench.histories [COUNT] [--seed N] [--minutes M]`.

Calls are posted to `callfunnel listen http` while its process, the broker, the store, the worker, the supervisor or all
of them are killed, frozen or stopped, in any order; with `--power-cuts` (as root) the data are on a disk of their own,
and the power fails now and then: what was not flushed to that disk is gone. At the end of each history everything that
was answered 200 is counted, each once: else the history's seed is printed, and the exit code is 1. What happens is
drawn from the seed alone; what is under way when it happens is up to the machine.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from clickhouse_connect.driver.exceptions import ClickHouseError
from urllib3.exceptions import HTTPError

from bench.history_world import World, Wrong
from bench.power_cut import Disk
from pipeline.endpoints import journals_folder
from pipeline.store import connect
from schemas.errors import CallfunnelError

_COUNTED_WITHIN_S = 240.0
_FIRST_DAY = datetime(2020, 1, 1, 9, tzinfo=UTC)


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


def _graceful_stop(name: str) -> Callable[[World], None]:
    def end(world: World) -> None:
        process = world.up if name == "up" else world.listener
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(150)

    return end


_EVERYTHING = ("up", "listener", "broker", "store", "worker", "board")


def _cut_the_power(world: World) -> None:
    """Everything ends, and the disk has what was flushed to it until one moment, at which everything stands still."""
    assert world.disk is not None
    _signal(world, _EVERYTHING, signal.SIGSTOP)
    copy = world.disk.image.with_suffix(".copy")
    world.disk.copied(copy)
    _kill(*_EVERYTHING)(world)
    world.disk.unmount()
    copy.replace(world.disk.image)
    world.disk.mount()


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
    Fault("all killed", _kill(*_EVERYTHING), 3),
    Fault("listener stopped gracefully", _graceful_stop("listener"), 2),
    Fault("stack stopped gracefully", _graceful_stop("up"), 1),
)

POWER_CUT = Fault("power cut", _cut_the_power, 5)


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
    """Posts calls of one history until it is stopped; some are posted again."""

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
    """One history; returns its summary. Raises Wrong."""
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
    summary = ", ".join(event.fault.name for event in events)
    seconds = time.monotonic() - began
    return f"{summary}: {len(poster.answered)} of {len(poster.posted)} answered, all counted once, {seconds:.1f} s"


def _check(world: World, poster: Poster) -> None:
    """Return once everything that was answered is counted, once. Raises Wrong when that does not come to pass."""
    until = time.monotonic() + _COUNTED_WITHIN_S
    stored, activities, counted = set[str](), 0, -1
    missing = poster.answered
    while True:
        with suppress(CallfunnelError):
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
        raise CallfunnelError(str(error)) from None
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
def world_in(folder: Path, disk: Disk | None = None) -> Iterator[World]:
    """A stack, a listener and a manager; gone afterwards."""
    world = World(folder, disk)
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
    parser.add_argument("--power-cuts", action="store_true", help="Have the power fail too; mounts an image, as root.")
    parser.add_argument("--minutes", type=float, default=1e9, help="Begin no history after so many.")
    chosen = parser.parse_args()
    logging.getLogger("clickhouse_connect").setLevel(logging.CRITICAL)  # of a store that is killed it says much
    until = time.monotonic() + chosen.minutes * 60
    done = kills = answered = cuts = 0
    faults = (*FAULTS, POWER_CUT) if chosen.power_cuts else FAULTS
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="callfunnel-histories-")))
        made = Disk.made(folder / "disk.img", folder / "disk") if chosen.power_cuts else None
        disk = stack.enter_context(made) if made else None
        world = stack.enter_context(world_in(folder, disk))
        for number in range(chosen.count):
            if time.monotonic() > until:
                break
            seed = chosen.seed + number
            try:
                summary = run(world, number, seed, faults)
            except Wrong as wrong:
                print(f"history {number}, --seed {seed}: WRONG: {wrong}", flush=True)
                print(f"plan: {[(event.fault.name, event.after_s, event.restart_s) for event in plan(seed, faults)]}")
                raise SystemExit(1) from None
            done += 1
            events = plan(seed, faults)
            kills += len(events)
            cuts += sum(event.fault is POWER_CUT for event in events)
            answered += int(summary.split(": ", 1)[1].split()[0])
            print(f"history {number}, seed {seed}: {summary}", flush=True)
    print(
        f"{done} histories, {kills} faults ({cuts} power cuts), {answered:,} calls answered:"
        f" all counted, each once (--seed {chosen.seed})"
    )


if __name__ == "__main__":
    main()
