"""Put an activity into its cell and take it out of every other cell it was ever in. Pure.

`placements` remembers each (activity, bucket, manager) that was ever decided, so whatever was published can be
withdrawn, even when the program died between deciding and publishing (docs/decisions.md, 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from schemas.records import Activity


class Placed(NamedTuple):
    """`changed` is to be stored in `placements`; `published` is to be sent: the activity, and its retractions."""

    changed: list[Activity]
    published: list[Activity]


def place(activity: Activity, known: Sequence[Activity]) -> Placed:
    """Decide what to store and to send for `activity` (with its version from the clock), knowing all its places.

    The same decision as before keeps its old version and changes nothing; it is sent again all the same, since
    whoever decided it may have died before sending. A new decision is later than every known one, whatever the
    clock says.
    """
    if not known:
        return Placed([activity], [activity])
    standing = next((place for place in known if not place.retracted and _same(place, activity)), None)
    others = [place for place in known if place is not standing and _cell(place) != _cell(activity)]
    if standing is not None and all(other.retracted for other in others):
        return Placed([], [standing, *others])
    version = max(activity.version, *(place.version + 1 for place in known))
    current = msgspec.structs.replace(activity, version=version)
    retracted = _retracted(others, activity.cause, activity.caused_at, version)
    return Placed([current, *retracted.changed], [current, *retracted.published])


def withdraw(known: Sequence[Activity], *, cause: str, caused_at: int, version: int) -> Placed:
    """Retract a deleted activity from every cell it was placed in."""
    return _retracted(known, cause, caused_at, max(version, *(place.version + 1 for place in known)))


def _retracted(places: Sequence[Activity], cause: str, caused_at: int, version: int) -> Placed:
    """What stands is retracted; what was retracted before is sent again as it is."""
    changed = [
        msgspec.structs.replace(place, retracted=1, version=version, cause=cause, caused_at=caused_at)
        for place in places
        if not place.retracted
    ]
    return Placed(changed, [*changed, *(place for place in places if place.retracted)])


def _cell(activity: Activity) -> tuple[int, str]:
    return activity.bucket, activity.manager_id


def _same(known: Activity, decided: Activity) -> bool:
    """Equal in everything but who caused it and when it was said."""
    return known == msgspec.structs.replace(
        decided, cause=known.cause, caused_at=known.caused_at, version=known.version
    )
