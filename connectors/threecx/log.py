"""3CX: the CDR log (`cdr.log`), v15 to v20.

A line begins with `Call `; which fields follow, in which order, the administrator chose, and there is no header. Cells
are not quoted: a comma in a display name makes a line one cell longer. Sources: 3CX "CDR - Call Data Records", lines
of three exchanges, orders in six public readers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from enum import Enum
from operator import itemgetter
from zlib import crc32

from connectors.reading.file_format import FileFormat, RowRef
from connectors.reading.identity import nameless
from connectors.reading.leg import TimeFields, build_leg
from connectors.reading.outcomes import (
    ANSWERED,
    BUSY,
    CANCELLED,
    FAILED,
    INBOUND,
    INTERNAL,
    MACHINE,
    NO_ANSWER,
    OUTBOUND,
)
from connectors.reading.rejects import Misread
from connectors.reading.sample import Sample
from connectors.reading.source import About, Context, Hints, Recognised
from connectors.reading.table import Delimited, Layout, Make
from connectors.reading.times import DATE, Times
from schemas.errors import Terminal
from schemas.records import CallLeg, Direction, Disposition, Reason

_CALL = (
    *("historyid", "callid", "duration", "time-start", "time-answered", "time-end", "reason-terminated", "from-no"),
    *("to-no", "from-dn", "to-dn", "dial-no", "reason-changed", "final-number", "final-dn"),
)
_BILL = ("bill-code", "bill-rate", "bill-cost", "bill-name")
_TYPES = ("from-type", "to-type", "final-type")
_NAMES = ("from-dispname", "to-dispname", "final-dispname")
_MISSED = ("missed-queue-calls",)
ORDERS = (
    (*_CALL, *_BILL, "chain", *_TYPES, *_NAMES, *_MISSED),
    (*_CALL, *_BILL, "chain", *_MISSED, *_NAMES, *_TYPES),
    (*_CALL, "chain", *_TYPES, *_NAMES, *_MISSED),
    (*_CALL, *_BILL, "chain"),
)
"""All fields as 3CX lists them; with the types last; without prices; and v15's, which knows no types."""
FIELDS = frozenset(ORDERS[0])
_FREE = frozenset({*_NAMES, *_MISSED})
"""What may hold a delimiter."""
_MOST_EXTRA = 8
_READ = (
    *("historyid", "callid", "time-start", "time-answered", "time-end", "reason-terminated", "from-no", "to-no"),
    *("from-dn", "to-dn", "dial-no", "final-number", "final-dn", "chain", *_TYPES),
)
_NEEDED = {
    "time-start",
    "time-answered",
    "time-end",
    "from-no",
    "to-no",
    "from-dn",
    "to-dn",
    "final-number",
    "final-dn",
}
_SHARE = 1 / 2
_TIMES = TimeFields("time-end", "time-answered")


class ThreeCxEnd(Enum):
    """Who is at an end."""

    NOBODY = 0
    PHONE = 1
    LINE = 2
    QUEUE = 3
    MACHINE = 4


_KINDS = {
    "extension": ThreeCxEnd.PHONE,
    "line": ThreeCxEnd.LINE,
    "externalline": ThreeCxEnd.LINE,
    "queue": ThreeCxEnd.QUEUE,
    "ringgroup": ThreeCxEnd.QUEUE,
    "ivr": ThreeCxEnd.MACHINE,
    "voicemail": ThreeCxEnd.MACHINE,
    "fax": ThreeCxEnd.MACHINE,
    "conference": ThreeCxEnd.MACHINE,
    "parking": ThreeCxEnd.MACHINE,
    "script": ThreeCxEnd.MACHINE,
    "routepoint": ThreeCxEnd.MACHINE,
}
_NOBODY, _PHONE, _LINE, _QUEUE = ThreeCxEnd.NOBODY, ThreeCxEnd.PHONE, ThreeCxEnd.LINE, ThreeCxEnd.QUEUE
_UNANSWERED = (
    ("busy", BUSY),
    ("noanswer", NO_ANSWER),
    ("fail", FAILED),
    ("terminatedbysrc", CANCELLED),
    ("srcparticipantterminated", CANCELLED),
)


