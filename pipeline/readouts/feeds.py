"""How fresh everything is: sources, listeners by their heartbeats and files by their imports; and the last call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from pipeline.readouts.numbers import Numbers
from schemas.parameters import utc

_WELL = frozenset({"live", "stored", "stopped", "connecting"})


class Freshness(msgspec.Struct, frozen=True):
    """A row of the metric `freshness`: one listener of one source."""

    source: str
    door: str
    state: str
    detail: str
    last_seen: str | None
    last_event: str | None
    last_heartbeat: str
    age_s: int
    records: int
    rejects: int
    gaps: int
    waiting: int
    lag_ms: int

    @property
    def well(self) -> bool:
        """Nobody needs to look at it: a listener that was stopped on purpose is well, one that fell silent is not."""
        return self.state in _WELL

    def __str__(self) -> str:
        numbers = f"{self.records:,} records, {self.rejects:,} rejects"
        if self.door.startswith("file:"):
            return f"{self.source} {self.door}: {numbers}, the last load ended {self.last_event}"
        more = f", {self.gaps:,} gaps" if self.gaps else ""
        more += f", {self.waiting:,} wait for Kafka" if self.waiting else ""
        last = f"last event {self.last_event or 'never'}, last heartbeat {self.last_heartbeat}"
        text = f"{self.source} {self.door}: {self.state}, {last}, {numbers}{more}"
        return f"{text} ({self.detail})" if self.detail else text


class LastCall(msgspec.Struct, frozen=True):
    """The metric `last_call`: legs there are, and when the latest call began."""

    records: int
    at: str

    @property
    def moment(self) -> datetime | None:
        """When it began; None when there is no call."""
        return datetime.fromisoformat(self.at) if self.records else None


def last_call(numbers: Numbers) -> LastCall:
    """Raises Transient or Terminal."""
    (answer,) = numbers.rows("last_call", LastCall, {})
    return answer


def freshness(numbers: Numbers, now: datetime | None = None) -> Sequence[Freshness]:
    """Every listener of every source, as of now. Raises Transient or Terminal."""
    return numbers.rows("freshness", Freshness, {"to": utc(now or datetime.now(UTC))})
