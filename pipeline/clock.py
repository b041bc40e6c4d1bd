"""The clock, injected: nanoseconds since the epoch, as versions are."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], int]

wall_clock: Clock = time.time_ns


def as_datetime(clock_ns: int) -> datetime:
    """The moment of a clock reading, to the millisecond."""
    return datetime.fromtimestamp(clock_ns // 1_000_000 / 1000, UTC)
