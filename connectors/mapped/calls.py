"""A row of somebody's own table of calls, by the mapping, as a leg."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

from connectors.reading.call_keywords import direction, disposition
from connectors.reading.identity import nameless
from connectors.reading.leg import LegFields, inside
from connectors.reading.lengths import SPANS, seconds
from connectors.reading.machine_names import names_machine
from connectors.reading.outcomes import ANSWERED, INBOUND, INTERNAL, MACHINE, NO_ANSWER, OUTBOUND
from connectors.reading.phones import is_scientific
from connectors.reading.rejects import Misread
from connectors.reading.source import Context
from connectors.reading.times import Times
from schemas.records import Direction, Disposition, Reason

_IN_BRACKETS = re.compile(r"[^\W\d_].*\((\d+)\)$")
_NUMBER = re.compile(r"\d{2,7}")


READ = (
    *("start", "answer", "end", "wait", "talk", "duration", "direction", "status", "contact", "extension"),
    *("from", "to", "did", "queue", "recording", "call_id", "id"),
)
"""Our columns in the order of `parse_row`."""


class LengthUnits(NamedTuple):
    """What the numbers of the columns of lengths count (`lengths.UNITS`)."""

    duration: str = "s"
    talk: str = "s"
    wait: str = "s"


SECONDS = LengthUnits()


def parse_row(cells: Sequence[str], moments: Times, context: Context, units: LengthUnits = SECONDS) -> LegFields:
    """What a row says; absent columns are "". Raises Misread."""
    (start, answer, end, wait, talk, duration, way, status, contact, person, caller, called, did, queue, recording,
     call_id, id_) = cells  # fmt: skip
    started_at = moments.utc(start, "start")
    direction, extension, peer, outside, missed = _ends(
        way, contact.strip(), person, caller, called, context.extension_pattern
    )
    talk_s = seconds(talk, "talk", units.talk) if talk.strip() else None
    wait_s = seconds(wait, "wait", units.wait) if wait else 0
    length_s = seconds(duration, "duration", units.duration) if duration.strip() else None
    ended_at = _end(length_s, end, moments, started_at, wait_s, talk_s or 0)
    outcome = _outcome(status, answer, talk_s, ended_at != started_at, names_person=extension != "")
    if missed and outcome is ANSWERED:
        outcome = NO_ANSWER
    if outcome is ANSWERED and direction is not OUTBOUND and (names_machine(person) or names_machine(called)):
        outcome = MACHINE
    answered_at, billsec = None, 0
    if outcome is ANSWERED or outcome is MACHINE:
        answered_at, billsec = _answer(answer, moments, started_at, ended_at, wait_s, talk_s)
    record_id, call_id = id_.strip(), call_id.strip()
    if not record_id:  # it is known by what a correction leaves as it is
        rest = f"{start}\x1f{caller}\x1f{called}\x1f{contact}\x1f{person}"
        record_id = f"{call_id}:{crc32(rest.encode('utf-8', 'surrogateescape')):08x}" if call_id else nameless(rest)
    return LegFields(
        record_id,
        call_id or record_id,
        started_at,
        ended_at,
        direction,
        outcome,
        answered_at,
        billsec,
        extension=extension,
        peer=peer,
        outside=outside,
        did=did.strip(),
        queue=queue.strip(),
        recording=recording.strip(),
    )


def _ends(
    way_text: str, contact: str, person: str, caller: str, called: str, pattern: str
) -> tuple[Direction, str, str, str, bool]:
    """(direction, extension, the other extension, the number outside, whether nobody took it).

    By the direction where the table has one, else by which end is an extension.
    """
    way, missed = direction(way_text, "direction") if way_text.strip() else (None, False)
    extension = _person(person, pattern)
    if contact:
        return way or Direction.UNKNOWN, extension, "", contact, missed
    caller, called = caller.strip(), called.strip()
    from_inside, to_inside = _inside(caller, pattern), _inside(called, pattern)
    if way is None:
        if not from_inside and not to_inside and not names_machine(called):
            why = f"neither {caller[:20]!r} nor {called[:20]!r} is an extension ({pattern})"
            raise Misread(Reason.MISSING_FIELD, "direction", f"no direction, and {why}")
        way = OUTBOUND if from_inside else INBOUND
    if from_inside and to_inside:
        return INTERNAL, to_inside, from_inside, "", missed
    if way is INTERNAL:
        return way, extension or called, caller, "", missed
    if way is OUTBOUND:
        return way, extension or from_inside or _person(caller, pattern), "", called, missed
    return way, extension or to_inside, "", caller, missed


def _inside(text: str, pattern: str) -> str:
    """The extension that a cell is, or that stands in it beside a name; "" for another."""
    if own := inside(text, pattern):
        return own
    if text.removeprefix("+").isdigit():  # most cells: a number beside which nothing stands
        return ""
    named = "" if is_scientific(text) else _person(text, pattern)
    return named if named != text and inside(named, pattern) else ""


def _person(text: str, pattern: str) -> str:
    """Who a cell means: the extension in `Anna (101)`, else what stands there; "" for a menu's or a group's name."""
    if not text or names_machine(text):
        return ""
    return inside(text, pattern) or _named(text, pattern)


@lru_cache(maxsize=20_000)
def _named(text: str, pattern: str) -> str:
    text = text.strip()
    if (in_brackets := _IN_BRACKETS.search(text)) and re.fullmatch(pattern, in_brackets[1]):
        return in_brackets[1]
    numbers = [number for number in _NUMBER.findall(text) if re.fullmatch(pattern, number)]
    has_name = any(char.isalpha() for char in text)
    return numbers[0] if len(numbers) == 1 and has_name else text


def _end(length_s: int | None, end: str, moments: Times, started_at: datetime, wait_s: int, talk_s: int) -> datetime:
    """By the length where there is one: it knows no change of clocks."""
    if length_s is not None:
        return started_at + SPANS[max(length_s, talk_s)]
    return moments.end(end, "end", started_at) if end.strip() else started_at + SPANS[wait_s + talk_s]


def _outcome(status: str, answer: str, talk_s: int | None, has_length: bool, *, names_person: bool) -> Disposition:
    """By its word; where there is none, by whether anything was said.

    "Answered" without a second of talk: picked up and dropped at once by whom the row names; else a line did it.
    """
    if status.strip():
        outcome = disposition(status, "status")
        return NO_ANSWER if outcome is ANSWERED and talk_s == 0 and not names_person else outcome
    if talk_s is not None:
        return ANSWERED if talk_s else NO_ANSWER
    return ANSWERED if answer.strip() or has_length else NO_ANSWER


def _answer(
    answer: str, moments: Times, started_at: datetime, ended_at: datetime, wait_s: int, talk_s: int | None
) -> tuple[datetime, int]:
    """When it was answered, if it was, and for how long they talked."""
    if answer.strip():
        answered_at = moments.end(answer, "answer", started_at)
    elif talk_s is not None:
        answered_at = ended_at - SPANS[talk_s]
    else:
        answered_at = min(started_at + SPANS[wait_s], ended_at)
    if talk_s is None:
        return answered_at, int((ended_at - answered_at).total_seconds())
    if answered_at < started_at:
        raise Misread(Reason.BAD_DURATION, "talk", f"{talk_s} s of talk are longer than the call")
    return answered_at, talk_s
