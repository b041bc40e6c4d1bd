"""Whether a part that runs is alive: it answers questions, or has done so a short while ago.

A part that hangs (a deadlock, SIGSTOP, a disk that does not answer) is as useless as one that died. A part that is
busy is not hung: so only several questions in a row without an answer count, over a time in which a store that merges,
inserts and answers long queries on a machine without a free core answered each (docs/reliability.md).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import msgspec

from pipeline.embedded.health_checks import Ask
from pipeline.embedded.part import StackPart

PATIENCE_S = 30.0
_TRIES = 3
"""Questions without an answer in a row, at least: after a machine that slept, one that was on its way is unanswered."""
_STARTS_WITHIN = 10
"""Times its patience a part may take until its first answer: a store with many parts, a worker that is not given any
partition before the broker has dropped a dead one."""
_WELL_AGAIN = 20
"""Times its patience that a part must be well until it is trusted as at first."""
_MOST_DOUBLED = 4


class Pulse(msgspec.Struct, frozen=True):
    """What was heard of one process of a part. Seconds of a monotonic clock."""

    pid: int
    since: float
    """It started then, as far as we saw."""
    has_answered: bool = False
    silent_since: float | None = None
    """When the first of the latest questions without an answer was asked; None when the latest one was answered."""
    tries: int = 0
    """Questions without an answer since then."""


def heard(pulse: Pulse, pid: int, sent_at: float, *, answered: bool) -> Pulse:
    """The pulse after one more question. Pure."""
    if pulse.pid != pid:
        pulse = Pulse(pid, sent_at)
    if answered:
        return Pulse(pid, pulse.since, has_answered=True)
    since = sent_at if pulse.silent_since is None else pulse.silent_since
    return msgspec.structs.replace(pulse, silent_since=since, tries=pulse.tries + 1)


def silent_s(pulse: Pulse, now: float, patience_s: float) -> float:
    """For how long a part that has to be replaced gave no answer; 0 while it may go on. Pure."""
    if pulse.silent_since is None or pulse.tries < _TRIES:
        return 0.0
    silent = now - (pulse.silent_since if pulse.has_answered else pulse.since)
    return silent if silent >= (patience_s if pulse.has_answered else patience_s * _STARTS_WITHIN) else 0.0


class LivenessWatch:
    """Asks one part now and then, in a thread of its own: a part that hangs keeps nobody from noticing another."""

    def __init__(
        self, part: StackPart, ask: Ask, patience_s: float = PATIENCE_S, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.part = part
        self._ask = ask
        self._base_s = patience_s
        self._monotonic = monotonic
        self._pulse = Pulse(0, monotonic())
        self._replaced = 0
        self._replaced_at = 0.0
        self._stopping = threading.Event()

    @property
    def patience_s(self) -> float:
        """Doubled with each time it was replaced lately: whatever is wrong, it is not restarted all the time."""
        if self._replaced and self._monotonic() - self._replaced_at > self._base_s * _WELL_AGAIN * 2**self._replaced:
            self._replaced = 0
        return float(self._base_s * 2**self._replaced)

    def start(self) -> None:
        threading.Thread(target=self._run, name=f"signs of {self.part.name}", daemon=True).start()

    def stop(self) -> None:
        """No further question; the one under way ends by itself."""
        self._stopping.set()

    def ask(self) -> None:
        """Ask once. Blocks for a third of the patience at most."""
        pid, sent_at = self.part.pid, self._monotonic()
        answered = self._ask(self._base_s / 3)
        if self.part.pid == pid:  # what was asked of a process that is gone says nothing of the next one
            self._pulse = heard(self._pulse, pid, sent_at, answered=answered)

    @property
    def silent_s(self) -> float:
        """For how long it gave no sign of life, when that is so long that it has to be replaced; else 0."""
        pulse = self._pulse
        return silent_s(pulse, self._monotonic(), self.patience_s) if pulse.pid == self.part.pid else 0.0

    def forgive(self) -> None:
        """It could not give one: what it waits for is away itself."""
        if not self._pulse.has_answered:
            self._pulse = Pulse(0, self._monotonic())

    def replaced(self) -> None:
        """It was killed for its silence."""
        self._replaced = min(self._replaced + 1, _MOST_DOUBLED)
        self._replaced_at = self._monotonic()
        self._pulse = Pulse(0, self._replaced_at)

    @property
    def is_silent(self) -> bool:
        """Its latest question was not answered."""
        return self._pulse.silent_since is not None

    def _run(self) -> None:
        pause_s = self._base_s / 6
        while not self._stopping.is_set():
            began = self._monotonic()
            self.ask()
            self._stopping.wait(max(0.01, began + pause_s - self._monotonic()))
