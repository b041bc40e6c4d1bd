"""What every table shares, whatever wrote it: its first rows, the loop that reads it, and why a row is none.

A source of delimited text subclasses `Delimited` and says what only it knows: which column is what (`layout`), how a
row becomes a record (`maker`), and what its times prove (`zone`). Rows that are no text (a sheet's, a JSON array's)
come as any `RowSource` into the same `TableReading`, with places of their own (`Sheet1!7`).
"""

from __future__ import annotations

import codecs
import csv
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, tzinfo
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from connectors.reading.json_rows import detect as detect_json
from connectors.reading.json_table import JsonTable, Under
from connectors.reading.packed import is_sheet, label, located, open_bytes, size
from connectors.reading.rejects import Bad, Broken, Misread, reject, too_long
from connectors.reading.row_source import RowSource
from connectors.reading.sheets import SheetRows
from connectors.reading.source import About, Context, Hints, Place, Recognised
from connectors.reading.text import NO_DELIMITER, Form, Row, Rows, TooLong, detect
from schemas.records import Reason, Record, Rejected
from schemas.trouble import Terminal

HEAD_ROWS = 2_000
"""How many rows a source sees of a file before it says what it is."""
_SLICE, _MOST_SLICES = 1 << 15, 48
"""Bytes of a look into the middle of a file, and how many: a year of calls has one every week."""
_EVERY = 100
"""Of how many rows of a sheet one is looked at."""
_MOST_TITLES = 40
_SHARE = 1 / 2
"""Of the first rows, to have a layout's shapes: a beginning may be damaged."""
_FOOTER = ("итого", "total", "всего")
SHEET, JSON = "workbook", "JSON"
"""Encodings of a sheet, and of objects: their cells are known without reading a text."""

Make = Callable[[list[str], Place], Record]
"""A row of an expected width, and its place, to its record; raises Misread. The list is used up."""


class Layout(NamedTuple):
    """Columns by place; "" for one that is not used. `why` is for people."""

    name: str
    columns: tuple[str, ...]
    head: int
    """Rows above the data: 1 for a header."""
    why: tuple[str, ...]
    date_order: str = "ymd"
    has_offset: bool = False
    """Whether all times that were seen say their offset."""


class TableReading:
    """Iterate for the records and rejects of a table; each data row gives exactly one."""

    def __init__(
        self,
        rows: RowSource,
        recognised: Recognised,
        context: Context,
        file: str,
        make: Make,
        *,
        widths: frozenset[int],
        is_whole: Callable[[Sequence[str]], bool],
    ) -> None:
        self.rows = 0
        self._source = rows
        self._head = len(recognised.head)
        self._columns = len(recognised.columns)
        self._context = context
        self._file = file
        self._make = make
        self._widths = widths
        self._is_whole = is_whole

    @property
    def bytes_total(self) -> int:
        return self._source.bytes_total

    @property
    def bytes_read(self) -> int:
        return self._source.bytes_read

    def __iter__(self) -> Iterator[Record | Rejected]:
        make, widths = self._make, self._widths
        for row in islice(iter(self._source), self._head, None):
            self.rows += 1
            if row.__class__ is TooLong:
                yield self._reject(too_long(), row.text, row.line)
                continue
            if row.__class__ is Broken:
                yield self._reject(row.bad, row.text, row.line)
                continue
            fields, place, text, whole = row  # type: ignore[misc]  # the others went above
            if "\0" in text:
                yield self._reject(Bad(Reason.NUL_BYTE, detail="the row holds NUL bytes"), text, place)
                continue
            if len(fields) not in widths or not (whole or self._ends(fields, text)):
                yield self._reject(self._why_wrong(fields, whole), text, place)
                continue
            try:
                yield make(fields, place)
            except Misread as misread:
                yield self._reject(misread.bad, text, place)

    def _ends(self, fields: Sequence[str], text: str) -> bool:
        """Whether a row without a line end is believed."""
        return text.count('"') % 2 == 0 and self._is_whole(fields)

    def _why_wrong(self, fields: Sequence[str], whole: bool) -> Bad:
        if len(fields) in self._widths:
            return Bad(
                Reason.TRUNCATED, detail="it has no end: a file cut short, or still being written, or an open quote"
            )
        found = f"{len(fields)} columns, {self._columns} expected"
        if fields and fields[0].strip().lower().rstrip(":").startswith(_FOOTER):
            return Bad(Reason.WRONG_WIDTH, detail=f"a footer: {found}")
        return Bad(Reason.WRONG_WIDTH if whole else Reason.TRUNCATED, detail=found)

    def _reject(self, bad: Bad, text: str, place: Place) -> Rejected:
        return reject(bad, text, place, self._file, self._context)


