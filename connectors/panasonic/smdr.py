"""Panasonic KX-TDA, TDE, NS and relatives: SMDR as printed, a line of fixed places a call, under page headers.

Patterns A (80 characters), B (a cost) and C (120, longer numbers) hold the same parts in the same order, and are read
by what the parts look like. No id, no seconds. Whether the time is a call's end (KX-TDA, TDE, NS) or its start
(KX-TEA308), and the order of day and month, the exchange's settings say: `columns` repeats them. Sources: KX-TDA200 and
KX-NS1000 guides, an emulator.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import tzinfo
from functools import lru_cache
from pathlib import Path

from connectors.reading.file_format import FileFormat, RowRef
from connectors.reading.identity import nameless
from connectors.reading.leg import build_leg
from connectors.reading.lengths import SPANS
from connectors.reading.outcomes import ANSWERED, INBOUND, INTERNAL, NO_ANSWER, OUTBOUND
from connectors.reading.rejects import Misread
from connectors.reading.row_source import FilteredRows, RowSource
from connectors.reading.sample import Sample
from connectors.reading.source import About, Context, Hints, Recognised
from connectors.reading.table import Delimited, Layout, Make
from connectors.reading.text import NO_DELIMITER
from connectors.reading.times import Times
from connectors.reading.zone_proof import date_order
from schemas.records import CallLeg, Direction, Reason

_NO_CALL = re.compile(r"\s*(?:Date\s+Time\s.*|-{10,}\s*|\S+\s+\S+\s+\S+\s+LOG (?:IN|OUT)\s*)", re.IGNORECASE)
"""Page headers, and lines of who logged in: a line of these is not a row."""
_BEGIN = re.compile(
    r"\s*(\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4} +\d{1,2}:\d\d(?: ?[AP]M)?) +([*#]?\w{1,10}) +(\S.*)",
    re.IGNORECASE,
)
_TALK = re.compile(r"\d\d:\d\d['’]\d\d(?= |$)")
_RING = re.compile(r"(.* )(\d{1,2}'\d\d) +")
_MOST_LINE = 4
"""Digits of a line's number."""
_DIGITS = re.compile(r"[+\d][\d*#]{3,}")
_WORDS = {"date-dmy": "dmy", "date-mdy": "mdy", "date-ymd": "ymd"}
_STARTS = "start-of-call"
_SHARE = 1 / 2


_Parts = tuple[str, str, str, str, str, str]
"""Of a line, as texts: the wall time in 24 hours, extension, line, number, ring, talk."""


class PanasonicSmdr(Delimited):
    """SMDR as a file, and as lines of a socket."""

    profile = "panasonic"
    about = About(
        reads="Panasonic KX-TDA, TDE, NS SMDR (patterns A, B, C)",
        recognised_by="lines of a date, a time, an extension, and a duration like 00:01'05",
        ids="none in the file: a line is known by what stands in it, equal lines by their number in a minute",
        zone="`--tz`: nothing proves it",
        proof="lines made from two manuals, no real log",
        unconfirmed="everything against a real log; a call out counts as answered when it has a duration; times are"
        ' the end of a call unless `columns` holds "start-of-call"; it may hold "date-dmy" or "date-mdy" too; equal'
        " lines of one minute are one call when they come over a socket",
    )

    def form(self, sample: Sample) -> FileFormat:
        return super().form(sample)._replace(delimiter=NO_DELIMITER, quoted=False)

    def layout(self, rows: Sequence[Sequence[str]], hints: Hints) -> Layout | None:
        lines = [row[0] for row in rows if len(row) == 1 and not _NO_CALL.fullmatch(row[0])]
        parts = [found for line in lines if (found := _parts(line))]
        if not parts or len(parts) <= len(lines) * _SHARE:
            return None
        found_order = date_order([(found[0], "") for found in parts], hints.region)
        order, why, guesses = found_order.order, found_order.why, found_order.guesses
        if order_word := next((word for word in hints.columns if word in _WORDS), ""):
            order, why, guesses = _WORDS[order_word], f"dates are {_WORDS[order_word]}, as `columns` says", ()
        starts = _STARTS in hints.columns
        when = (
            "start, as `columns` says" if starts else 'end, as KX-TDA writes it (columns = ["start-of-call"] for start)'
        )
        shape = f"{len(parts)} of {len(lines)} lines hold a date, an extension and a duration"
        columns = (_STARTS if starts else "end-of-call",)
        return Layout(
            "Panasonic SMDR", columns, 0, (shape, why, f"the time is a call's {when}"), order, guesses=guesses
        )

    def is_whole(self, recognised: Recognised, fields: Sequence[str]) -> bool:
        """Nothing depends on what stands behind the duration."""
        return _parts(fields[0]) is not None

    def rows(self, path: Path, recognised: Recognised) -> RowSource:
        return FilteredRows(super().rows(path, recognised), lambda fields: is_page_header(fields[0]))

    def maker(self, recognised: Recognised, context: Context, zone: tzinfo, file: str) -> Make:
        clock = Times(zone, recognised.date_order)
        return PanasonicLegs(clock, recognised.columns[0] == _STARTS, context, file).leg


