"""When channels of a call were together: their bridges, and the Local pairs that join bridges. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from connectors.asterisk.cel_calls import Channel
from connectors.asterisk.peers import Kind

Pieces = list[tuple[float, float]]
"""(from, to), in seconds since the epoch."""


class End(NamedTuple):
    """A channel, who is at it, and when it was in which bridge: (bridge, from, to)."""

    channel: Channel
    kind: Kind
    number: str
    spans: Sequence[tuple[str, float, float]]


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


class Bridges:
    """The bridges of one call."""

    def __init__(self, halves: Iterable[End]) -> None:
        """`halves` are the Local channels: what enters one half leaves the other."""
        self._joined: dict[str, str] = {}
        pairs: dict[str, str] = {}
        for half in halves:
            for bridge, _, _ in half.spans:
                self._join(bridge, pairs.setdefault(half.channel.name.rpartition(";")[0], bridge))

    def _join(self, bridge: str, there: str) -> None:
        joined = self._joined
        old, new = joined.get(bridge, bridge), joined.get(there, there)
        joined |= {bridge: new, there: new}
        if old != new:
            joined |= {name: new for name, root in joined.items() if root == old}

    def shared(self, end: End, others: Sequence[End]) -> Pieces:
        """When it was together with any of these, in order; none when that is less than a second in all."""
        joined = self._joined
        pieces = [
            (max(since, start), min(until, stop))
            for bridge, since, until in end.spans
            for other in others
            for place, start, stop in other.spans
            if since < stop
            and start < until
            and (place == bridge or (joined and joined.get(place, place) == joined.get(bridge, bridge)))
        ]
        if len(pieces) > 1:
            pieces = _union(pieces)
        return pieces if length_s(pieces) >= 1 else []


def within(pieces: Pieces, first: float, last: float) -> Pieces:
    """What of them is between two moments; none when that is less than a second in all."""
    inside = [(max(since, first), min(until, last)) for since, until in pieces if since < last and until > first]
    return inside if length_s(inside) >= 1 else []


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
