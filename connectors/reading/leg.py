"""The one place that makes a leg of what a source has read of a row: who, to whom, when, how long, what happened."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

import msgspec

from connectors.reading.lengths import WEEK, ZERO
from connectors.reading.phones import refuse_cut_digits
from connectors.reading.rejects import Misread
from connectors.reading.source import Context
from schemas.records import CallLeg, Direction, Disposition, Reason


class TimeFields(NamedTuple):
    """What a source's rows call the end and the answer of a call, for rejects."""

    end: str = "end"
    answer: str = ""
    """"" for a source whose answer is reckoned from lengths: these are cut to whole seconds, so it may be one off."""
    end_reason: Reason = Reason.BAD_DURATION


ENDED = TimeFields()


def build_leg(
    context: Context,
    origin: str,
    call_id: str,
    record_id: str,
    started_at: datetime,
    ended_at: datetime,
    direction: Direction,
    disposition: Disposition,
    answered_at: datetime | None = None,
    billsec: int = 0,
    *,
    extension: str = "",
    peer: str = "",
    outside: str = "",
    contact: str | None = None,
    did: str = "",
    queue: str = "",
    application: str = "",
    recording: str = "",
    times: TimeFields = ENDED,
) -> CallLeg:
    """The leg; raises Misread for times that cannot be.

    `outside` is the number outside as it was written; `contact` is that in E.164, where the source knows it better.
    """
    if not ZERO <= ended_at - started_at <= WEEK:
        raise Misread(times.end_reason, times.end, f"{ended_at} is not within a week after {started_at}")
    if times.answer and answered_at is not None and not started_at <= answered_at <= ended_at:
        raise Misread(Reason.BAD_TIME, times.answer, f"{answered_at} is not between start and end")
    if context.machines and (direction is Direction.INBOUND or direction is Direction.INTERNAL):
        extension, disposition = _without_machine(extension, disposition, context.machines)
    if contact is None:
        contact = context.e164(outside) if outside else ""
    return CallLeg(
        context.source,
        call_id,
        record_id,
        started_at,
        ended_at,
        direction,
        disposition,
        context.version,
        answered_at,
        billsec,
        extension=extension,
        peer_extension=peer,
        contact=contact,
        contact_raw=outside,
        did=did,
        queue=queue,
        application=application,
        recording=recording,
        import_id=context.import_id,
        origin=origin,
    )


def _without_machine(extension: str, disposition: Disposition, machines: tuple[str, ...]) -> tuple[str, Disposition]:
    """A group's, a queue's, a menu's, voicemail's number is nobody's; what answered there was a machine."""
    if not extension or not is_machine(extension.partition("@")[0], machines):
        return extension, disposition
    return "", Disposition.MACHINE if disposition is Disposition.ANSWERED else disposition


@lru_cache(maxsize=20_000)
def is_machine(number: str, machines: tuple[str, ...]) -> bool:
    """Whether the settings name this number a machine."""
    return any(re.fullmatch(machine, number) for machine in machines)


class LegFields(msgspec.Struct, frozen=True, gc=False):
    """What a row says of a leg, for sources of named columns and for webhooks."""

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
    noted: int = 0
    """1: a CRM's note of a call that an exchange had."""


_TIMES = TimeFields("end", "answer")


def leg_from_fields(fields: LegFields, context: Context, origin: str) -> CallLeg:
    """The leg; raises Misread for times that cannot be, and for a number that a spreadsheet cut."""
    outside = fields.outside.strip()
    refuse_cut_digits(contact=outside)
    leg = build_leg(
        context,
        origin,
        fields.call_id,
        fields.record_id,
        fields.started_at,
        fields.ended_at,
        fields.direction,
        fields.disposition,
        fields.answered_at,
        fields.billsec,
        extension=fields.extension,
        peer=fields.peer,
        outside=outside,
        did=fields.did,
        queue=fields.queue,
        application=fields.application,
        recording=fields.recording,
        times=_TIMES,
    )
    return msgspec.structs.replace(leg, noted=1) if fields.noted and context.copies != "take" else leg


@lru_cache(maxsize=100_000)
def inside(text: str, pattern: str) -> str:
    """The cell, when it is an extension by the source's pattern; else ""."""
    bare = text.strip()
    return bare if re.fullmatch(pattern, bare) else ""
