"""What happens to exports on their way: at a settable rate, and never so that the truth could not be read any more.

Only copies are cut, an earlier wrong version has its correction in a later file, and what is late does arrive.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from department.country import Country

_LATEST_DAYS = 3
_CUT_BETWEEN = (5, 9)
"""Delimiters: behind them a cut row joins no neighbour to a row of the right width, even inside an open quote."""


class Corruption:
    """Spoils rows. With a rate of 0 it changes nothing and draws nothing."""

    def __init__(self, rate: float, dice: Random) -> None:
        self._rate = rate
        self._dice = dice
        self._held: list[list[str]] = [[] for _ in range(_LATEST_DAYS + 1)]

    def happens(self, share: float = 1.0) -> bool:
        """Whether something happens here, `share` of the rate."""
        return self._rate > 0 and self._dice.random() < self._rate * share

    def pick(self, options: int) -> int:
        return int(self._dice.random() * options)

    def notations(self, country: Country) -> Callable[[str, int], str]:
        """How numbers are written: each in its usual notation, some in another."""
        if self._rate == 0:
            return country.written
        return lambda e164, usual: country.written(e164, self.pick(4) if self.happens() else usual)

    def spoil(self, rows: list[str]) -> list[str]:
        """A day's rows as they arrive: some late or out of order, some twice, some with a cut copy beside them."""
        if self._rate == 0:
            return rows
        arrived = self._held.pop(0)
        self._held.append([])
        out: list[str] = []
        for row in rows:
            if self.happens():
                out.append(row)
                self._later(row, out)
            elif self.happens():
                self._later(row, out)
            else:
                out.append(row)
            if self.happens(0.25):
                out.append(self._cut(row))
        for row in arrived:
            out.insert(self.pick(len(out) + 1), row)
        return out

    def rest(self) -> list[str]:
        """What is still on its way after the last day."""
        rows = [row for held in self._held for row in held]
        self._held = [[] for _ in range(_LATEST_DAYS + 1)]
        return rows

    def shuffle(self, rows: list[list[str]]) -> None:
        """Any order, when there is corruption at all."""
        if self._rate:
            self._dice.shuffle(rows)

    def _later(self, row: str, out: list[str]) -> None:
        days = self.pick(_LATEST_DAYS + 1)
        if days:
            self._held[days - 1].append(row)
        else:
            out.insert(self.pick(len(out) + 1), row)

    def _cut(self, row: str) -> str:
        delimiter = max(",;", key=row.count)
        first, last = (self._delimiter_index(row, delimiter, n) for n in _CUT_BETWEEN)
        return row[: first + 1 + self.pick(last - first)] + "\n"

    @staticmethod
    def _delimiter_index(row: str, delimiter: str, number: int) -> int:
        index = -1
        for _ in range(number):
            index = row.index(delimiter, index + 1)
        return index
