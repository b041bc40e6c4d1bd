"""A file of the Asterisk family to CallLegs and Rejecteds."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence
from datetime import tzinfo
from itertools import islice
from pathlib import Path

from connectors.asterisk import clock, layouts
from connectors.asterisk.legs import LegReader, is_disposition
from connectors.asterisk.peers import Peers
from connectors.rejects import Bad, Misread, reject, too_long
from connectors.source import Context, Recognised
from connectors.text import Form, Row, Rows, TooLong, detect
from schemas.records import Reason, Record, Rejected
from schemas.trouble import Terminal

_HEAD_ROWS = 2_000
_SLICE, _MOST_SLICES = 1 << 15, 48
"""Bytes of a look into the middle of a file, and how many: a year of calls has one every week."""
_FOOTER = ("итого", "total", "всего")


class AsteriskCsv:
    """cdr_csv, cdr_custom, FreePBX reports with and without a header, hand-picked columns, PBXware dumps."""

    profile = "asterisk-csv"

    def recognise(self, path: Path, region: str) -> Recognised | None:
        form = detect(path)
        rows = head_rows(path, form)
        layout = layouts.recognise([row.fields for row in rows])
        if layout is None:
            return None
        data = rows[1:] if layout.header else rows
        if not data:
            raise Terminal(f"{path}: a header and no rows: nothing to load")
        samples = _samples(layout.columns, data)
        order, order_why = clock.date_order(samples, region)
        why = (f"{form.encoding}, delimiter {form.delimiter!r}, line ends {form.line_end}", *layout.why, order_why)
        return Recognised(
            profile=self.profile,
            kind="calls",
            layout=layout.name,
            encoding=form.encoding,
            delimiter=form.delimiter,
            line_end=form.line_end,
            columns=layout.columns,
            header=layout.header,
            date_order=order,
            reasons=why,
        )

    def zone(self, path: Path, recognised: Recognised, zone: tzinfo | None) -> tuple[tzinfo, str]:
        """The zone to read the file with, and why. Raises Terminal when the data says another (finding 3)."""
        rows = head_rows(path, form_of(recognised))
        if len(rows) == _HEAD_ROWS:
            rows += scattered_rows(path, recognised)
        samples = _samples(recognised.columns, rows)
        proof = clock.prove(samples, recognised.date_order)
        if zone is None:
            return clock.proven_zone(proof, samples, recognised.date_order, str(path))
        return zone, clock.check_zone(proof, samples, recognised.date_order, zone, str(path))

    def read(self, path: Path, recognised: Recognised, context: Context) -> AsteriskReading:
        zone, _ = self.zone(path, recognised, context.zone)
        return AsteriskReading(path, recognised, context, zone)


class AsteriskReading:
    """Iterate for the legs and rejects of a file; each data row gives exactly one."""

    def __init__(self, path: Path, recognised: Recognised, context: Context, zone: tzinfo) -> None:
        self.rows = 0
        self._file = path.name
        self._context = context
        self._header = recognised.header
        self._width = len(recognised.columns)
        self._last_column = recognised.columns[-1]
        self._text = Rows(path, form_of(recognised), frozenset({self._width}))
        wall = clock.WallClock(zone, recognised.date_order)
        peers = Peers(context.extension_pattern, context.trunks)
        self._legs = LegReader(recognised.columns, wall, peers, context, self._file)

    @property
    def bytes_total(self) -> int:
        return self._text.bytes_total

    @property
    def bytes_read(self) -> int:
        return self._text.bytes_read

    def __iter__(self) -> Iterator[Record | Rejected]:
        rows = iter(self._text)
        if self._header:
            next(rows, None)
        leg = self._legs.leg
        width = self._width
        for row in rows:
            self.rows += 1
            if row.__class__ is TooLong:
                yield self._reject(too_long(), row.text, row.line)
                continue
            fields, line, text, whole = row  # type: ignore[misc]  # a Row: TooLong went above
            if "\0" in text:
                yield self._reject(Bad(Reason.NUL_BYTE, detail="the row holds NUL bytes"), text, line)
                continue
            if len(fields) != width or not (whole or self._is_complete(fields, text)):
                yield self._reject(self._why_wrong(fields, whole), text, line)
                continue
            try:
                yield leg(fields, line)
            except Misread as misread:
                yield self._reject(misread.bad, text, line)

    def _is_complete(self, fields: Sequence[str], text: str) -> bool:
        """Of a row without a line end, the last cell may be a part: believed when nothing depends on it."""
        last = self._last_column
        return text.count('"') % 2 == 0 and (not last or (last == "disposition" and is_disposition(fields[-1])))

    def _why_wrong(self, fields: Sequence[str], whole: bool) -> Bad:
        if len(fields) == self._width:
            return Bad(
                Reason.TRUNCATED, detail="it has no end: a file cut short, or still being written, or an open quote"
            )
        found = f"{len(fields)} columns, {self._width} expected"
        if fields and fields[0].strip().lower().rstrip(":").startswith(_FOOTER):
            return Bad(Reason.WRONG_WIDTH, detail=f"a footer: {found}")
        return Bad(Reason.WRONG_WIDTH if whole else Reason.TRUNCATED, detail=found)

    def _reject(self, bad: Bad, text: str, line: int) -> Rejected:
        return reject(bad, text, line, self._file, self._context)


def form_of(recognised: Recognised) -> Form:
    return Form(recognised.encoding, recognised.delimiter, recognised.line_end)


def head_rows(path: Path, form: Form) -> list[Row]:
    """The first rows, for recognising."""
    return list(islice((row for row in Rows(path, form) if isinstance(row, Row)), _HEAD_ROWS))


def scattered_rows(path: Path, recognised: Recognised) -> list[Row]:
    """Rows from all over a large file: clocks may have changed anywhere in it."""
    size = path.stat().st_size
    if size < _SLICE:
        return []
    slices = min(_MOST_SLICES, size // _SLICE)
    rows: list[Row] = []
    with path.open("rb") as file:
        encoding = _of_the_middle(recognised.encoding, file.read(2))
        for number in range(1, slices + 1):
            file.seek((size * number // slices - _SLICE) & ~1)
            text = file.read(_SLICE).decode(encoding, "replace")
            lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[1:-1]
            rows += (Row(fields, 0, "", True) for fields in csv.reader(lines, delimiter=recognised.delimiter))
    return rows


def _of_the_middle(encoding: str, beginning: bytes) -> str:
    """The codec of bytes behind the byte order mark."""
    if encoding == "utf-16":
        return "utf-16-be" if beginning == codecs.BOM_UTF16_BE else "utf-16-le"
    return "utf-8" if encoding == "utf-8-sig" else encoding


def _samples(columns: tuple[str, ...], rows: Sequence[Row]) -> list[tuple[str, str]]:
    """(start, uniqueid) of rows with the layout's width."""
    start = columns.index("start")
    uniqueid = columns.index("uniqueid") if "uniqueid" in columns else -1
    return [
        (row.fields[start], row.fields[uniqueid] if uniqueid >= 0 else "")
        for row in rows
        if len(row.fields) == len(columns)
    ]
