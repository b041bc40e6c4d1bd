"""Which of the records said under one identity stands: legs, revisions of proposals, the directory. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, MutableMapping, Sequence
from typing import Any, TypeVar

import msgspec

from pipeline.ahead import is_ahead
from schemas.codec import encode
from schemas.plans import Absence, CalendarDay, Plan
from schemas.records import CallLeg, Manager, Organisation, Proposal, StageChange

R = TypeVar("R", CallLeg, Proposal, Manager, Organisation, StageChange, Plan, CalendarDay, Absence)
K = TypeVar("K", bound=Hashable)


def settle(
    arrived: Sequence[R],
    standing: MutableMapping[K, R],
    identity: Callable[[R], K],
    rank: Callable[[R], Any] = encode,
    *,
    now: int,
) -> dict[K, tuple[int, R]]:
    """Fold what arrived into `standing`; what stands anew: (its place in `arrived`, the record to store).

    In order of version, so that records which come in that order leave the same rows however they are cut into
    chunks. What says the same as the standing record never replaces it, whenever it was said: loading a file twice
    stores nothing. Of two said at once (twice in one file) the one of greater rank stands; a rank is of content alone.

    A standing record that is ahead of the clock (`now`) was said by a clock that was wrong: what arrives replaces it,
    under a version just above it. Until the clock gets there, the last one to arrive stands.
    """
    new: dict[K, tuple[int, R]] = {}
    for place in sorted(range(len(arrived)), key=lambda place: arrived[place].version):
        record = arrived[place]
        key = identity(record)
        known = standing.get(key)
        if known is not None:
            if not _replaces(record, known, rank, now):
                continue
            if record.version < known.version:
                record = msgspec.structs.replace(record, version=known.version + 1)
        standing[key] = record
        new[key] = place, record
    return new


def _replaces(record: R, known: R, rank: Callable[[R], Any], now: int) -> bool:
    if record.version < known.version and not is_ahead(known.version, now):
        return False
    if says_the_same(known, record):
        return False
    return record.version != known.version or bool(rank(record) > rank(known))


def says_the_same(known: R, record: R) -> bool:
    """Equal in everything but when and where it was said."""
    return known == msgspec.structs.replace(
        record, import_id=known.import_id, origin=known.origin, version=known.version
    )