class ThreeCxLog(Delimited):
    """Logs in one of the usual orders, or in the one that settings give."""

    profile = "3cx"
    about = About(
        reads="3CX CDR log",
        recognised_by="lines that begin with `Call `, dates at `time-start` and `time-end` of a usual order,"
        " or of `columns`",
        ids="call `historyid`; leg `historyid`, `callid`, start and ends",
        zone="UTC when the types of both ends are there (v18 and later), unless `--tz` says local; earlier: `--tz`",
        proof="three public lines",
        unconfirmed="whether every v18 to v20 writes UTC; whether v16 takes waiting in a queue for talk, as one line"
        " says; fixed widths",
    )

    def form(self, sample: Sample) -> FileFormat:
        return super().form(sample)._replace(quoted=False)

    def layout(self, rows: Sequence[Sequence[str]], hints: Hints) -> Layout | None:
        named = hints.columns if set(hints.columns) & (FIELDS - {"duration"}) else ()  # FreeSWITCH has that name too
        if unknown := set(named) - FIELDS:
            raise Terminal(f"columns: 3CX has no field {', '.join(sorted(unknown))}; fields: {', '.join(ORDERS[0])}")
        if named and (missing := _NEEDED - set(named)):
            raise Terminal(f"columns of a 3CX log without {', '.join(sorted(missing))}: choose these fields in 3CX too")
        fitting = {order: _fitting(order, rows) for order in ((named,) if named else ORDERS)}
        order = max(fitting, key=lambda order: fitting[order])
        if rows and fitting[order] > len(rows) * _SHARE:
            return _layout(order, named != ())
        if sum(row[0].startswith("Call ") for row in rows if row) * 2 > len(rows):
            raise Terminal(
                "a 3CX log whose fields stand in an order of its own (no dates at time-start and time-end):"
                ' name them in callfunnel.toml under [sources.NAME], columns = ["historyid", "callid", ...];'
                f" fields: {', '.join(ORDERS[0])}"
            )
        return None

    def widths(self, recognised: Recognised) -> frozenset[int]:
        width = len(recognised.columns)
        return frozenset(range(width, width + _MOST_EXTRA + 1)) if _free(recognised.columns) else frozenset({width})

    def is_whole(self, recognised: Recognised, fields: Sequence[str]) -> bool:
        """With a file per call no line has an end. What is cut of a name, or of the chain, nothing depends on."""
        last = recognised.columns[-1]
        if last == "chain":
            return fields[-1].endswith(";")
        return last in _FREE or (last in _TYPES and _is_type(fields[-1]))

    def needs_zone(self, layout: Layout) -> bool:
        return "from-type" not in layout.columns

    def zone(self, sample: Sample, recognised: Recognised, zone: tzinfo | None) -> tuple[tzinfo, str]:
        """As given; else UTC for v18 and later. Raises Terminal for earlier ones: nothing tells theirs."""
        if zone is not None:
            return zone, f"times are read in {zone}; 3CX v18 and later writes UTC, whatever the office's zone"
        if recognised.needs_zone:
            raise Terminal(f"{sample.path}: nothing in a log of 3CX before v18 proves its zone: give --tz by name")
        return UTC, "3CX v18 and later was seen to write UTC: if hours are off by the office's offset, give --tz"

    def maker(self, recognised: Recognised, context: Context, zone: tzinfo, file: str) -> Make:
        return ThreeCxLegs(recognised.columns, Times(zone, recognised.date_order, int), context, file).leg


