"""Versions in the future: which version a record is stored under, and what may replace one that is stored already.

A version is the sender's clock. One from a clock that is hours ahead would win for hours over every correction. So a
record from the wire may be at most five minutes ahead of the time at which Kafka received it; beyond that it is stored
under Kafka's time. What is stored ahead of the clock all the same (by an earlier release, or by a machine whose clock
was set back since) is replaced by whatever arrives after it.

Kafka's time, not the worker's: it stays the same however often the record is delivered, however long it waited, and
whichever worker reads it. The broker sets it only where the topics say so (`pipeline.admin` sees to it). Where a broker
cannot (the embedded one, on a single machine with a single clock), the worker's clock is used.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TypeVar

import msgspec

from schemas.codec import encode
from schemas.records import Record

R = TypeVar("R", bound=Record)

SECOND_NS = 1_000_000_000
MAX_AHEAD_NS = 300 * SECOND_NS
"""How far ahead of Kafka's time a version may be: a clock without NTP is minutes off."""
STORED_AHEAD_NS = 10 * SECOND_NS
"""How far ahead of the clock a stored version may be and still win over what arrives later. Clocks with NTP differ by
milliseconds. Smaller than the above: within it, a correction loses until the clock gets there."""

_version = attrgetter("version")


def clamp_versions(records: list[R], lines: list[bytes], at: int) -> list[R]:
    """Lower the versions that are too far ahead to `at`, in `records` and `lines`; returns those records as they came.

    `at` is when Kafka received them, in nanoseconds. Several of them keep their order.
    """
    limit = at + MAX_AHEAD_NS
    if not records or max(map(_version, records)) <= limit:
        return []
    beyond = [index for index, one in enumerate(records) if _version(one) > limit]
    indexes = sorted(beyond, key=lambda index: _version(records[index]))
    ahead = [records[index] for index in indexes]
    for number, index in enumerate(indexes):
        records[index] = msgspec.structs.replace(records[index], version=at + number)
        lines[index] = encode(records[index])
    return ahead


def is_ahead(version: int, now: int) -> bool:
    """Whether a stored version is in the future."""
    return version > now + STORED_AHEAD_NS


def clock_error(record: Record, at: int) -> str:
    """How far ahead of `at` the clock was that gave this record its version."""
    return format_seconds((_version(record) - at) / SECOND_NS)


def format_seconds(seconds: float) -> str:
    """A length of time, to two units: 12 s, 3 min 5 s, 2 h 30 min, 40 d 3 h."""
    whole = round(seconds)
    for unit, size, smaller, part in (("d", 86_400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size} {unit} {rest} {smaller}" if rest else f"{whole // size} {unit}"
    return f"{whole} s"
