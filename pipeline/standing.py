"""Which of the records said under one identity stands: legs, revisions of proposals, the directory. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, MutableMapping, Sequence
from typing import Any, TypeVar

import msgspec

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
) -> dict[K, int]:
    """Fold what arrived into `standing`, and give the places in `arrived` of the records that stand anew.

    In order of version, so that records which come in that order leave the same rows however they are cut into
    chunks. What says the same as the standing record never replaces it, whenever it was said: loading a file twice
    stores nothing. Of two said at once (twice in one file) the one of greater rank stands; a rank is of content alone.
    """
    new: dict[K, int] = {}
    for place in sorted(range(len(arrived)), key=lambda place: arrived[place].version):
        record = arrived[place]
        key = identity(record)
        known = standing.get(key)
        if known is None or _replaces(record, known, rank):
            standing[key] = record
            new[key] = place
    return new


def _replaces(record: R, known: R, rank: Callable[[R], Any]) -> bool:
    if record.version < known.version or says_the_same(known, record):
        return False
    return record.version > known.version or bool(rank(record) > rank(known))


def says_the_same(known: R, record: R) -> bool:
    """Equal in everything but when and where it was said."""
    return known == msgspec.structs.replace(
        record, import_id=known.import_id, origin=known.origin, version=known.version
    )