def is_page_header(line: str) -> bool:
    """Whether a line is a page header, or of somebody who logged in or out."""
    return "'" not in line and _NO_CALL.fullmatch(line.rstrip("\r\n")) is not None


class PanasonicLegs:
    """Reads lines of one file."""

    def __init__(self, clock: Times, says_start: bool, context: Context, file: str) -> None:
        self._utc = clock.utc
        self._says_start = says_start
        self._context = context
        self._file = file
        self._minute, self._moment = "", context.loaded_at
        self._seen: dict[str, int] = {}

    def leg(self, fields: list[str], row_ref: RowRef) -> CallLeg:
        """The leg of a line."""
        parts = _parts(fields[0])
        if parts is None:
            raise _misread(fields[0])
        at, extension, line, number, ring, talk = parts
        if at != self._minute:
            self._moment, self._minute = self._utc(f"{at}:00", "time", ""), at
            self._seen.clear()
        talk_s, ring_s = _seconds(talk), _seconds(ring) if ring else 0
        started_at = self._moment if self._says_start else self._moment - SPANS[talk_s + ring_s]
        answered_at = started_at + SPANS[ring_s]
        direction, extension, other, outside, did = _who(extension, line, number)
        record_id = self._name(parts)
        context = self._context
        return build_leg(
            context,
            f"{self._file}:{row_ref}",
            record_id,
            record_id,
            started_at,
            answered_at + SPANS[talk_s],
            direction,
            ANSWERED if talk_s else NO_ANSWER,
            answered_at if talk_s else None,
            talk_s,
            extension=extension,
            peer=other,
            outside=outside,
            did=did,
        )

    def _name(self, parts: _Parts) -> str:
        """The line's own id; of equal lines the second is another call, in the minute that the file has together."""
        name = nameless("\x1f".join(parts))
        times = self._seen[name] = self._seen.get(name, 0) + 1
        return name if times == 1 else f"{name}:{times}"


def _parts(line: str) -> _Parts | None:
    """The parts of a line; None when it does not tell of a call."""
    begin = _BEGIN.fullmatch(line.rstrip())
    talk = begin and _TALK.search(begin[3])
    if begin is None or not talk:
        return None
    when, extension, rest = begin.groups()
    number, ring, trunk = rest[: talk.start()], "", ""
    if "'" in number and (rang := _RING.fullmatch(number)):
        number, ring = rang.groups()
    number = number.strip()
    first, _, other = number.partition(" ")
    if first.isdecimal() and len(first) <= _MOST_LINE:
        number, trunk = other.strip(), first
    return _at(when), extension, trunk, number, ring, talk[0]


@lru_cache(maxsize=10_000)
def _at(when: str) -> str:
    """The wall time in 24 hours, as other exchanges write it."""
    date, _, time = when.partition(" ")
    hour, _, rest = time.strip().partition(":")
    if half := rest[2:].strip():
        hour = str(int(hour) % 12 + (12 if half in "PMpm" else 0))
    return f"{date.replace('.', '/').replace('-', '/')} {hour}:{rest[:2]}"


def _misread(line: str) -> Misread:
    """Why a line does not tell of a call."""
    begin = _BEGIN.fullmatch(line.rstrip())
    if begin is None:
        return Misread(Reason.UNKNOWN_LAYOUT, "", "no line of a date, a time, an extension and a call")
    return Misread(Reason.BAD_DURATION, "duration", f"no duration like 00:01'05 in {begin[3][:60]!r}")


def _who(extension: str, line: str, number: str) -> tuple[Direction, str, str, str, str]:
    """(direction, extension, the other extension, the number outside, the number that was called from there)."""
    if number[:3].upper() == "EXT" and not line:
        return INTERNAL, number[3:].strip(), extension, "", ""
    did, marked, caller = number.partition("<I>")
    if marked or number.startswith("<D>"):
        return INBOUND, extension, "", _digits(caller), _digits(did.removeprefix("<D>"))
    return OUTBOUND, extension, "", number, ""


def _digits(text: str) -> str:
    """The number beside a name: `ABC COMPANY84950000001`; what there is when none is."""
    if text.isdecimal() and len(text) >= 4:
        return text
    found = _DIGITS.findall(text)
    return max(found, key=len) if found else text.strip()


@lru_cache(maxsize=10_000)
def _seconds(text: str) -> int:
    """Of 00:01'05 and 0'05. Hours are two digits: no call is longer than a week."""
    *hours, minutes, seconds = re.split("[:'’]", text)
    return int(hours[0] if hours else 0) * 3600 + int(minutes) * 60 + int(seconds)
