"""What `callfunnel load` shows while it works: bars in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from connectors.reading.source import Reading
from pipeline.storage_wait import Position

_LINE_EVERY_S = 10.0


Check = Callable[[], None]


class TerminalProgress:
    """Two bars: reading and sending a file (rows a second, time left), and what the workers have stored."""

    def __init__(self, console: Console, check: Check) -> None:
        self.check = check
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
        )
        self._files: dict[Path, tuple[TaskID, float]] = {}
        self._storing: TaskID | None = None
        self._waits = ""

    def __enter__(self) -> TerminalProgress:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def reading(self, file: Path, reading: Reading) -> None:
        if file not in self._files:
            task = self._progress.add_task(file.name, total=max(reading.bytes_total, 1), rate="")
            self._files[file] = (task, time.monotonic())
        task, since = self._files[file]
        rate = f"{reading.rows / max(time.monotonic() - since, 0.001):,.0f} rows/s"
        self._progress.update(task, completed=reading.bytes_read, rate=rate)

    def storing(self, position: Position) -> None:
        if self._storing is None:
            self._storing = self._progress.add_task("storing", total=1, rate="")
        rate = f"{position.lag:,} frames to go{self._waits and ', waiting (see above)'}"
        self._progress.update(self._storing, completed=position.consumed, total=max(position.there, 1), rate=rate)

    def note(self, message: str) -> None:
        self._progress.console.print(message, style="yellow", highlight=False)

    def waits(self, message: str) -> None:
        self._waits = message
        if message:
            self.note(f"waiting: {message}")


class PlainProgress:
    """A line every ten seconds, for logs."""

    def __init__(self, console: Console, check: Check) -> None:
        self.check = check
        self._console = console
        self._printed_at = time.monotonic()

    def __enter__(self) -> PlainProgress:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def reading(self, file: Path, reading: Reading) -> None:
        share = 100 * reading.bytes_read / max(reading.bytes_total, 1)
        self._now_and_then(f"{file.name}: {reading.rows:,} rows, {share:.0f} %")

    def storing(self, position: Position) -> None:
        self._now_and_then(f"storing: {position.lag:,} frames to go")

    def waits(self, message: str) -> None:
        if message:
            self.note(f"waiting: {message}")

    def note(self, message: str) -> None:
        self._console.print(message, highlight=False, soft_wrap=True)

    def _now_and_then(self, message: str) -> None:
        if time.monotonic() - self._printed_at >= _LINE_EVERY_S:
            self._printed_at = time.monotonic()
            self.note(message)
