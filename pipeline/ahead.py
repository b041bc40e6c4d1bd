"""Versions from a clock that is ahead: what a record's version is worth, and what may replace one that is stored.

A version is the clock of whoever said it. One from a clock that is hours ahead would stand for hours, whoever corrects
it. So what comes off the wire is believed up to five minutes after Kafka got it, and is stored under Kafka's time
beyond that; and what is stored ahead of the clock all the same (before this rule, or by a machine whose clock was set
back since) gives way to whatever comes after it.

Kafka's time, not the worker's: it is the same however often the record is delivered, however long it waited, and
whichever worker takes it. It is stamped by the broker only where the topics say so (`pipeline.admin` sees to it);
where a broker cannot (the embedded one, where everything has the one clock of the machine), the worker's clock it is.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TypeVar

import msgspec

from schemas.codec import encode
from schemas.records import Record

R = TypeVar("R", bound=Record)

SECOND_NS = 1_000_000_000
BELIEVED_NS = 300 * SECOND_NS
"""How far ahead of Kafka's time a version may be: clocks that nobody sets are minutes off."""
STANDS_NS = 10 * SECOND_NS
"""How far ahead of the clock a stored version may be and still be held against what comes after it. Clocks that are
set (NTP) are milliseconds apart; less than the above, since what was believed stands in the way only until then."""

_version = attrgetter("version")


def believe(records: list[R], lines: list[bytes], at: int) -> list[R]:
    """Give records whose versions are beyond belief the version `at`, in place, with their lines; those, as they came.

    `at` is when Kafka got them, nanoseconds. Of several, their order stays.
    """
    limit = at + BELIEVED_NS
    if not records or max(map(_version, records)) <= limit:
        return []
    beyond = [place for place, one in enumerate(records) if _version(one) > limit]
    places = sorted(beyond, key=lambda place: _version(records[place]))
    ahead = [records[place] for place in places]
    for number, place in enumerate(places):
        records[place] = msgspec.structs.replace(records[place], version=at + number)
        lines[place] = encode(records[place])
    return ahead


def stands_ahead(version: int, now: int) -> bool:
    """A stored version that no clock has reached."""
    return version > now + STANDS_NS


def how_far(record: Record, at: int) -> str:
    """How far ahead of `at` the clock was that gave this record its version."""
    return in_words((_version(record) - at) / SECOND_NS)


def in_words(seconds: float) -> str:
    """A length of time, to two units: 12 s, 3 min 5 s, 2 h 30 min, 40 d 3 h."""
    whole = round(seconds)
    for unit, size, smaller, part in (("d", 86_400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size} {unit} {rest} {smaller}" if rest else f"{whole // size} {unit}"
    return f"{whole} s"
