"""Reports what a load waits for, once nothing has moved for some seconds, in any phase of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from connectors.reading.source import Reading
from pipeline.endpoints import Endpoints
from pipeline.loading.diagnosis import StackState, diagnose
from pipeline.loading.sending import Waiting
from pipeline.loading.stack_probe import probe
from pipeline.storage_wait import Position
from pipeline.store import Store, connect
from pipeline.transport import Stalled
from schemas.errors import CallfunnelError, Terminal, Transient

AFTER_S = 6.0
_AGAIN_S = 4.0
_LONG_S = 30.0
REPLACED_WITHIN_S = 90.0
"""A part of the embedded stack that hangs is replaced by then, and serves."""
_FIRST_ANSWER_S = 10.0
_NOTHING_WRONG = (
    "nothing has moved for half a minute, though broker, store and workers answer: a worker may be starting again, or"
    " is at work on much; `callfunnel doctor` looks closer"
)


class Progress(Waiting, Protocol):
    """Called while loading."""

    def reading(self, file: Path, reading: Reading) -> None: ...

    def waits(self, text: str) -> None:
        """What it waits for, when that is another thing than before; "" when it moves again. From another thread."""


class WaitReporter:
    """Stands between a load and its progress, sees when that moves, and looks at the stack when it does not."""

    def __init__(
        self,
        progress: Progress,
        probe: Callable[[], StackState],
        *,
        after_s: float = AFTER_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._progress = progress
        self._probe = probe
        self._after_s = after_s
        self._monotonic = monotonic
        self._moved_at = monotonic()
        self._last: object = None
        self._ends = threading.Event()
        self.text = ""
        """What it waits for now; "" while it moves, or when nothing is wrong with what was seen."""

    def __enter__(self) -> WaitReporter:
        threading.Thread(target=self._run, name="lookout", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()

    # What the load tells.

    def reading(self, file: Path, reading: Reading) -> None:
        self._saw((file, reading.rows))
        self._progress.reading(file, reading)

    def storing(self, position: Position) -> None:
        self._saw(position)
        self._progress.storing(position)

    def note(self, text: str) -> None:
        self._progress.note(text)

    def waits(self, text: str) -> None:
        self._progress.waits(text)

    def check(self) -> None:
        self._progress.check()

    def explained(self, error: CallfunnelError) -> CallfunnelError:
        """The same error with what was waited for, for a reader of the log."""
        if not self.text or self.text in str(error):
            return error
        message = f"{error}; it waited: {self.text}"
        if isinstance(error, Transient):
            return Transient(message, retry_after_s=error.retry_after_s)
        return Stalled(message) if isinstance(error, Stalled) else Terminal(message)

    def watch(self) -> None:
        """Look once, if nothing has moved for long enough. Called again and again by a thread."""
        still_s = self._monotonic() - self._moved_at
        if still_s < self._after_s:
            return
        began = self._moved_at
        text = diagnose(self._probe())
        if not text and still_s >= _LONG_S:
            text = _NOTHING_WRONG
        if self._moved_at == began:
            self._say(text)

    def _saw(self, what: object) -> None:
        """It moves when it shows something else than before."""
        if what != self._last:
            self._last = what
            self._moved_at = self._monotonic()
            self._say("")

    def _say(self, text: str) -> None:
        if text != self.text and not self._ends.is_set():
            self._progress.waits(text)
        self.text = text

    def _run(self) -> None:
        while not self._ends.wait(1.0 if not self.text else _AGAIN_S):
            self.watch()


def reached_store(
    endpoints: Endpoints,
    progress: Progress,
    *,
    within_s: float = REPLACED_WITHIN_S,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Store:
    """The store. One of the embedded stack is waited for, and reported, while it is replaced. Raises Trouble."""
    until = monotonic() + (within_s if endpoints.data else 0.0)
    reported = ""
    while True:
        progress.check()
        try:
            connect(endpoints.clickhouse, first_answer_s=_FIRST_ANSWER_S).close()
            return Store(connect(endpoints.clickhouse))
        except Transient as error:
            text = diagnose(probe(endpoints)) or str(error)
            if monotonic() > until:
                raise Transient(f"{error}; it waited: {text}") from None
            if text != reported:
                progress.waits(text)
                reported = text
            sleep(1.0)
