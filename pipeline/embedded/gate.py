"""Who sends into the embedded broker now, and when nobody does.

The broker forgets what it holds when it stops, so a new one may take its place only while nothing is on the way.
Whoever sends is on this machine (it listens on loopback) and shares a lock of the data folder meanwhile; the supervisor
takes it whole. The kernel frees the lock of who dies.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_LOOKS_EACH_S = 0.01


class Gate:
    """The lock of one data folder; an object for each who sends."""

    def __init__(self, data: Path) -> None:
        self._file = os.open(data / "senders.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        # Whoever enters passes this first, so that one who waits for the gate to be empty is not passed for ever.
        self._turn = os.open(data / "senders.turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def close(self) -> None:
        """Let go of it."""
        os.close(self._file)
        os.close(self._turn)

    def enter(self) -> None:
        """Something will be on the way until `leave`. Waits while the broker is changed, which takes seconds."""
        fcntl.flock(self._turn, fcntl.LOCK_SH)
        try:
            fcntl.flock(self._file, fcntl.LOCK_SH)
        finally:
            fcntl.flock(self._turn, fcntl.LOCK_UN)

    def leave(self) -> None:
        """Nothing is on the way any more."""
        fcntl.flock(self._file, fcntl.LOCK_UN)

    @contextmanager
    def shut(self) -> Iterator[bool]:
        """Nobody sends meanwhile. False when somebody does now: nobody is waited for."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        try:
            yield True
        finally:
            self.leave()

    @contextmanager
    def held_shut(self, check: Callable[[], None]) -> Iterator[None]:
        """Nobody sends meanwhile: nobody new comes in, and whoever sends now is waited for. `check` may raise."""
        fcntl.flock(self._turn, fcntl.LOCK_EX)
        try:
            while True:
                try:
                    fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    check()
                    time.sleep(_LOOKS_EACH_S)
            try:
                yield
            finally:
                self.leave()
        finally:
            fcntl.flock(self._turn, fcntl.LOCK_UN)