class ThreeCxLegs:
    """Reads lines of one log."""

    def __init__(self, columns: tuple[str, ...], clock: Times, context: Context, file: str) -> None:
        self._width = len(columns)
        self._has_chain = "chain" in columns
        self._pick = itemgetter(*_places(columns))
        self._utc = clock.utc
        self._is_extension = re.compile(context.extension_pattern).fullmatch
        self._context = context
        self._file = file
        self._kinds: dict[str, ThreeCxEnd] = {}
        self._outcomes: dict[str, Disposition] = {}

    def leg(self, fields: list[str], row_ref: RowRef) -> CallLeg:
        """The leg of a line; `fields` is used up."""
        longer = len(fields) > self._width
        fields.append("")
        (history_id, call_id, start, answer, end, reason, from_no, to_no, from_dn, to_dn, dialled, final_no, final_dn,
         chain, from_type, to_type, final_type) = self._pick(fields)  # fmt: skip
        if longer and self._has_chain and not chain.startswith("Chain:"):
            raise Misread(Reason.WRONG_WIDTH, "chain", "cells are shifted: a delimiter in a cell before the chain")
        started_at, answered_at, ended_at = self._times(start, answer, end)
        kinds = self._kinds
        near = kinds.get(from_type) or self._kind(from_type, from_no, from_dn)
        to = kinds.get(to_type) or self._kind(to_type, to_no, to_dn)
        last = kinds.get(final_type) or self._kind(final_type, final_no, final_dn)
        if last is _NOBODY:
            last, final_dn = to, to_dn
        direction, extension, other, outside, queue = _who(
            near, to, last, from_no, to_no, from_dn, to_dn, final_no, final_dn
        )
        billsec = 0
        if answered_at is None:
            disposition = self._outcomes.get(reason) or self._unanswered(reason)
        else:
            talk = ended_at - answered_at
            billsec = talk.days * 86_400 + talk.seconds
            disposition = ANSWERED if last is _PHONE or last is _LINE else MACHINE
        history_id = history_id.removeprefix("Call ").strip()
        # The start within a quarter of an hour, which is the same in every zone.
        minute = f"{started_at.minute % 15}:{started_at.second}"
        rest = f"{call_id}\x1f{minute}\x1f{from_no}\x1f{to_no}\x1f{dialled}\x1f{final_no}"
        if history_id or call_id:
            record_id = f"{history_id or call_id}:{crc32(rest.encode('utf-8', 'surrogateescape')):08x}"
        else:
            record_id = nameless(f"{start}\x1f{rest}")
        context = self._context
        return build_leg(
            context,
            f"{self._file}:{row_ref}",
            history_id or call_id or record_id,
            record_id,
            started_at,
            ended_at,
            direction,
            disposition,
            answered_at,
            billsec,
            extension=extension,
            peer=other,
            outside=outside,
            queue=queue,
            times=_TIMES,
        )

    def _times(self, start: str, answer: str, end: str) -> tuple[datetime, datetime | None, datetime]:
        """Start, answer (None: never) and end; raises Misread."""
        if not start or not end:
            raise Misread(Reason.BAD_TIME, "time-end" if start else "time-start", "no time")
        started_at, ended_at = self._utc(start, "time-start", "0"), self._utc(end, "time-end", "0")
        answered_at = self._utc(answer, "time-answered", "0") if answer else None
        if ended_at < started_at or (answered_at is not None and answered_at < started_at):
            # Clocks went back meanwhile: of the repeated hour the second one is meant.
            later = str(int(started_at.timestamp()) + 7_200)
            ended_at = self._utc(end, "time-end", later)
            if answered_at is not None and answered_at < started_at:
                answered_at = self._utc(answer, "time-answered", later)
        return started_at, answered_at, ended_at

    def _kind(self, type_text: str, number: str, dn: str) -> ThreeCxEnd:
        """Who an end is: by its type, in whatever case; before v18 by its number, `Ext.101` for what is inside."""
        if word := _type_word(type_text):
            kind = _KINDS.get(_family(word), ThreeCxEnd.MACHINE)
            if len(self._kinds) < 1_000:
                self._kinds[type_text] = kind
            return kind
        if not number:
            return ThreeCxEnd.NOBODY
        if not number.startswith("Ext."):
            return ThreeCxEnd.LINE
        return ThreeCxEnd.PHONE if self._is_extension(dn or number[4:]) else ThreeCxEnd.MACHINE

    def _unanswered(self, reason: str) -> Disposition:
        word = reason.lower().replace("_", "").replace(" ", "")
        disposition = next((disposition for part, disposition in _UNANSWERED if part in word), NO_ANSWER)
        if len(self._outcomes) < 1_000:
            self._outcomes[reason] = disposition
        return disposition


