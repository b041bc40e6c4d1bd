"""Values of an answer as they are meant: numbers that a server quotes, times that it writes."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo


def number(value: object) -> int | float | Decimal | None:
    """A number as a store says it: servers quote 64-bit integers, sums are texts."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return int(value) if value.lstrip("-").isdigit() else Decimal(value)
    return value if isinstance(value, (int, float, Decimal)) else None


def moment(value: object, zone: ZoneInfo) -> datetime | None:
    """A metric's time (UTC, as ClickHouse writes it) in the reporting zone."""
    if not isinstance(value, str) or not value:
        return None
    parsed = datetime.fromisoformat(value.replace("Z", "+00:00"))
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(zone)
