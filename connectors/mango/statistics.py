"""Mango Office VPBX: the statistics that `stats/result` answers with, saved as a file.

`;` between cells, no header: the columns are the `fields` that were asked for, in their order. Times are seconds since
the epoch; `answer` 0 says that nobody was reached. A row is one end's part in a call: a group that rings five phones
gives five rows of one `entry_id`. Sources: the `fields` of nine public clients, rows of two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import tzinfo
from operator import itemgetter
from zlib import crc32

from connectors.reading.file_format import RowRef
from connectors.reading.identity import nameless
from connectors.reading.leg import build_leg
from connectors.reading.lengths import check_order
from connectors.reading.outcomes import ANSWERED, INBOUND, INTERNAL, MACHINE, NO_ANSWER, OUTBOUND
from connectors.reading.phones import e164, refuse_cut_digits
from connectors.reading.rejects import Misread
from connectors.reading.sample import Sample
from connectors.reading.source import About, Context, Hints, Recognised
from connectors.reading.table import Delimited, Layout, Make, fits
from connectors.reading.times import EARLIEST_S, LATEST_S, NO_ZONE, at
from schemas.errors import Terminal
from schemas.records import CallLeg, Reason

_USUAL = (
    *("records", "start", "finish", "answer", "from_extension", "from_number", "to_extension", "to_number"),
    *("disconnect_reason", "line_number", "location", "entry_id"),
)
ORDERS = (_USUAL, (*_USUAL, "create"), (*_USUAL[:-1], "create", "entry_id"))
"""The `fields` that public clients ask for."""
PULLED = Recognised(profile="mango", kind="calls", layout="the usual fields", columns=_USUAL, reasons=())
"""A row of them that came from the API or a webhook: the same leg as in a file."""
_READ = (
    *("start", "finish", "answer", "from_extension", "from_number", "to_extension", "to_number", "line_number"),
    *("location", "entry_id", "records"),
)
_NEEDED = {"start", "finish", "answer", "from_extension", "from_number", "to_extension", "to_number"}
_SHAPES = {
    "records": re.compile(r"\[.*\]"),
    "start": re.compile(r"\d{9,10}"),
    "finish": re.compile(r"\d{9,10}"),
    "answer": re.compile(r"0|\d{9,10}"),
    "create": re.compile(r"\d{9,10}"),
    "from_extension": re.compile(r"\d{0,6}"),
    "to_extension": re.compile(r"\d{0,6}"),
    "disconnect_reason": re.compile(r"\d{4}"),
    "location": re.compile(r"[a-z_]*"),
}
_IVR, _QUEUE = "ivr", "queue"


class MangoStats(Delimited):
    """Statistics rows with the usual fields, with a header of their names, or in an order that settings give."""

    profile = "mango"
    about = About(
        reads="Mango Office statistics (stats/result)",
        recognised_by="epochs in `start`, `finish`, `answer` of the usual `fields`; a header of their names;"
        " or `columns`",
        ids="call `entry_id`; leg `entry_id`, `start` and both ends",
        zone="none needed: times are seconds since the epoch",
        proof="14 rows of a public client",
        unconfirmed="most codes of `disconnect_reason` (unanswered is no_answer, whatever the code);"
        " what `to_extension` is of a row that ended in a queue; the cabinet's own CSV",
    )

    def layout(self, rows: Sequence[Sequence[str]], hints: Hints) -> Layout | None:
        if not rows:
            return None
        header = tuple(cell.strip() for cell in rows[0])
        if set(header) >= _NEEDED:
            return _layout(header, 1, "the first row names the fields")
        if set(hints.columns) & _NEEDED:
            if missing := _NEEDED - set(hints.columns):
                raise Terminal(
                    f"columns of Mango statistics without {', '.join(sorted(missing))}: ask for these fields"
                )
            return _layout(hints.columns, 0, "the order of `columns`") if fits(hints.columns, rows, _SHAPES) else None
        for order in ORDERS:
            if fits(order, rows, _SHAPES):
                return _layout(order, 0, f"no header; {len(order)} columns in the usual order, times are epochs")
        return None

    def needs_zone(self, layout: Layout) -> bool:
        return False

    def zone(self, sample: Sample, recognised: Recognised, zone: tzinfo | None) -> tuple[tzinfo, str]:
        """UTC, whatever is given: an epoch has no zone."""
        return NO_ZONE

    def maker(self, recognised: Recognised, context: Context, zone: tzinfo, file: str) -> Make:
        return MangoLegs(recognised.columns, context, file).leg


class MangoLegs:
    """Reads rows of one file."""

    def __init__(self, columns: tuple[str, ...], context: Context, file: str) -> None:
        # A missing column is read from one past the end, where a "" is put.
        width = len(columns)
        self._pick = itemgetter(*(columns.index(name) if name in columns else width for name in _READ))
        self._context = context
        self._file = file

    def leg(self, fields: list[str], row_ref: RowRef) -> CallLeg:
        """The leg of a row with the layout's width; `fields` is used up."""
        fields.append("")
        (start, finish, answer, from_extension, from_number, to_extension, to_number, line, location, entry_id,
         records) = self._pick(fields)  # fmt: skip
        start_s, finish_s, answer_s = _seconds(start, finish, answer)
        region = self._context.region
        from_inside = from_extension != "" or _is_account(from_number, region)
        to_inside = to_extension != "" or _is_account(to_number, region)
        other = outside = ""
        if from_inside and to_inside:
            direction = INTERNAL
            extension, other = (to_extension, from_extension) if to_extension else (from_extension, "")
        elif from_inside:
            direction, extension, outside = OUTBOUND, from_extension, to_number
        else:
            direction, extension, outside = INBOUND, to_extension, from_number
        if "+" in outside:
            refuse_cut_digits(**{"to_number" if from_inside else "from_number": outside})
        queue = ""
        if location == _QUEUE and direction is INBOUND:
            extension, queue = "", to_extension
        disposition = ANSWERED if answer_s else NO_ANSWER
        if location == _IVR or (answer_s and location == _QUEUE):
            disposition = MACHINE
        # Not the end: a row that is asked for while people talk is the same record as the one after it.
        rest = f"{start_s}\x1f{from_extension}\x1f{from_number}\x1f{to_extension}\x1f{to_number}"
        record_id = (
            nameless(rest) if not entry_id else f"{entry_id}:{crc32(rest.encode('utf-8', 'surrogateescape')):08x}"
        )
        context = self._context
        return build_leg(
            context,
            f"{self._file}:{row_ref}",
            entry_id or record_id,
            record_id,
            at(start_s),
            at(finish_s),
            direction,
            disposition,
            at(answer_s) if answer_s else None,
            finish_s - answer_s if answer_s else 0,
            extension=extension,
            peer=other,
            outside=outside,
            did=line,
            queue=queue,
            application=location,
            recording=records.strip("[]"),
        )


