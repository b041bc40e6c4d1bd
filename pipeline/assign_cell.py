"""Assign an activity to its cell and retract it from every other cell it was ever in. Pure.

`placements` remembers each (activity, bucket, manager) that was ever decided, so whatever was published can be
retracted, even when the program died between deciding and publishing (docs/decisions.md, 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from schemas.records import Activity


class CellChanges(NamedTuple):
    """`changed` is to be stored in `placements`; `published` is to be sent: the activity, and its retractions."""

    changed: list[Activity]
    published: list[Activity]


def assign_cell(activity: Activity, known: Sequence[Activity]) -> CellChanges:
    """Decide what to store and to send for `activity` (with its version from the clock); `known`: its earlier cells.

    A copy's activity is retracted in the cell where it would count. The same decision as before keeps its old version
    and changes nothing; it is sent again all the same, since whoever decided it may have died before sending. A new
    decision is later than every known one, whatever the clock says.
    """
    if not known:
        return CellChanges([activity], [activity])
    current = next((one for one in known if _same(one, activity)), None)
    others = [one for one in known if one is not current and _cell(one) != _cell(activity)]
    if current is not None and all(_is_out(other) for other in others):
        return CellChanges([], [current, *others])
    version = max(activity.version, *(one.version + 1 for one in known))
    current = msgspec.structs.replace(activity, version=version)
    retracted = _retracted(others, activity.cause, activity.caused_at, version)
    return CellChanges([current, *retracted.changed], [current, *retracted.published])


def retract(known: Sequence[Activity], *, cause: str, caused_at: int, version: int) -> CellChanges:
    """Retract a deleted activity from every cell it was placed in."""
    return _retracted(known, cause, caused_at, max(version, *(one.version + 1 for one in known)))


def _retracted(known: Sequence[Activity], cause: str, caused_at: int, version: int) -> CellChanges:
    """Retract the current ones; those that were retracted before are sent again as they are."""
    changed = [
        msgspec.structs.replace(one, retracted=1, copies_of=[], version=version, cause=cause, caused_at=caused_at)
        for one in known
        if not _is_out(one)
    ]
    return CellChanges(changed, [*changed, *(one for one in known if _is_out(one))])


def _is_out(activity: Activity) -> bool:
    """It is not in this cell, not even as a copy."""
    return bool(activity.retracted) and not activity.copies_of


def _cell(activity: Activity) -> tuple[int, str]:
    return activity.bucket, activity.manager_id


def _same(known: Activity, decided: Activity) -> bool:
    """Equal in everything but cause and version."""
    return known == msgspec.structs.replace(
        decided, cause=known.cause, caused_at=known.caused_at, version=known.version
    )
