"""Whole days of the reporting zone, half-open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from schemas.parameters import utc


class Period(msgspec.Struct, frozen=True):
    """Whole days `[first, last)` of a zone."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def start(self) -> datetime:
        """The first moment of the first day."""
        return datetime.combine(self.first, time(), self.zone)

    @property
    def end(self) -> datetime:
        """The first moment that is not in it any more."""
        return datetime.combine(self.last, time(), self.zone)

    @property
    def parameters(self) -> dict[str, Any]:
        """`from`, `to` and `zone` of a metric, half-open."""
        return {"from": utc(self.start), "to": utc(self.end), "zone": self.zone.key}

    def weeks(self) -> Iterator[Period]:
        """The same days, at most seven at a time, in order."""
        first = self.first
        while first < self.last:
            last = min(first + timedelta(days=7), self.last)
            yield Period(first, last, self.zone)
            first = last

    def __str__(self) -> str:
        return f"{self.first} to {self.last} (not included), {self.zone.key}"


def period_of(first: date | None, last: date | None, zone: ZoneInfo, today: date) -> Period:
    """The period asked for; by default the last seven days, today among them."""
    last = last or (today + timedelta(days=1) if first is None or first <= today else first + timedelta(days=1))
    return Period(first or last - timedelta(days=7), last, zone)
