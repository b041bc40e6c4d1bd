"""What a row says of a call, once its words are read, as a CallLeg: times checked, phones in E.164."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec

from connectors.reading.phones import e164, is_scientific
from connectors.reading.rejects import Misread
from connectors.reading.source import Context
from schemas.records import CallLeg, Direction, Disposition, Reason

_WEEK = timedelta(days=7)


class Told(msgspec.Struct, frozen=True, gc=False):
    """A leg without what the load says of it."""

    record_id: str
    call_id: str
    started_at: datetime
    ended_at: datetime
    direction: Direction
    disposition: Disposition
    answered_at: datetime | None = None
    billsec: int = 0
    extension: str = ""
    peer: str = ""
    outside: str = ""
    """The external party as it was written."""
    did: str = ""
    queue: str = ""
    application: str = ""
    recording: str = ""


@lru_cache(maxsize=100_000)
def inside(text: str, pattern: str) -> str:
    """The cell, when it is an extension by the source's pattern; else ""."""
    bare = text.strip()
    return bare if re.fullmatch(pattern, bare) else ""


def leg_of(told: Told, context: Context, origin: str) -> CallLeg:
    """The leg; raises Misread for times that cannot be, and for a number that a spreadsheet cut."""
    if not told.started_at <= told.ended_at <= told.started_at + _WEEK:
        raise Misread(Reason.BAD_DURATION, "end", f"{told.ended_at} is not within a week after {told.started_at}")
    if told.answered_at is not None and not told.started_at <= told.answered_at <= told.ended_at:
        raise Misread(Reason.BAD_TIME, "answer", f"{told.answered_at} is not between start and end")
    outside = told.outside.strip()
    if "+" in outside and is_scientific(outside):
        raise Misread(Reason.BAD_PHONE, "contact", f"{outside!r}: a spreadsheet cut digits off")
    return CallLeg(
        context.source,
        told.call_id,
        told.record_id,
        told.started_at,
        told.ended_at,
        told.direction,
        told.disposition,
        context.version,
        told.answered_at,
        told.billsec,
        extension=told.extension,
        peer_extension=told.peer,
        contact=e164(outside, context.region) if outside else "",
        contact_raw=outside,
        did=told.did,
        queue=told.queue,
        application=told.application,
        recording=told.recording,
        import_id=context.import_id,
        origin=origin,
    )
