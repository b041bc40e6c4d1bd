"""Avaya IP Office SMDR: a line a call segment, from its socket or as it was saved.

Commas, no quotes, no header; 17 columns in old versions, 30, and 34 or 35 since R10 and R11, of which the first 17 are
the same. Call Start is local, and the same in all segments of a call; R11 ends with the time of the record in UTC.
Sources: SMDR format specification of IP Office 11, lines of two public parsers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zlib import crc32

from connectors.reading.file_format import FileFormat, RowRef
from connectors.reading.leg import build_leg
from connectors.reading.lengths import SPANS, WEEK
from connectors.reading.outcomes import ANSWERED, INBOUND, INTERNAL, MACHINE, NO_ANSWER, OUTBOUND
from connectors.reading.packed import located
from connectors.reading.phones import refuse_cut_digits
from connectors.reading.rejects import Misread
from connectors.reading.sample import Sample
from connectors.reading.source import About, Context, Hints, Recognised
from connectors.reading.table import Delimited, Layout, Make, fits
from connectors.reading.times import Times
from connectors.reading.zone_proof import check_nearly, prove, proven_zone
from schemas.records import CallLeg, Direction, Reason

COLUMNS = (
    *("start", "connected", "ring", "caller", "direction", "called", "dialled", "account", "internal", "call_id"),
    *("continuation", "party1", "party1_name", "party2", "party2_name", "hold", "park"),
)
_FEWEST, _MOST = len(COLUMNS), 44
_RECORD_TIME = 34
"""Where R11 has the time of the record."""
_START = re.compile(r"\s*\d{4}/\d\d/\d\d \d\d:\d\d:\d\d")
_LENGTH = re.compile(r"(\d{1,3}):([0-5]\d):([0-5]\d)")
_SHAPES = {
    "start": _START,
    "connected": _LENGTH,
    "ring": re.compile(r"\d{1,6}"),
    "direction": re.compile("[IO]"),
    "internal": re.compile("[01]"),
    "call_id": re.compile(r"\d+"),
    "continuation": re.compile("[01]"),
}
_RECORD_CLOCK = Times(UTC, "ymd")
_SLACK_S = 900
"""A record is written when its segment ends: rings and talks before it are not in it."""
_BY = "the UTC time of the records"


class AvayaSmdr(Delimited):
    """SMDR lines of any version."""

    profile = "avaya"
    about = About(
        reads="Avaya IP Office SMDR lines",
        recognised_by="a date, lengths, I or O, and flags where the first 17 columns have them",
        ids="call: Call Start and Call ID (which begins anew at a restart); leg: that, lengths and both parties",
        zone="checked against the record's time in UTC that R11 writes; `--tz auto` takes what it proves; else `--tz`",
        proof="six public lines",
        unconfirmed="a long real log; what a firmware with 34 columns writes behind the 30th; NULs in saved lines",
    )

    def form(self, sample: Sample) -> FileFormat:
        return super().form(sample)._replace(delimiter=",", quoted=False)

    def layout(self, rows: Sequence[Sequence[str]], hints: Hints) -> Layout | None:
        if not rows or not fits(COLUMNS, [row[:_FEWEST] for row in rows], _SHAPES):
            return None
        widths = sorted({len(row) for row in rows if _FEWEST <= len(row) <= _MOST})
        why = f"no header; a date, lengths, I or O and flags in the first columns of {', '.join(map(str, widths))}"
        return Layout("Avaya IP Office SMDR", COLUMNS, 0, (why,))

    def widths(self, recognised: Recognised) -> frozenset[int]:
        return frozenset(range(_FEWEST, _MOST + 1))

    def is_whole(self, recognised: Recognised, fields: Sequence[str]) -> bool:
        """A line that is sent has no end at times; nothing depends on what may be cut of its last columns."""
        return len(fields) > _FEWEST

    def zone(self, sample: Sample, recognised: Recognised, zone: tzinfo | None) -> tuple[tzinfo, str]:
        """The zone to read the file with, and why. Raises Terminal when the records' own times say another."""
        # Of a socket's lines none is known beforehand.
        rows = sample.cells_from_all_over(recognised.form) if located(sample.path)[0].is_file() else []
        pairs = [pair for row in rows if (pair := _start_and_epoch(row))]
        if zone is not None and pairs:
            return zone, check_nearly(pairs, "ymd", zone, str(sample.path), _SLACK_S, _BY)
        if zone is None and pairs:
            return proven_zone(prove(pairs, "ymd"), pairs, "ymd", str(sample.path), _BY)
        return super().zone(sample, recognised, zone)

    def maker(self, recognised: Recognised, context: Context, zone: tzinfo, file: str) -> Make:
        return AvayaLegs(Times(zone, "ymd", _epoch), context, file).leg


