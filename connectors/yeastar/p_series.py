"""Yeastar P-series: the CDR that its web page exports. `Call From` and `Call To` are the ends, the trunks are not.

Who an end is stands in its name: `Anna Lee<1001>`, `Sales Queue<6400>`, `Voicemail<1001>`. Source: its help pages.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from connectors.reading.call_keywords import bare, direction, disposition
from connectors.reading.identity import nameless
from connectors.reading.leg import LegFields, inside
from connectors.reading.lengths import seconds
from connectors.reading.outcomes import ANSWERED, INBOUND, INTERNAL, MACHINE, NO_ANSWER, OUTBOUND
from connectors.reading.service_table import ServiceTable
from connectors.reading.source import About, Context
from connectors.reading.times import Times
from schemas.records import Direction

_END = re.compile(r"(.*?)\s*[<(]\s*([^<>()]+?)\s*[>)]\s*")
_MACHINE = re.compile(
    r"\b(?:queue|ring ?group|ivr|voicemail|voice mail|conference|paging|announcement|announce|fax)\b"
    r"|очередь|группа|меню|голосовая|конференц",
    re.IGNORECASE,
)
_QUEUE = re.compile(r"queue|ring ?group|очередь|группа", re.IGNORECASE)


class _End(NamedTuple):
    number: str
    is_machine: bool = False
    """A queue, a group, a menu, a mailbox: never a person."""
    is_queue: bool = False


class YeastarPSeries(ServiceTable):
    """The page's own download, as CSV or a sheet."""

    profile = "yeastar-p"
    title = "Yeastar P-series CDR"
    fields = {  # noqa: RUF012  # a constant
        "id": ("id", "callid", "uniqueid"),
        "start": ("time", "starttime"),
        "caller": ("callfrom",),
        "called": ("callto",),
        "duration": ("calldurations", "callduration"),
        "ring": ("ringdurations", "ringduration"),
        "talk": ("talkdurations", "talkduration"),
        "status": ("status",),
        "did": ("did", "didnumber"),
        "way": ("communicationtype", "calltype"),
        "recording": ("recordingfile", "recordfile"),
    }
    needed = frozenset({"start", "caller", "called", "talk", "status", "way"})
    about = About(
        reads="Yeastar P-series CDR (the page's download)",
        recognised_by="a header with `Time`, `Call From`, `Call To`, `Talk Duration`, `Status`, `Communication Type`",
        ids="`ID`; without it start and ends",
        zone="the exchange's: `--tz`, or the source's `time_zone`",
        proof="columns of its help pages",
        unconfirmed="real exports; whether the rows of one call share their `ID`; names of queues and groups that say"
        " neither (they are taken for persons whose extension nobody has)",
    )

    def parse_row(self, cells: Sequence[str], moments: Times, context: Context) -> LegFields:
        id_, start, caller_text, called_text, duration, ring, talk, status, did, way_text, recording = cells
        started_at = moments.utc(start, "Time")
        talk_s = seconds(talk, "Talk Duration")
        length_s = seconds(duration, "Call Duration") if duration.strip() else seconds(ring, "Ring Duration") + talk_s
        caller, called = _end(caller_text), _end(called_text)
        way = direction(way_text, "Communication Type")[0]
        outcome = disposition(status, "Status")
        if outcome is ANSWERED and way is not OUTBOUND and called.is_machine:
            outcome = MACHINE
        person = "" if called.is_machine else inside(called.number, context.extension_pattern)
        own = inside(caller.number, context.extension_pattern)
        extension, outside, peer = _who(way, own, person, caller.number, called.number)
        if outcome is ANSWERED and not talk_s and not extension:  # by somebody it was picked up and dropped at once
            outcome = NO_ANSWER
        is_up = outcome in (ANSWERED, MACHINE)
        ended_at = started_at + timedelta(seconds=max(length_s, talk_s))
        record_id = id_.strip() or nameless(f"{start}\x1f{caller_text}\x1f{called_text}")
        return LegFields(
            record_id=record_id,
            call_id=record_id,
            started_at=started_at,
            ended_at=ended_at,
            direction=way,
            disposition=outcome,
            answered_at=ended_at - timedelta(seconds=talk_s) if is_up else None,
            billsec=talk_s if is_up else 0,
            extension=extension,
            peer=peer,
            outside=outside,
            did=did.strip() if way is INBOUND else "",
            queue=called.number if called.is_queue else "",
            recording=recording.strip(),
        )


def _who(way: Direction, own: str, person: str, caller: str, called: str) -> tuple[str, str, str]:
    """(extension, number outside, the other extension)."""
    if way is OUTBOUND:
        return own, called, ""
    if way is INTERNAL:
        return person or own, "", own if person else ""
    return person, caller, ""


def _end(text: str) -> _End:
    named = _END.fullmatch(text)
    if named is None:
        return _End(text.strip())
    name, number = named.groups()
    is_machine = _MACHINE.search(name) is not None and bare(name) != ""
    return _End(number, is_machine, is_machine and _QUEUE.search(name) is not None)
