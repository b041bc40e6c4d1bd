"""When channels of a call were together: their bridges, and the Local pairs that join bridges. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

from connectors.asterisk.cel_calls import Channel
from connectors.asterisk.peers import PeerKind

Pieces = list[tuple[float, float]]
"""(from, to), in seconds since the epoch."""


class End(NamedTuple):
    """A channel, who is at it, and when it was in which bridge: (bridge, from, to)."""

    channel: Channel
    kind: PeerKind
    number: str
    spans: Sequence[tuple[str, float, float]]
    is_tie: bool = False
    """It is a line to a sister exchange."""


def spans(channel: Channel) -> list[tuple[str, float, float]]:
    """When a channel was in which bridge; where no event says that it left, until its own end."""
    by_bridge: dict[str, tuple[list[float], list[float]]] = {}
    for at, bridge, left in channel.marks:
        by_bridge.setdefault(bridge, ([], []))[left].append(at)
    last = channel.ended if channel.ended is not None else channel.marks[-1][0]
    found = []
    for bridge, (entered, left_at) in by_bridge.items():
        entered.sort()
        left_at.sort()
        ends = [*left_at, *[last] * (len(entered) - len(left_at))]
        found += [(bridge, since, until) for since, until in zip(entered, ends, strict=False) if since < until]
    return found


class Join(NamedTuple):
    """The halves of a Local channel: while both are in a bridge, what is in one hears what is in the other."""

    one: str
    other: str
    since: float
    until: float


class Bridges:
    """The bridges of one call, and when Local channels made one of them."""

    def __init__(self, halves: Iterable[End]) -> None:
        """`halves` are the Local channels: what enters one half leaves the other."""
        pairs: dict[str, list[End]] = {}
        for half in halves:
            pairs.setdefault(half.channel.name.rpartition(";")[0], []).append(half)
        self._joins = [join for pair in pairs.values() for join in _joins(pair)]

    def shared(self, end: End, others: Sequence[End]) -> Pieces:
        """When it was together with any of these, in order."""
        pieces: Pieces = []
        for bridge, since, until in end.spans:
            for other in others:
                for other_bridge, start, stop in other.spans:
                    first, last = max(since, start), min(until, stop)
                    if first < last:
                        pieces += (
                            [(first, last)]
                            if other_bridge == bridge
                            else self._joined(bridge, other_bridge, first, last)
                        )
        return _union(pieces) if len(pieces) > 1 else pieces

    def _joined(self, bridge: str, other_bridge: str, first: float, last: float) -> Pieces:
        """When two bridges were one between two moments."""
        joins = [join for join in self._joins if join.since < last and join.until > first]
        if not joins:
            return []
        moments = sorted({first, last, *(at for join in joins for at in (join.since, join.until) if first < at < last)})
        return [
            (since, until)
            for since, until in pairwise(moments)
            if other_bridge in _reached(bridge, [join for join in joins if join.since <= since and until <= join.until])
        ]


def _joins(pair: Sequence[End]) -> Iterator[Join]:
    for one, other in combinations(pair, 2):
        for bridge, since, until in one.spans:
            for other_bridge, start, stop in other.spans:
                if bridge != other_bridge and (first := max(since, start)) < (last := min(until, stop)):
                    yield Join(bridge, other_bridge, first, last)


def _reached(bridge: str, joins: Sequence[Join]) -> set[str]:
    """The bridges that are one with this one."""
    reached = {bridge}
    while grown := {name for join in joins for name in join[:2] if {join.one, join.other} & reached} - reached:
        reached |= grown
    return reached


def within(pieces: Pieces, first: float, last: float) -> Pieces:
    """What of them is between two moments."""
    return [(max(since, first), min(until, last)) for since, until in pieces if since < last and until > first]


def length_s(pieces: Pieces) -> float:
    return sum(until - since for since, until in pieces)


def _union(pieces: Pieces) -> Pieces:
    pieces.sort()
    found = [pieces[0]]
    for since, until in pieces[1:]:
        if since <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], until))
        else:
            found.append((since, until))
    return found
