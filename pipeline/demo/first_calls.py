"""The first seconds of a board: what is there has not arrived yet, which is not a dead feed."""

from __future__ import annotations

import time
from collections.abc import Callable

from pipeline.readouts.floor import Floor

PATIENCE_S = 30
"""Of the wall's clock: after so long without a call something is wrong."""


class FirstCalls:
    """Whether the board still waits for the first calls: until one was seen, or PATIENCE_S are over."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._until = monotonic() + PATIENCE_S
        self._seen = False

    def are_awaited(self, floor: Floor) -> bool:
        self._seen = self._seen or floor.last_at is not None
        return not self._seen and self._monotonic() < self._until