def _seconds(start: str, finish: str, answer: str) -> tuple[int, int, int]:
    """The three times of a row; raises Misread naming the one that cannot be read."""
    try:
        start_s, finish_s, answer_s = int(start), int(finish), int(answer)
    except ValueError:
        raise _no_seconds(start, finish, answer) from None
    if not EARLIEST_S <= start_s <= LATEST_S:
        raise Misread(Reason.BAD_TIME, "start", f"{start_s} is not between 1990 and 2104 in seconds since the epoch")
    check_order(start_s, answer_s, finish_s, ("answer", "finish"), Reason.BAD_DURATION)
    return start_s, finish_s, answer_s


def _no_seconds(start: str, finish: str, answer: str) -> Misread:
    moments = (("start", start), ("finish", finish), ("answer", answer))
    field, text = next((name, text) for name, text in moments if not _is_number(text))
    return Misread(Reason.BAD_TIME, field, f"{text[:40]!r} is not a number of seconds since the epoch")


def _is_number(text: str) -> bool:
    """Whether `int` takes it: of digits alone it refuses more than 4,300."""
    try:
        int(text)
    except ValueError:
        return False
    return True


def _is_account(number: str, region: str) -> bool:
    """A SIP account of somebody inside (`sip:anna@vpbx.mangosip.ru`), as opposed to a number that came over SIP."""
    return number.startswith("sip:") and not e164(number, region)


def _layout(columns: Iterable[str], head: int, why: str) -> Layout:
    used = tuple(name if name in _READ else "" for name in columns)
    reasons = [why]
    if "entry_id" not in used:
        reasons.append("no entry_id: nothing ties the rows of one call together, each counts as a call: ask for it")
    return Layout(
        f"Mango statistics, {len(used)} columns{' with a header' if head else ''}", used, head, tuple(reasons)
    )
