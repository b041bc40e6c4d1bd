"""A row of somebody's own table of calls, by the mapping, as a leg."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

from connectors.call_words import direction, disposition, seconds
from connectors.identity import nameless
from connectors.moments import Moments
from connectors.outcomes import ANSWERED, INBOUND, INTERNAL, MACHINE, NO_ANSWER, OUTBOUND
from connectors.rejects import Misread
from connectors.source import Context
from connectors.told_leg import Told, inside
from schemas.records import Direction, Disposition, Reason

_NUMBER = re.compile(r"\d{2,7}")


class _Ends(NamedTuple):
    """Who talked with whom."""

    way: Direction
    extension: str
    peer: str
    outside: str
    missed: bool


def told_of(cells: Mapping[str, str], moments: Moments, context: Context) -> Told:
    """What a row says; absent columns are "". Raises Misread."""
    started_at = moments.utc(cells["start"], "start")
    ends = _ends(cells, context)
    talk = seconds(cells["talk"], "talk") if cells["talk"].strip() else None
    ended_at = _end(cells, moments, started_at, talk or 0)
    became = _became(cells, talk, ended_at - started_at)
    if ends.missed and became is ANSWERED:
        became = NO_ANSWER
    is_answered = became in (ANSWERED, MACHINE)
    answered_at, billsec = _answer(cells, moments, started_at, ended_at, talk) if is_answered else (None, 0)
    record_id, call_id = _ids(cells)
    return Told(
        record_id=record_id,
        call_id=call_id,
        started_at=started_at,
        ended_at=ended_at,
        direction=ends.way,
        disposition=became,
        answered_at=answered_at,
        billsec=billsec,
        extension=ends.extension,
        peer=ends.peer,
        outside=ends.outside,
        did=cells["did"].strip(),
        queue=cells["queue"].strip(),
        recording=cells["recording"].strip(),
    )


def _ends(cells: Mapping[str, str], context: Context) -> _Ends:
    """By the direction where the table has one, else by which end is an extension."""
    caller, called = cells["from"].strip(), cells["to"].strip()
    way, missed = direction(cells["direction"], "direction") if cells["direction"].strip() else (None, False)
    extension = _person(cells["extension"], context)
    if contact := cells["contact"].strip():
        return _Ends(way or Direction.UNKNOWN, extension, "", contact, missed)
    from_inside, to_inside = inside(caller, context), inside(called, context)
    if way is None:
        if not from_inside and not to_inside:
            said = f"neither {caller[:20]!r} nor {called[:20]!r} is an extension ({context.extension_pattern})"
            raise Misread(Reason.MISSING_FIELD, "direction", f"no direction, and {said}")
        way = OUTBOUND if from_inside else INBOUND
    if from_inside and to_inside:
        return _Ends(INTERNAL, to_inside, from_inside, "", missed)
    if way is INTERNAL:
        return _Ends(way, extension or called, caller, "", missed)
    if way is OUTBOUND:
        return _Ends(way, extension or _person(caller, context), "", called, missed)
    return _Ends(way, extension or (to_inside or ""), "", caller, missed)


def _person(text: str, context: Context) -> str:
    """Who a cell means: the extension in `Anna (101)`, else what stands there."""
    if not text:
        return ""
    return inside(text, context) or _named(text, context.extension_pattern)


@lru_cache(maxsize=20_000)
def _named(text: str, pattern: str) -> str:
    text = text.strip()
    numbers = [number for number in _NUMBER.findall(text) if re.fullmatch(pattern, number)]
    has_name = any(char.isalpha() for char in text)
    return numbers[0] if len(numbers) == 1 and has_name else text


def _end(cells: Mapping[str, str], moments: Moments, started_at: datetime, talk_s: int) -> datetime:
    """By the length where there is one: it knows no change of clocks."""
    wait_s = seconds(cells["wait"], "wait")
    if cells["duration"].strip():
        return started_at + timedelta(seconds=max(seconds(cells["duration"], "duration"), talk_s))
    if cells["end"].strip():
        return moments.end(cells["end"], "end", started_at)
    return started_at + timedelta(seconds=wait_s + talk_s)


def _became(cells: Mapping[str, str], talk: int | None, length: timedelta) -> Disposition:
    """By its word; where there is none, by whether anything was said."""
    if cells["status"].strip():
        became = disposition(cells["status"], "status")
        return NO_ANSWER if became is ANSWERED and talk == 0 else became
    if talk is not None:
        return ANSWERED if talk else NO_ANSWER
    if cells["answer"].strip():
        return ANSWERED
    return ANSWERED if length else NO_ANSWER


def _answer(
    cells: Mapping[str, str], moments: Moments, started_at: datetime, ended_at: datetime, talk: int | None
) -> tuple[datetime, int]:
    """When it was answered, if it was, and for how long they talked."""
    if cells["answer"].strip():
        answered_at = moments.end(cells["answer"], "answer", started_at)
    elif talk is not None:
        answered_at = ended_at - timedelta(seconds=talk)
    else:
        answered_at = min(started_at + timedelta(seconds=seconds(cells["wait"], "wait")), ended_at)
    length_s = int((ended_at - answered_at).total_seconds())
    if talk is not None and answered_at < started_at:
        raise Misread(Reason.BAD_DURATION, "talk", f"{talk} s of talk are longer than the call")
    return answered_at, length_s if talk is None else talk


def _ids(cells: Mapping[str, str]) -> tuple[str, str]:
    """(record_id, call_id). A row without an id is known by what a correction leaves as it is."""
    record_id, call_id = cells["id"].strip(), cells["call_id"].strip()
    if record_id:
        return record_id, call_id or record_id
    rest = f"{cells['start']}\x1f{cells['from']}\x1f{cells['to']}\x1f{cells['contact']}\x1f{cells['extension']}"
    if call_id:
        return f"{call_id}:{crc32(rest.encode('utf-8', 'surrogateescape')):08x}", call_id
    name = nameless(rest)
    return name, name
