"""Power cuts: what was reported is there. `python -m bench.power_cut [CUTS]`, as root (it mounts images).

A stack keeps its data on an ext4 image. The image file is copied while it is mounted and nothing is flushed: what lies
in the page cache alone is not in the copy, as after a power cut. Every process of the stack stands still meanwhile,
and a copy during which the kernel wrote something is taken again, so the copy is of one moment. A stack on the copy
must have all that was reported before that moment: each file that `load` called stored, each file in done/. What was on
its way is loaded again, as its user would, and then every number agrees with its facts.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from clickhouse_connect.driver.client import Client

from bench import stack
from bench.parse import write_export
from connectors.sender import FrameSender
from pipeline.endpoints import Running, read_running
from pipeline.store import connect
from schemas.topics import MANAGERS

_CLI = [sys.executable, "-m", "pipeline.cli"]
_IMAGE_BYTES = 600 << 20
_STARTS_S = 180.0
_ENDS_S = 60.0
_COPIES = 50


class Unable(Exception):
    """This machine mounts no images; the message says why."""


class File(NamedTuple):
    """An export, and the source that it is loaded as."""

    path: Path
    source: str
    rows: int


class Disk:
    """An ext4 file system in a file, mounted while it is open. Raises Unable."""

    def __init__(self, image: Path, at: Path) -> None:
        self.image = image
        self.at = at
        at.mkdir(exist_ok=True)
        self._loop = ""

    @classmethod
    def made(cls, image: Path, at: Path) -> Disk:
        with image.open("wb") as file:
            file.truncate(_IMAGE_BYTES)
        _run("mkfs.ext4", "-q", "-F", str(image))
        return cls(image, at)

    def __enter__(self) -> Disk:
        self.mount()
        return self

    def __exit__(self, *_: object) -> None:
        self.unmount()

    def mount(self) -> None:
        _run("mount", "-o", "loop", str(self.image), str(self.at))
        self._loop = Path(_run("findmnt", "-n", "-o", "SOURCE", str(self.at)).strip()).name

    def unmount(self) -> None:
        """Waits for processes that were killed and have not ended yet."""
        until = time.monotonic() + _ENDS_S
        while True:
            try:
                _run("umount", str(self.at))
            except Unable:  # who was killed has not ended yet
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
            else:
                return

    def copied(self, to: Path) -> None:
        """The image as it is at one moment; nothing is flushed for it."""
        for _ in range(_COPIES):
            before = self._written()
            _run("cp", "--sparse=always", str(self.image), str(to))
            if self._written() == before:
                return
        raise RuntimeError(f"{self.image}: the kernel wrote all the time; no copy is of one moment")

    def _written(self) -> str:
        """What the kernel has sent to the image, and what is on the way: columns 5, 7 and 9 of its statistics."""
        fields = Path(f"/sys/block/{self._loop}/stat").read_text(encoding="utf-8").split()
        return " ".join((fields[4], fields[6], fields[8]))


def _run(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise Unable(f"there is no {command[0]}") from None
    if done.returncode:
        raise Unable(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


class Machine:
    """A stack over a folder of a disk, with the processes that use it."""

    def __init__(self, folder: Path, state: Path) -> None:
        self.data = folder / "data"
        self.drop = folder / "drop"
        known = {name: value for name, value in os.environ.items() if not name.startswith("CALLFUNNEL_")}
        self._env = {**known, "XDG_STATE_HOME": str(state), "TZ": "UTC", "PYTHONPATH": str(Path.cwd())}
        self._state = state
        self._begun: list[subprocess.Popen[str]] = []
        self.running: Running
        self.store: Client

    def __enter__(self) -> Machine:
        self._state.mkdir(exist_ok=True)
        self._begin("up", "--data", str(self.data), "--kafka-port", "0", "--store-port", "0", "--board-port", "0")
        try:
            self.running = self._wait(lambda: read_running(self.data))
            self.store = connect(self.running.clickhouse)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """The power is off."""
        if "store" in vars(self):
            self.store.close()
        for pid in self._pids():
            _signal(pid, signal.SIGKILL)
        for process in self._begun:
            process.wait()

    def _begin(self, *arguments: str) -> subprocess.Popen[str]:
        with (self._state / f"{len(self._begun)}-{arguments[0]}.log").open("w", encoding="utf-8") as log:
            process = subprocess.Popen(
                [*_CLI, *arguments], env=self._env, cwd=self._state, stdout=log, stderr=subprocess.STDOUT, text=True
            )
        self._begun.append(process)
        return process

    def _wait(self, found: Callable[[], Running | None]) -> Running:
        until = time.monotonic() + _STARTS_S
        while time.monotonic() < until:
            if self._begun[0].poll() is not None:
                break
            if (running := found()) is not None and "ready" in self.output(0):
                return running
            time.sleep(0.05)
        raise RuntimeError(f"the stack did not start: {self.output(0)}")

    def output(self, number: int) -> str:
        """The output of the process, in the order of their starts."""
        (log,) = self._state.glob(f"{number}-*.log")
        return log.read_text(encoding="utf-8")

    def load(self, file: File) -> subprocess.Popen[str]:
        return self._begin("load", str(file.path), "--source", file.source, "--tz", "Europe/Moscow",
                           "--data", str(self.data))  # fmt: skip

    def listen(self) -> None:
        """Load what is dropped."""
        self.drop.mkdir(exist_ok=True)
        self._begin("listen", "folder", str(self.drop), "--source", "dropped", "--tz", "Europe/Moscow",
                    "--settle", "0.2", "--data", str(self.data))  # fmt: skip

    def done(self) -> set[str]:
        """Names of dropped files that were reported as loaded."""
        folder = self.drop / "done"
        return {path.name for path in folder.glob("*.csv")} if folder.exists() else set()

    def _pids(self) -> list[int]:
        running = read_running(self.data) or getattr(self, "running", None)
        parts = list(running.parts.values()) if running else []
        return [*(process.pid for process in self._begun if process.poll() is None), *parts]

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Nobody does anything meanwhile."""
        pids = self._pids()
        for pid in pids:
            _signal(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                _signal(pid, signal.SIGCONT)

    def ask(self, *arguments: str) -> tuple[int, str]:
        """A command to its end: (exit code, output)."""
        command = [*_CLI, *arguments, "--data", str(self.data)]
        done = subprocess.run(command, env=self._env, cwd=self._state, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


class Cut(NamedTuple):
    """What was reported at the moment of a cut, and what was not yet."""

    reported: frozenset[str]
    """Names of files: loaded, or in done/."""
    dropped: frozenset[str]
    """Of them: those in done/."""


def missing(machine: Machine, files: Sequence[File], cut: Cut) -> list[str]:
    """What was reported and is not there, as messages."""
    found = []
    for file in files:
        name = file.path.name
        if name not in cut.reported:
            continue
        legs = _number(machine.store, f"SELECT count() FROM call_legs FINAL WHERE origin LIKE '{name}:%'")
        imported = _number(
            machine.store, f"SELECT max(records) FROM imports FINAL WHERE file = '{name}' AND state = 'stored'"
        )
        if legs != file.rows or imported != file.rows:
            found.append(
                f"{name}: {file.rows} legs were reported as stored; {legs} are there, its import says {imported}"
            )
        moved = machine.drop / "done" / name
        if name in cut.dropped and (not moved.exists() or moved.read_bytes() != file.path.read_bytes()):
            found.append(f"{name}: it was in done/, and is not there whole")
    return found


def _number(store: Client, sql: str) -> int:
    return int(str(store.command(sql)))


def agrees(machine: Machine, files: Sequence[File], cut: Cut) -> list[str]:
    """Load again what was on its way; what is not well then."""
    for file in files:
        if file.path.name not in cut.reported:
            code, output = machine.ask("load", str(file.path), "--source", file.source, "--tz", "Europe/Moscow")
            if code:
                return [f"{file.path.name} cannot be loaded again: {output}"]
    messages = []
    legs, wanted = _number(machine.store, "SELECT count() FROM call_legs FINAL"), sum(file.rows for file in files)
    if legs != wanted:
        messages.append(f"{legs} legs, of {wanted}")
    code, output = machine.ask("verify", "--from", "2026-05-25", "--to", "2026-12-31")
    return [*messages, *([output] if code else [])]


def _hire(running: Running) -> None:
    """Managers with the extensions of the exports, so that their calls are counted."""
    with FrameSender(running.kafka) as sender:
        for topic, record in stack.directory():
            if topic is MANAGERS:
                sender.send(topic, record)
        ends = sender.flush()
    stack.wait_stored(running.endpoints, ends)


class Bench:
    """One machine whose power is cut at random moments, as often as requested."""

    def __init__(self, folder: Path, rows: int, rnd: random.Random) -> None:
        self._folder = folder
        self._rows = rows
        self._rnd = rnd
        self._files: list[File] = []
        self._reported: set[str] = set()

    def run(self, cuts: int, say: Callable[[str], None]) -> list[str]:
        """What was lost, over all cuts: nothing, or the product breaks its promise. Raises Unable."""
        lost: list[str] = []
        with (
            Disk.made(self._folder / "disk.img", self._folder / "disk") as disk,
            Machine(disk.at, self._folder / "state") as machine,
        ):
            _hire(machine.running)
            machine.listen()
            for number in range(cuts):
                # As soon as it is reported, or anywhere.
                within_s = 0.0 if number % 2 == 0 else self._rnd.uniform(0.1, 6.0)
                cut = self._cut(machine, disk, within_s)
                messages = self._after(number, cut)
                message = "; ".join(messages) or "all are there"
                say(f"cut {number + 1}: {len(cut.reported)} of {len(self._files)} files were reported; {message}")
                lost += messages
        return lost

    def _cut(self, machine: Machine, disk: Disk, within_s: float) -> Cut:
        """Load a file, drop another; the power goes when they are reported, or after so many seconds."""
        loaded, dropped = self._export("office"), self._export("dropped")
        shutil.copyfile(dropped.path, machine.drop / dropped.path.name)
        loading = machine.load(loaded)
        until = time.monotonic() + within_s
        while loading.poll() is None and (not within_s or time.monotonic() < until):
            time.sleep(0.002)
        with machine.standing_still():
            if loading.poll() is not None:
                if loading.returncode:
                    raise RuntimeError(f"the load failed: {machine.output(len(machine._begun) - 1)}")
                self._reported.add(loaded.path.name)
            done = machine.done()
            disk.copied(self._folder / "cut.img")
        loading.wait()
        reported = self._reported | done
        self._reported.add(loaded.path.name)  # from now on
        return Cut(frozenset(reported), frozenset(done))

    def _export(self, what: str) -> File:
        number = len(self._files)
        file = File(self._folder / f"{what}-{number}.csv", f"office-{number}" if what == "office" else what, self._rows)
        write_export(file.path, self._rows, seed=self._rnd.randrange(1 << 30), after=number * self._rows)
        self._files.append(file)
        return file

    def _after(self, number: int, cut: Cut) -> list[str]:
        """A machine starts from the copy."""
        with (
            Disk(self._folder / "cut.img", self._folder / "after") as disk,
            Machine(disk.at, self._folder / f"state-{number}") as machine,
        ):
            return missing(machine, self._files, cut) or agrees(machine, self._files, cut)


def main() -> None:
    cuts = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory(prefix="callfunnel-power-") as folder:
        try:
            lost = Bench(Path(folder), 1_000, random.Random()).run(cuts, lambda message: print(message, flush=True))
        except Unable as why:
            raise SystemExit(f"no image can be mounted here: {why}") from None
    print(f"power cuts: {cuts}; lost: {len(lost)}")
    sys.exit(bool(lost))


if __name__ == "__main__":
    main()