class TableSource(ABC):
    """A source of delimited text as far as it tells what a file is; `Delimited` is one whose rows are records."""

    profile: str
    kind = "calls"
    about: About
    json_under: Under | None = None
    """For a source that reads objects of JSON too: where an answer of its service has them; () for at the top."""
    is_family = False
    may_be_empty = False
    """Whether a header without rows is a file like others."""

    @abstractmethod
    def layout(self, rows: Sequence[Sequence[str]], hints: Hints) -> Layout | None:
        """What the first rows (HEAD_ROWS at most, may be none) are; None when they are not ours.

        Raises Terminal when they are ours, and settings must say more.
        """

    def zone(self, path: Path, recognised: Recognised, zone: tzinfo | None) -> tuple[tzinfo, str]:
        """The zone as it was given: for a source that has nothing to prove it with. UTC where no time needs one."""
        if zone is None and not recognised.needs_zone:
            return UTC, "times say their offset: no zone is asked for"
        if zone is None:
            raise Terminal(f"{path}: nothing in {recognised.layout} proves its zone: give --tz by name")
        return zone, f"times without an offset are read in {zone}"

    def form(self, path: Path) -> Form:
        """How the file is written, which is no sheet. Raises Terminal for what is no text."""
        return form_at(path, self.json_under)

    def widths(self, recognised: Recognised) -> frozenset[int]:
        """How many cells a row may have."""
        return frozenset({len(recognised.columns)})

    def rows(self, path: Path, recognised: Recognised) -> RowSource:
        """The rows of the file; a source whose files hold page headers leaves these out."""
        return rows_of(path, form_of(recognised), self.widths(recognised))

    def is_whole(self, recognised: Recognised, fields: Sequence[str]) -> bool:
        """Whether to believe the file's last row when it has no line end: its last cell may be a part."""
        return not recognised.columns[-1]

    def needs_zone(self, layout: Layout) -> bool:
        """Whether a zone must be given: False where the times say their offset."""
        return not layout.has_offset

    def recognise(self, path: Path, hints: Hints) -> Recognised | None:
        """What the file is, from its first rows; None when it is not ours."""
        form = Form(SHEET, "", "") if is_sheet(path) else self.form(path)
        rows = head_rows(path, form)
        try:
            layout = self._layout([row.fields for row in rows], hints)
        except Terminal as trouble:
            raise Terminal(f"{path}: {trouble}") from None
        if layout is None:
            return None
        is_empty = layout.head and next(islice(iter(rows_of(path, form)), layout.head, None), None) is None
        if is_empty and not self.may_be_empty:
            raise Terminal(f"{path}: a header and no rows: nothing to load")
        return Recognised(
            profile=self.profile,
            kind=self.kind,
            layout=layout.name,
            encoding=form.encoding,
            delimiter=form.delimiter,
            line_end=form.line_end,
            quoted=form.quoted,
            columns=layout.columns,
            head=tuple(row.text for row in rows[: layout.head]),
            date_order=layout.date_order,
            needs_zone=self.needs_zone(layout),
            reasons=(_written(path, form), *layout.why),
        )

    def _layout(self, rows: Sequence[Sequence[str]], hints: Hints) -> Layout | None:
        """As `layout`, of what stands below the titles when the first rows are such."""
        layout = self.layout(rows, hints)
        above = 0 if layout else titles(rows)
        if not above:
            return layout
        below = self.layout(rows[above:], hints)
        if below is None or not below.head:
            return None
        said = f"{above} {'row' if above == 1 else 'rows'} of titles above the header"
        return below._replace(head=below.head + above, why=(said, *below.why))


class Delimited(TableSource):
    """A source of delimited text. Its subclass is the one place that knows the format."""

    @abstractmethod
    def maker(self, recognised: Recognised, context: Context, zone: tzinfo, file: str) -> Make:
        """What makes a record of a row of this file."""

    def read(self, path: Path, recognised: Recognised, context: Context) -> TableReading:
        zone, _ = self.zone(path, recognised, context.zone)
        widths = self.widths(recognised)
        file = label(path)
        return TableReading(
            self.rows(path, recognised),
            recognised,
            context,
            file,
            self.maker(recognised, context, zone, file),
            widths=widths,
            is_whole=lambda fields: self.is_whole(recognised, fields),
        )


