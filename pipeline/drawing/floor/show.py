"""Where the board is shown: on the whole screen of a terminal, or block after block in a log."""

from __future__ import annotations

import contextlib
import sys
import termios
import time
from collections.abc import Callable, Iterator
from typing import Protocol, TextIO

import msgspec
from rich.console import Console, Group
from rich.live import Live

from pipeline.drawing.floor.board import Around, board
from pipeline.readouts.floor import Floor

BLOCK_EVERY_S = 10.0
_LOG_WIDTH, _LOG_LATEST = 120, 5


class Show(Protocol):
    """Takes the board as often as it likes to be told; draws what has changed."""

    def draw(self, floor: Floor, around: Around) -> None: ...


class Screen:
    """The board in the size that the terminal has now. NO_COLOR leaves bold, dim and the signs."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def draw(self, floor: Floor, around: Around) -> None:
        console = self._live.console
        lines = board(floor, around, console.size.width, console.size.height, plain=console.options.ascii_only)
        self._live.update(Group(*lines), refresh=True)


class Log:
    """A block now and then, without escape codes, for files and pipes."""

    def __init__(self, out: TextIO, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._monotonic = monotonic
        self._next_at = 0.0

    def draw(self, floor: Floor, around: Around) -> None:
        if self._monotonic() < self._next_at:
            return
        self._next_at = self._monotonic() + BLOCK_EVERY_S
        some = msgspec.structs.replace(floor, latest=floor.latest[-_LOG_LATEST:])
        plain = not (self._out.encoding or "").lower().startswith("utf")
        everything = len(floor.people) + len(floor.teams) + 30
        for line in board(some, around, _LOG_WIDTH, everything, plain=plain):
            self._out.write(f"{line.plain.rstrip()}\n")
        self._out.write("\n")
        self._out.flush()


@contextlib.contextmanager
def show() -> Iterator[Show]:
    """The screen when standard output is a terminal that can move its cursor, else a log."""
    console = Console()
    if not console.is_terminal or console.is_dumb_terminal:
        yield Log(sys.stdout)
        return
    with _without_echo(), Live(console=console, screen=True, auto_refresh=False) as live:
        yield Screen(live)


@contextlib.contextmanager
def _without_echo() -> Iterator[None]:
    """What is typed does not appear on the board, nor at the prompt behind it."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    quiet = termios.tcgetattr(sys.stdin)
    quiet[3] &= ~termios.ECHO
    termios.tcsetattr(sys.stdin, termios.TCSADRAIN, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, before)