class AvayaLegs:
    """Reads lines of one file, or of one socket."""

    def __init__(self, clock: Times, context: Context, file: str) -> None:
        self._utc = clock.utc
        self._context = context
        self._file = file

    def leg(self, fields: list[str], row_ref: RowRef) -> CallLeg:
        """The leg of a line."""
        start, connected, ring, caller, way, called, dialled, _, internal, number, more, near = fields[:12]
        start, caller, called, dialled = start.strip(), caller.strip(), called.strip(), dialled.strip()
        far = _second_party(fields)
        if way not in ("I", "O") or internal not in ("0", "1"):
            raise Misread(Reason.BAD_KIND, "direction", f"{way[:20]!r}, internal {internal[:20]!r}: I or O, and 0 or 1")
        if not number.strip().isdecimal():
            raise Misread(Reason.MISSING_FIELD, "call_id", f"{number[:40]!r} is not a Call ID")
        talk_s, ring_s = _lengths(connected, ring)
        recorded = fields[_RECORD_TIME].strip() if len(fields) > _RECORD_TIME else ""
        started_at = self._utc(start, "start", recorded)
        answered_at = started_at + SPANS[ring_s]
        if (
            recorded_from := _recorded_at(recorded)
        ) is not None:  # the start is the call's: a later segment begins later
            recorded_from -= SPANS[talk_s]
            if not answered_at <= recorded_from <= answered_at + WEEK:
                recorded_from = answered_at
            answered_at, started_at = recorded_from, recorded_from - SPANS[ring_s]
        if "+" in caller + called:
            refuse_cut_digits(caller=caller, called=called)
        direction, extension, other, outside = _who(way, internal, caller, called, dialled, near, far)
        contact = self._context.e164(outside) if outside else ""
        if direction is OUTBOUND and not contact and (sent := self._context.e164(called)):
            contact, outside = sent, called
        if not talk_s:
            disposition = NO_ANSWER
        else:
            person = extension and (direction is not INTERNAL or not (near + far).count("V"))
            disposition = ANSWERED if person else MACHINE
        call_id = f"{start.replace('/', '').replace(':', '').replace(' ', '')}:{number.strip()}"
        rest = f"{ring_s}\x1f{talk_s}\x1f{near}\x1f{far}\x1f{called}\x1f{more}"
        context = self._context
        return build_leg(
            context,
            f"{self._file}:{row_ref}",
            call_id,
            f"{call_id}:{crc32(rest.encode('utf-8', 'surrogateescape')):08x}",
            started_at,
            answered_at + SPANS[talk_s],
            direction,
            disposition,
            answered_at if talk_s else None,
            talk_s,
            extension=extension,
            peer=other,
            outside=outside,
            contact=contact,
            did=dialled if direction is INBOUND and dialled != extension else "",
        )


def _who(
    way: str, internal: str, caller: str, called: str, dialled: str, near: str, far: str
) -> tuple[Direction, str, str, str]:
    """(direction, extension, the other extension, the number outside)."""
    first, second = near[1:] if near[:1] == "E" else "", far[1:] if far[:1] == "E" else ""
    phone = first or second
    if internal == "1":
        return INTERNAL, second or phone, first if second else "", ""
    if way == "I":
        return INBOUND, phone, "", caller
    return OUTBOUND, phone, "", dialled or called


def _second_party(fields: Sequence[str]) -> str:
    """The second party's device, behind a name that may hold commas; raises Misread."""
    if not fields[11] or _is_device(fields[11]):
        for index in range(13, min(17, len(fields))):
            if _is_device(fields[index]):
                return fields[index]
        if not fields[13]:
            return ""
    raise Misread(
        Reason.WRONG_WIDTH, "party2", "no device (E201, T9001, V9502) where the parties stand: cells are shifted"
    )


@lru_cache(maxsize=10_000)
def _is_device(text: str) -> bool:
    """E201 an extension, T9001 a trunk, V9502 voicemail (V955x a conference)."""
    return "A" <= text[:1] <= "Z" and text[1:].isdecimal() and len(text) < 16


def _lengths(connected: str, ring: str) -> tuple[int, int]:
    """Talk and ring in seconds; raises Misread."""
    ring = ring.strip()
    if not (ring.isdecimal() and len(ring) <= 6):
        raise Misread(Reason.BAD_DURATION, "ring", f"{ring[:40]!r} is not a number of seconds")
    return _talk_s(connected.strip()), int(ring)


@lru_cache(maxsize=10_000)
def _talk_s(connected: str) -> int:
    found = _LENGTH.fullmatch(connected)
    if found is None:
        raise Misread(Reason.BAD_DURATION, "connected", f"{connected[:40]!r} is not a length (00:01:05)")
    hours, minutes, seconds = map(int, found.groups())
    if hours > 167:
        raise Misread(Reason.BAD_DURATION, "connected", f"{connected} is longer than a week")
    return hours * 3600 + minutes * 60 + seconds


def _recorded_at(text: str) -> datetime | None:
    """When R11 says that the record was made; None where it does not."""
    if not _START.fullmatch(text):
        return None
    try:
        return _RECORD_CLOCK.utc(text)
    except Misread:
        return None


def _start_and_epoch(fields: Sequence[str]) -> tuple[str, str] | None:
    """(local start, its epoch as an id has it) of a record of R11."""
    if len(fields) > _RECORD_TIME and (recorded_s := _epoch(fields[_RECORD_TIME].strip())):
        try:
            talk_s, ring_s = _lengths(fields[1], fields[2])
        except Misread:
            return None
        return fields[0].strip(), f"{recorded_s - talk_s - ring_s}.0"
    return None


def _epoch(recorded: str) -> int | None:
    moment = _recorded_at(recorded)
    return None if moment is None else int(moment.timestamp())
