"""What the store has of a source's calls, as `beliefs`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from connectors.reading.phones import is_hidden
from pipeline.readouts.beliefs import Beliefs, CallTotals, ImportPeers, Party, beliefs_of
from pipeline.readouts.numbers import Numbers
from schemas.parameters import utc

_MOST_NAMES = 1_000


def read_beliefs(source: str, start: datetime, end: datetime, numbers: Numbers) -> Beliefs:
    """Of the calls of `[start, end)`; numbers in full. Raises Transient or Terminal."""
    parameters: dict[str, Any] = {"source": source, "from": utc(start), "to": utc(end)}
    (totals,) = numbers.rows("explain_calls", CallTotals, parameters)
    parties = numbers.rows("explain_parties", Party, {**parameters, "limit": _MOST_NAMES})
    peers = numbers.rows("explain_peers", ImportPeers, parameters)
    return beliefs_of(source, totals, parties, is_hidden, peers[0] if peers else None)


def around(first: datetime, last: datetime) -> tuple[datetime, datetime]:
    """A half-open time of whole five minutes that holds both: cells begin at such."""
    step = timedelta(minutes=5)
    return first - timedelta(seconds=first.timestamp() % 300), last + step
