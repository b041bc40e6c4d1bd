"""What is to be said to one address now: nothing twice, nothing while it must be quiet, an end only of what was told.

Pure. A notice has an id that says what is said of which incident; the outbox remembers the ids of each address, so that
whatever dies in between, what was handed to it is not decided on again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum

import msgspec

from pipeline.warnings.receivers import Receiver
from schemas.warnings import Incident, IncidentMark, IncidentState, MarkKind

NEWS_AGES = timedelta(days=14)
"""The end of something that has been over for longer is not told any more."""


class NoticeKind(StrEnum):
    FIRING = "firing"
    STILL = "still"
    """A snooze is over, and it goes on."""
    RESOLVED = "resolved"


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to be said of one incident."""

    notice_id: str
    kind: NoticeKind
    incident: Incident


def latest_marks(marks: Iterable[IncidentMark]) -> dict[str, IncidentMark]:
    """The mark of each incident that holds: the latest."""
    found: dict[str, IncidentMark] = {}
    for mark in marks:
        if mark.incident_id not in found or found[mark.incident_id].at <= mark.at:
            found[mark.incident_id] = mark
    return found


def is_quiet(mark: IncidentMark | None, now: datetime) -> bool:
    """Whether somebody asked to hear nothing more of it for now."""
    if mark is None or mark.kind is MarkKind.WAKE:
        return False
    return mark.kind is MarkKind.ACK or mark.until is None or now < mark.until


def due_notices(
    incidents: Sequence[Incident],
    marks: Mapping[str, IncidentMark],
    heard: Collection[str],
    receiver: Receiver,
    now: datetime,
    *,
    is_open: bool,
) -> list[Notice]:
    """What one address of `receiver` is to be told at `now`, in the order in which it began.

    `heard` are the ids of all notices that were handed over to it. While it is not open nothing is; what still stands
    when it opens is said then, and what began and ended meanwhile is not said at all.
    """
    if not is_open:
        return []
    found = []
    for incident in sorted(incidents, key=lambda one: (one.since, one.incident_id)):
        if receiver.wants(incident.urgency, incident.labels.get("team")):
            notice = _due(incident, marks.get(incident.incident_id), heard, now)
            if notice is not None and notice.notice_id not in heard:
                found.append(notice)
    return found


def _due(incident: Incident, mark: IncidentMark | None, heard: Collection[str], now: datetime) -> Notice | None:
    of = incident.incident_id
    is_told = f"{of}:{NoticeKind.FIRING}" in heard
    if incident.state is IncidentState.RESOLVED:
        is_news = now - incident.changed_at < NEWS_AGES
        is_snoozed = mark is not None and mark.kind is MarkKind.SNOOZE and is_quiet(mark, now)
        return _notice(incident, NoticeKind.RESOLVED) if is_told and is_news and not is_snoozed else None
    if incident.state is not IncidentState.FIRING or is_quiet(mark, now):
        return None
    if not is_told:
        return _notice(incident, NoticeKind.FIRING)
    if mark is not None and mark.kind is MarkKind.SNOOZE and mark.until is not None:
        return _notice(incident, NoticeKind.STILL, f":{int(mark.until.timestamp())}")
    return None


def _notice(incident: Incident, kind: NoticeKind, more: str = "") -> Notice:
    return Notice(notice_id=f"{incident.incident_id}:{kind}{more}", kind=kind, incident=incident)


def digest_day(
    receiver: Receiver, here: datetime, worked: Mapping[date, bool], closes: time, heard: Collection[str]
) -> date | None:
    """The working day that the receiver's digest is of, when it is to be sent now; else None.

    `here` is the moment in the reporting zone. On working days, from its time on until the close: later than that it is
    not the morning's any more. Days that `worked` does not know are not taken for worked.
    """
    today = here.date()
    is_time = receiver.digest is not None and receiver.digest <= here.time() < max(closes, receiver.digest)
    if not is_time or not worked.get(today, False) or digest_id(today) in heard:
        return None
    return max((day for day, is_worked in worked.items() if is_worked and day < today), default=None)


def digest_id(day: date) -> str:
    """The id of the digest that is sent on a day."""
    return f"digest:{day}"