def form_at(path: Path, json_under: Under | None) -> Form:
    """How a table is written; None for `json_under` leaves JSON to other sources. Raises Terminal."""
    if is_sheet(path):
        return Form(SHEET, "", "")
    if json_under is not None and (found := detect_json(path, json_under)) is not None:
        return Form(JSON, ".".join(found.under), "")
    return detect(path)


def titles(rows: Sequence[Sequence[str]]) -> int:
    """How many rows above the header are titles: they hold less than half of the cells that the fullest row holds."""
    filled = [sum(map(bool, map(str.strip, row))) for row in rows[:_MOST_TITLES]]
    most = max(filled, default=0)
    return next((number for number, count in enumerate(filled) if count * 2 >= most), 0)


def rows_of(path: Path, form: Form, widths: frozenset[int] = frozenset()) -> Rows | SheetRows | JsonTable:
    """The rows of a table, however it is written."""
    if form.encoding == SHEET:
        return SheetRows(path)
    if form.encoding == JSON:
        return JsonTable(path, tuple(filter(None, form.delimiter.split("."))))
    return Rows(path, form, widths)


def _written(path: Path, form: Form) -> str:
    """How a table is written, for people."""
    if form.encoding == SHEET:
        return f"sheet {path.name!r} of a workbook"
    if form.encoding == JSON:
        return f"JSON, objects {f'under {form.delimiter}' if form.delimiter else 'at the top'}"
    between = "no delimiter" if form.delimiter == NO_DELIMITER else f"delimiter {form.delimiter!r}"
    return f"{form.encoding}, {between}, line ends {form.line_end}"


def fits(columns: Sequence[str], rows: Sequence[Sequence[str]], shapes: Mapping[str, re.Pattern[str]]) -> bool:
    """Whether more than half of the rows have this width, and cells of these shapes."""
    wanted = [(place, shapes[name]) for place, name in enumerate(columns) if name in shapes]
    fitting = sum(
        len(row) == len(columns) and all(shape.fullmatch(row[place]) for place, shape in wanted) for row in rows
    )
    return fitting > len(rows) * _SHARE


def form_of(recognised: Recognised) -> Form:
    return Form(recognised.encoding, recognised.delimiter, recognised.line_end, recognised.quoted)


def head_rows(path: Path, form: Form) -> list[Row]:
    """The first rows, for recognising."""
    if form.encoding == SHEET:
        stat = located(path)[0].stat()
        return _sheet_head(path, stat.st_mtime_ns, stat.st_size)
    return _head(rows_of(path, form))


@lru_cache(maxsize=4)
def _sheet_head(path: Path, _mtime_ns: int, _size: int) -> list[Row]:
    """Remembered, since every source asks, and opening a workbook takes seconds."""
    return _head(SheetRows(path))


def _head(rows: RowSource) -> list[Row]:
    return list(islice((row for row in rows if isinstance(row, Row)), HEAD_ROWS))


def sample_rows(path: Path, recognised: Recognised) -> list[list[str]]:
    """Cells of the first rows, and of a large file's rows from all over it: clocks may have changed anywhere."""
    form = form_of(recognised)
    rows = [row.fields for row in head_rows(path, form)]
    return rows + _scattered(path, form) if len(rows) == HEAD_ROWS else rows


def _scattered(path: Path, form: Form) -> list[list[str]]:
    if form.encoding in (SHEET, JSON):
        every = islice(iter(rows_of(path, form)), HEAD_ROWS, None, _EVERY)
        return [row.fields for row in every if isinstance(row, Row)]
    length = size(path)
    slices = min(_MOST_SLICES, length // _SLICE)
    rows: list[list[str]] = []
    with open_bytes(path).stream as file:
        encoding = _of_the_middle(form.encoding, file.read(2))
        for number in range(1, slices + 1):
            file.seek((length * number // slices - _SLICE) & ~1)
            text = file.read(_SLICE).decode(encoding, "replace")
            lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[1:-1]
            rows += csv.reader(lines, delimiter=form.delimiter, quoting=form.quoting)
    return rows


def _of_the_middle(encoding: str, beginning: bytes) -> str:
    """The codec of bytes behind the byte order mark."""
    if encoding == "utf-16":
        return "utf-16-be" if beginning == codecs.BOM_UTF16_BE else "utf-16-le"
    return "utf-8" if encoding == "utf-8-sig" else encoding
