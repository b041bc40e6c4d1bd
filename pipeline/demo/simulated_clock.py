"""A clock of its own speed, for a simulation that runs faster than it happened."""

from __future__ import annotations

import time
from collections.abc import Callable


class SimulatedClock:
    """Epoch seconds that run `speed` times as fast as the wall's clock. It jumps on, never back."""

    def __init__(self, starts_at: float, speed: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.speed = speed
        self._monotonic = monotonic
        self._set(starts_at)

    def now(self) -> float:
        return self._at + (self._monotonic() - self._since) * self.speed

    def skip_quiet(self, next_at: float, *, longest_s: float, lead_s: float) -> bool:
        """Jump to `lead_s` before the next thing, when that is more than `longest_s` away; True when it did."""
        if next_at - self.now() <= longest_s:
            return False
        self._set(next_at - lead_s)
        return True

    def _set(self, at: float) -> None:
        self._at, self._since = at, self._monotonic()
