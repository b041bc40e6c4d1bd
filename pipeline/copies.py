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
    wait_s: int
    talk_s: int

    @property
    def until(self) -> datetime:
        """When it ended."""
        return self.at + timedelta(seconds=self.wait_s + self.talk_s)


def near(call: Activity) -> NearCall:
    return NearCall(
        call.activity_id, call.source, call.contact, call.manager_id, call.at, call.wait_s, call.talk_s
    )  # fmt: skip


def by_contact(calls: Iterable[NearCall]) -> dict[str, list[NearCall]]:
    """Calls by their number; those without one belong to no note."""
    found: dict[str, list[NearCall]] = {}
    for call in calls:
        if call.contact:
            found.setdefault(call.contact, []).append(call)
    return found


def is_near(noted_at: datetime, call: NearCall) -> bool:
    """A note of that time may be of this call: some CRMs keep when a call began, others when it was noted."""
    return call.at - START_WITHIN <= noted_at <= call.until + START_WITHIN


def originals(note: Activity, calls: Iterable[NearCall]) -> list[str]:
    """The calls of other sources that a note may be of, by activity_id in order; [] where nothing fits.

    The exchange's own id decides, where the CRM keeps it; else number, manager, start and talk.
    """
    own_id = _call_id(note.activity_id, note.source)
    found = [
        call
        for call in calls
        if call.source != note.source and call.contact == note.contact != "" and is_near(note.at, call)
    ]
    same_id = {call.activity_id for call in found if _call_id(call.activity_id, call.source) == own_id}
    if same_id:
        return sorted(same_id)
    return sorted(
        {
            call.activity_id
            for call in found
            if call.manager_id == note.manager_id
            and abs(call.at - note.at) <= START_WITHIN
            and abs(call.talk_s - note.talk_s) <= TALK_WITHIN_S
        }
    )


def _call_id(activity_id: str, source: str) -> str:
    return activity_id.removeprefix(f"call:{source}:")
