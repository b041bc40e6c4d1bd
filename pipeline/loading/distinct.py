"""How many different keys were seen, in memory that does not grow with the file."""

from __future__ import annotations

import math

EXACT = 500_000
"""So many keys are counted exactly."""
_BITS = 1 << 29
"""64 MiB: ten million keys are counted to about 300, a hundred million to about 3,500."""


class Distinct:
    """Exact up to `EXACT` keys, then an estimate by a bit for the hash of each key: "linear counting" (Whang,
    Vander-Zanden and Taylor, A linear-time probabilistic counting algorithm, 1990)."""

    def __init__(self, exact: int = EXACT, bits: int = _BITS) -> None:
        self._most = exact
        self._bits = bits
        self._seen: set[int] = set()
        self._map = bytearray()
        self._marked = 0

    def add(self, key: str) -> None:
        number = hash(key)
        if self._map:
            self._mark(number)
            return
        self._seen.add(number)
        if len(self._seen) > self._most:
            self._map = bytearray(self._bits // 8)
            for known in self._seen:
                self._mark(known)
            self._seen.clear()

    @property
    def estimated(self) -> bool:
        return bool(self._map)

    @property
    def count(self) -> int:
        if not self._map:
            return len(self._seen)
        unmarked = max(1, self._bits - self._marked)
        return round(self._bits * math.log(self._bits / unmarked))

    def repeated(self, added: int) -> int:
        """How many of so many keys were repetitions; 0 where an estimate cannot tell them from its own error."""
        found = max(0, added - self.count)
        if not self._map:
            return found
        load = self.count / self._bits
        return found if found > 5 * math.sqrt(self._bits * (math.exp(load) - load - 1)) else 0

    def _mark(self, number: int) -> None:
        index, bit = (number >> 3) % len(self._map), 1 << (number & 7)
        if not self._map[index] & bit:
            self._map[index] |= bit
            self._marked += 1