def _who(
    near: ThreeCxEnd,
    to: ThreeCxEnd,
    last: ThreeCxEnd,
    from_no: str,
    to_no: str,
    from_dn: str,
    to_dn: str,
    final_no: str,
    final_dn: str,
) -> tuple[Direction, str, str, str, str]:
    """(direction, extension, the other extension, the number outside, queue)."""
    rang = final_dn if last is _PHONE else to_dn if to is _PHONE else ""
    queue = to_dn if to is _QUEUE else final_dn if last is _QUEUE else ""
    if near is _LINE:
        return INBOUND, rang, "", from_no, queue
    dialler = from_dn if near is _PHONE else ""
    if to is _LINE or last is _LINE:
        return OUTBOUND, dialler, "", to_no if to is _LINE else final_no, ""
    return INTERNAL, rang or dialler, dialler if rang else "", "", queue


def _free(columns: Sequence[str]) -> bool:
    """Whether a delimiter in a free text leaves the places of the other columns known: all free ones are together."""
    indices = [index for index, name in enumerate(columns) if name in _FREE]
    return indices != [] and indices == list(range(indices[0], indices[-1] + 1))


def _places(columns: Sequence[str]) -> list[int]:
    """Where each field of _READ stands in a line with a "" behind it: behind free text, counted from the end."""
    width = len(columns)
    free = max((index for index, name in enumerate(columns) if name in _FREE), default=width)
    indices = []
    for name in _READ:
        index = columns.index(name) if name in columns else width
        indices.append(index - width - 1 if index > free or index == width else index)
    return indices


def _layout(order: tuple[str, ...], named: bool) -> Layout:
    why = ["the order of `columns`" if named else f"no header; one of the usual orders of {len(order)} fields"]
    why.append(f"fields: {', '.join(order)}")
    if "from-type" not in order:
        why.append("no types (before v18): what begins with Ext. is a phone when `extensions` of the settings fits it")
    return Layout(f"3CX log, {len(order)} fields", order, 0, tuple(why))


def _fitting(order: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """How many lines have dates, types and a chain where this order has them."""
    width, longest = len(order), len(order) + (_MOST_EXTRA if _free(order) else 0)
    pick = itemgetter(*_places(order))
    fitting = 0
    for row in rows:
        if width <= len(row) <= longest:
            _, _, start, answer, end, *_, chain, from_type, to_type, final_type = pick([*row, ""])
            fitting += (
                DATE.fullmatch(start) is not None
                and DATE.fullmatch(end) is not None
                and (not answer or DATE.fullmatch(answer) is not None)
                and ("chain" not in order or chain.startswith("Chain:"))
                and all(_is_type(type_text) for type_text in (from_type, to_type, final_type))
            )
    return fitting


def _is_type(type_text: str) -> bool:
    return not (word := _type_word(type_text)) or _family(word) in _KINDS


def _family(word: str) -> str:
    """A group is one by whichever way it rings: `ring_group_ring_all`, `ring_group_hunt`."""
    return "ringgroup" if word.startswith("ringgroup") else word


def _type_word(type_text: str) -> str:
    """One feed may write `Ivr`, `ivr` and `external_line`, `Line`."""
    return type_text.lower().replace("_", "").strip()
