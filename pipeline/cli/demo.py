"""`callfunnel demo`: a synthetic sales department, live, on an embedded stack of its own."""

from __future__ import annotations

import contextlib
import signal
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import click

from department.options import DepartmentOptions
from pipeline.demo.department import loaded
from pipeline.demo.live import live
from pipeline.demo.once import once as show_once
from pipeline.terminal.options import Day
from schemas.errors import Terminal

_DEFAULT = DepartmentOptions()
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


_PURPOSE = """\
Revenue tells what a sales department did months ago. callfunnel counts what it
does today, from what the telephone exchange writes anyway: calls, organisations,
proposals, of every manager. This department is invented.
"""


class Speed(click.ParamType):
    """How many times as fast as life: 60 or x60."""

    name = "SPEED"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            speed = float(str(value).strip().lower().removeprefix("x"))
        except ValueError:
            speed = 0.0
        if not 1 <= speed <= 600:
            self.fail(f"{value!r}: from x1 to x600, as 60 or x60", param, ctx)
        return speed


@click.command("demo")
@click.option("--once", is_flag=True, help="Load, print, compare with the truth, stop.")
@click.option("--speed", type=Speed(), default="x60", show_default=True, help="x60: a minute is an hour. x1 to x600.")
@click.option("--managers", default=_DEFAULT.managers, show_default=True)
@click.option("--days", default=_DEFAULT.days, show_default=True, help="Calendar days of history.")
@click.option("--from", "first", type=Day(), default=str(_DEFAULT.first), show_default=True, help="Its first day.")
@click.option("--seed", default=_DEFAULT.seed, show_default=True, help="Another seed is another department.")
@click.option(
    "--oddities",
    is_flag=True,
    help="Parking, pick-ups, dial prefixes, second devices, mobiles: what real exchanges record oddly.",
)
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), default=None,
              help="A new folder to keep it in. [default: a temporary one]")  # fmt: skip
def command(
    once: bool, speed: float, managers: int, days: int, first: date, seed: int, oddities: bool, data: Path | None
) -> None:
    """Show the product alive: an invented sales department, whose exchange and CRM go on writing.

    Starts a stack on free ports, generates the department, loads its history as `callfunnel load` does, and then shows
    its next days as they happen: who calls, how many organisations, A to D, who is silent. Ctrl-C stops everything.

    --once prints what was counted, and compares every number with the true one. Exit codes: 0 equal, 1 it differs.
    """
    options = DepartmentOptions(managers=managers, days=days, first=first, seed=seed, oddities=oddities)
    for number in _STOPPING:
        signal.signal(number, _give_up)
    differs = False
    try:
        with _folder(data) as folder:
            click.echo(_PURPOSE)
            with loaded(folder, options) as department:
                if once:
                    differs = not show_once(department)
                else:
                    live(department, speed)
    except KeyboardInterrupt:
        if once:
            raise
    click.echo("callfunnel: stopped")
    sys.exit(1 if differs else 0)


def _give_up(*_: object) -> None:
    """Once: what is stopping is not to be interrupted."""
    for number in _STOPPING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


@contextlib.contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    """The folder of a demo: an empty one that was asked for and stays, or one that is gone afterwards."""
    if data is None:
        with tempfile.TemporaryDirectory(prefix="callfunnel-demo-") as folder:
            yield Path(folder)
        return
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(data.iterdir()):
            raise Terminal(f"{data} is not empty: a demo wants a folder of its own, give a new one with --data")
    except OSError as error:
        raise Terminal(f"{data}: {error.strerror}; give another --data") from None
    yield data.resolve()
