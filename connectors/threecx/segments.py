"""Rows of 3CX's call log report (v20): segments of calls, from one end to another, with ringing and talk. Pure.

`MainCallHistoryId` is the call, `CdrId` the segment. Lengths are ISO 8601 (`PT1M4.2S`), times UTC. What answered is a
person only where the number is a user's: queues, groups, menus and voicemail have numbers of the same look. Sources:
types of public clients, values that they read.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from datetime import UTC, timedelta

from connectors.reading.leg import LegFields
from connectors.reading.outcomes import (
    ANSWERED,
    BUSY,
    FAILED,
    INBOUND,
    INTERNAL,
    MACHINE,
    NO_ANSWER,
    OUTBOUND,
)
from connectors.reading.rejects import Misread
from connectors.reading.times import Times
from schemas.records import Direction, Disposition, Reason

_WAYS = {"inbound": INBOUND, "outbound": OUTBOUND, "internal": INTERNAL}
_LENGTH = re.compile(r"P(?:(\d{1,4})D)?T?(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})(?:[.,]\d+)?S)?")
_MOMENTS = Times(UTC, "ymd")


def leg_fields(row: Mapping[str, str], people: Container[str]) -> LegFields:
    """`people` are the numbers of users. Raises Misread."""
    way = _WAYS.get(row.get("Direction", "").strip().casefold())
    if way is None:
        text = row.get("Direction", "")
        raise Misread(Reason.BAD_KIND, "Direction", f"{text[:40]!r} is not Inbound, Outbound or Internal")
    call_id = row.get("MainCallHistoryId", "").strip() or row.get("CallHistoryId", "").strip()
    if not call_id:
        raise Misread(Reason.MISSING_FIELD, "MainCallHistoryId", "neither MainCallHistoryId nor CallHistoryId")
    started_at = _MOMENTS.utc(row.get("StartTime", ""), "StartTime")
    rang_s, talk_s = (_length(row.get(name, ""), name) for name in ("RingingDuration", "TalkingDuration"))
    source, target = row.get("SourceDn", "").strip(), row.get("DestinationDn", "").strip()
    caller = source if source in people else ""
    called = target if target in people else ""
    picked = row.get("Answered", "").strip().casefold() == "true" and talk_s > 0
    extension, peer, outside = called, "", row.get("SourceCallerId", "")
    is_person = bool(called)
    if way is OUTBOUND:
        extension, outside, is_person = caller, row.get("DestinationCallerId", ""), True
    elif way is INTERNAL:
        extension, peer, outside = called or caller, caller if called else "", ""
    outcome = (ANSWERED if is_person else MACHINE) if picked else _unanswered(row)
    return LegFields(
        record_id=row.get("CdrId", "").strip() or f"{call_id}:{row.get('SegmentId', '').strip()}",
        call_id=call_id,
        started_at=started_at,
        ended_at=started_at + timedelta(seconds=rang_s + talk_s),
        direction=way,
        disposition=outcome,
        answered_at=started_at + timedelta(seconds=rang_s) if picked else None,
        billsec=talk_s if picked else 0,
        extension=extension,
        peer=peer,
        outside=outside,
        queue=_queue(way, target, called),
        recording=row.get("RecordingUrl", "").strip(),
    )


def _queue(way: Direction, target: str, called: str) -> str:
    """What rang that is not a person's."""
    return target if way is INBOUND and not called else ""


def _unanswered(row: Mapping[str, str]) -> Disposition:
    word = f"{row.get('Status', '')} {row.get('Reason', '')}".casefold()
    return BUSY if "busy" in word else FAILED if "fail" in word else NO_ANSWER


def _length(text: str, field: str) -> int:
    """Whole seconds of `PT1M4.2S`, 0 for "". Raises Misread."""
    found = _LENGTH.fullmatch(text.strip() or "PT0S")
    if found is None or not any(found.groups()):
        raise Misread(Reason.BAD_DURATION, field, f"{text[:40]!r} is not a length like PT1M4.2S")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
