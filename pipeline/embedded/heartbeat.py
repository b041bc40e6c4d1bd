"""A file that the supervisor touches while it looks after its parts: one that is stopped or hangs cannot say so."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

EVERY_S = 1.0


def heartbeat_file(data: Path) -> Path:
    return data / "supervisor.alive"


class Heartbeat:
    """Beats at most once a second, however often it is called."""

    def __init__(self, data: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._file = heartbeat_file(data)
        self._monotonic = monotonic
        self._again_at = 0.0

    def beat(self) -> None:
        now = self._monotonic()
        if now >= self._again_at:
            self._again_at = now + EVERY_S
            with suppress(OSError):  # a full disk: `doctor` says that by itself
                self._file.touch()


def beats(
    data: Path,
    within_s: float,
    *,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """It beats within so many seconds; by the change of the file, not by its age: a clock may be set."""
    file = heartbeat_file(data)
    first = _touched(file)
    until = monotonic() + within_s
    while monotonic() < until:
        if _touched(file) != first:
            return True
        sleep(0.1)
    return False


def _touched(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0
