"""How long to wait before trying again."""

from __future__ import annotations

import random
from collections.abc import Callable


class Backoff:
    """Waits that double up to a limit, each drawn from its upper half, so that many clients do not come at once."""

    def __init__(self, first_s: float = 1.0, most_s: float = 60.0, draw: Callable[[], float] = random.random) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._draw = draw
        self._next_s = first_s

    def next_s(self) -> float:
        """The wait after one more failure."""
        limit, self._next_s = self._next_s, min(self._most_s, self._next_s * 2)
        return limit * (0.5 + self._draw() / 2)

    @property
    def waits(self) -> bool:
        """The last try failed."""
        return self._next_s > self._first_s

    def succeeded(self) -> None:
        """Begin with the shortest wait again."""
        self._next_s = self._first_s
