"""Runs of block numbers, first to last. Pure."""

from __future__ import annotations

from collections.abc import Iterable

Run = tuple[int, int]
"""(first, last), both in it."""


def joined(runs: Iterable[Run]) -> list[Run]:
    """The same numbers in as few runs as there can be, in order."""
    found: list[Run] = []
    for first, last in sorted(runs):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def subtract(runs: Iterable[Run], taken: Iterable[Run]) -> list[Run]:
    """The numbers of `runs` that are not in `taken`."""
    left: list[Run] = []
    away = joined(taken)
    for first, last in joined(runs):
        for begin, end in away:
            if end < first or begin > last:
                continue
            if begin > first:
                left.append((first, begin - 1))
            first = end + 1
        if first <= last:
            left.append((first, last))
    return left


def meet(one: Run, other: Run) -> bool:
    """They have a number in common."""
    return one[0] <= other[1] and other[0] <= one[1]
