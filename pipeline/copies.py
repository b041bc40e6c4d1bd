"""Which call a CRM's note of a call is a copy of. Pure: a function of the note and of the calls near it.

So each note is decided by itself, and the order in which notes and calls arrive cannot matter. A note that two calls
fit, or a call that two notes fit, is ambiguous: the calls count, the notes do not, and both are told.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from schemas.records import Activity

START_WITHIN = timedelta(seconds=90)
TALK_WITHIN_S = 5


class NearCall(msgspec.Struct, frozen=True, gc=False):
    """What is compared of a call that an exchange had."""

    activity_id: str
    source: str
    contact: str
    manager_id: str
    at: datetime
    talk_s: int


def near(call: Activity) -> NearCall:
    return NearCall(call.activity_id, call.source, call.contact, call.manager_id, call.at, call.talk_s)


def by_contact(calls: Iterable[NearCall]) -> dict[str, list[NearCall]]:
    """Calls by their number."""
    found: dict[str, list[NearCall]] = {}
    for call in calls:
        found.setdefault(call.contact, []).append(call)
    return found


def are_near(contact: str, at: datetime, other_contact: str, other_at: datetime) -> bool:
    """Of one number, begun so close to each other that they may be one call."""
    return contact != "" and contact == other_contact and abs(at - other_at) <= START_WITHIN


def originals(note: Activity, calls: Iterable[NearCall]) -> list[str]:
    """The calls of other sources that a note may be of, by activity_id in order; [] where nothing fits.

    The exchange's own id decides, where the CRM keeps it; else number, manager, start and talk.
    """
    own_id = _call_id(note.activity_id, note.source)
    found = [
        call for call in calls if call.source != note.source and are_near(note.contact, note.at, call.contact, call.at)
    ]
    same_id = {call.activity_id for call in found if _call_id(call.activity_id, call.source) == own_id}
    if same_id:
        return sorted(same_id)
    return sorted(
        {
            call.activity_id
            for call in found
            if call.manager_id == note.manager_id and abs(call.talk_s - note.talk_s) <= TALK_WITHIN_S
        }
    )


def _call_id(activity_id: str, source: str) -> str:
    return activity_id.removeprefix(f"call:{source}:")
