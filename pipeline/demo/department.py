"""A synthetic department on a stack of its own, generated and loaded: what both demos begin with."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from textwrap import fill
from typing import Any

import click
import msgspec
from rich.console import Console

from department.generate import TRUTH, Generated, generate
from department.options import DepartmentOptions
from pipeline.embedded.supervise import Stack, StackPlan
from pipeline.endpoints import Endpoints, Running
from pipeline.loading.load import load
from pipeline.loading.load_progress import PlainProgress, TerminalProgress
from pipeline.loading.outcome import Outcome
from pipeline.loading.prepare import LoadOptions, PreparedFile, prepare
from pipeline.readouts.numbers import Numbers
from pipeline.settings import Settings, read_settings
from pipeline.store import Store, connect
from schemas.errors import Terminal

_ROUNDS = (("managers", "organisations", "stages", "plan", "calendar", "absences"), ("proposals",), ("calls",))
"""What is loaded together: proposals need their organisations; calls are quickest when everybody is known."""


class LoadedDepartment(msgspec.Struct, frozen=True):
    """A department whose history is counted."""

    folder: Path
    options: DepartmentOptions
    generated: Generated
    truth: dict[str, Any]
    exports: dict[str, PreparedFile]
    """A file of each kind that has any rows."""
    settings: Settings
    stack: Stack
    running: Running
    numbers: Numbers
    """As the store's reader."""

    @property
    def endpoints(self) -> Endpoints:
        return self.running.endpoints

    def where(self, first: date) -> list[str]:
        """How to ask the store oneself, while it is up."""
        store = self.running.reader.rsplit("@", 1)[1].partition("/")[0]
        return [
            f"Ask: . {shlex.quote(str(self.folder / 'env'))}; callfunnel activity --from {first}",
            f"ClickHouse: http://{store} as reader, password in data/credentials.json",
            f"Boards: {self.running.board}&now=last",  # its calls are of another year: as of the latest one
        ]


@contextlib.contextmanager
def loaded(folder: Path, options: DepartmentOptions) -> Iterator[LoadedDepartment]:
    """Generate, start, load; stop everything at the end. Says each step and how long it took. Raises Trouble."""
    exports, data = folder / "department", folder / "data"
    with _step("generate") as say:
        generated = generate(options, exports)
        say(
            f"{options.managers} managers, {options.days} days from {options.first}: {generated.calls:,} calls,"
            f" {generated.organisations:,} organisations"
        )
    env = _environment(folder, exports, data)
    settings = read_settings(env)
    stack = Stack(StackPlan(data=data, kafka_port=0, store_port=0), env)
    with _step("start") as say:
        running = stack.start()
        say("a broker, a ClickHouse engine, a board page and a worker, on this machine alone")
    try:
        prepared = _prepared(generated, settings)
        for kinds in _ROUNDS:
            files = [file for file in prepared if file.recognised.kind in kinds]
            if files:
                with _step("load") as say:
                    say(_summary(_load(exports, running, files)))
        yield LoadedDepartment(
            folder=folder,
            options=options,
            generated=generated,
            truth=msgspec.json.decode((exports / TRUTH).read_bytes()),
            exports={file.recognised.kind: file for file in prepared},
            settings=settings,
            stack=stack,
            running=running,
            numbers=Numbers(connect(running.report)),
        )
    finally:
        stack.stop()


def _prepared(generated: Generated, settings: Settings) -> list[PreparedFile]:
    """The files to load: a small department may have no absence, no proposal, and on a day off no call."""
    found = []
    for kind, file in generated.files:
        path = Path(generated.folder) / file
        headers = 0 if kind == "calls" else 1
        if path.read_bytes().count(b"\n") > headers:
            found.append(prepare(path, LoadOptions(kind=kind), settings))
    return found


def _environment(folder: Path, exports: Path, data: Path) -> dict[str, str]:
    """Settings of this department alone: other stacks are found as before, and nothing is left behind."""
    ours = {"CALLFUNNEL_CONFIG": str(exports / "callfunnel.toml"), "CALLFUNNEL_DATA": str(data)}
    path = f'export PATH={shlex.quote(str(Path(sys.executable).parent))}:"$PATH"\n'
    exports_text = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in ours.items())
    (folder / "env").write_text(path + exports_text, encoding="utf-8")
    env = {name: value for name, value in os.environ.items() if not name.startswith("CALLFUNNEL_")}
    return env | ours | {"XDG_STATE_HOME": str(folder), "TMPDIR": str(folder)}


def _load(exports: Path, running: Running, files: list[PreparedFile]) -> list[Outcome]:
    console = Console(stderr=True)
    with (
        TerminalProgress(console, _unchecked) if console.is_terminal else PlainProgress(console, _unchecked) as progress
    ):
        outcomes = load(
            files,
            running.endpoints,
            Store(connect(running.clickhouse)),
            LoadOptions(rejects=exports / "rejects"),
            progress,
        )
    for outcome in outcomes:
        if outcome.stopped:
            raise Terminal(outcome.stopped)
    return outcomes


def _unchecked() -> None:
    """Parts that die end the wait by themselves: nothing moves any more."""


def _summary(outcomes: list[Outcome]) -> str:
    parts = [f"{one.calls:,} calls" if one.kind == "calls" else f"{one.kind} {one.records:,}" for one in outcomes]
    rejected = sum(sum(one.rejected.values()) for one in outcomes)
    return f"{', '.join(parts)}, stored and counted" + (f"; {rejected:,} rows rejected" if rejected else "")


@contextlib.contextmanager
def _step(name: str) -> Iterator[Callable[[str], None]]:
    """A line for a step, once it is done."""
    began = time.monotonic()
    parts: list[str] = []
    yield parts.append
    head = f"  {name:9} {time.monotonic() - began:5.1f} s  "
    width = min(120, shutil.get_terminal_size().columns)
    click.echo(fill(head + " ".join(parts), width, subsequent_indent=" " * len(head)))
