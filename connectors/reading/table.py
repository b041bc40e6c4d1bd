"""What every table shares, whatever wrote it: its first rows, the loop that reads it, and why a row was rejected.

A source of delimited text subclasses `Delimited` and says what only it knows: which column is what (`layout`), how a
row becomes a record (`maker`), and what its times prove (`zone`). Rows that are not text (a sheet's, a JSON array's)
come as any `RowSource` into the same `TableReading`, with places of their own (`Sheet1!7`).
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, tzinfo
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from connectors.reading.cut_ids import check_ids
from connectors.reading.file_format import SHEET, FileFormat, RowRef
from connectors.reading.json_table import Under
from connectors.reading.packed import label
from connectors.reading.rejects import Bad, Broken, Misread, reject, too_long
from connectors.reading.row_source import RowSource
from connectors.reading.sample import Sample, rows_of
from connectors.reading.source import About, Believed, Context, Hints, Recognised
from connectors.reading.text import NO_DELIMITER, TooLong
from schemas.errors import Terminal
from schemas.records import Reason, Record, Rejected

_MOST_TITLES = 40
_SHARE = 1 / 2
"""Of the first rows, to have a layout's shapes: a beginning may be damaged."""
_FOOTER = ("итого", "total", "всего")

Make = Callable[[list[str], RowRef], Record]
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
    units: Mapping[str, str] = MappingProxyType({})
    """What the numbers of columns of lengths count, where these are not seconds."""
    guesses: tuple[str, ...] = ()
    """What the file does not prove, and was taken for likely, with the setting that decides it: reported by a load."""


class _Surplus(NamedTuple):
    """Cells behind those that a header names."""

    beyond: int = 0
    """That all rows have, and the header has not."""
    fewest: int = 0
    """How many cells a row may have at least; 0: as many as columns."""
    why: tuple[str, ...] = ()


_IDS = frozenset({"id", "uniqueid", "linkedid", "call", "call_id", "leg", "session", "organisation_id", "proposal_id"})
_NOTHING = frozenset({r"\N", "NULL", "null", "(null)", "(NULL)", "<null>", "<NULL>", "None"})
"""How databases and programs write nothing, in whatever column."""


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
        self._usual = self._columns if self._columns in widths else -1
        self._fewest = recognised.fewest
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
        make, usual = self._make, self._usual
        for row in islice(iter(self._source), self._head, None):
            self.rows += 1
            if row.__class__ is TooLong:
                yield self._reject(too_long(), row.text, row.line)
                continue
            if row.__class__ is Broken:
                yield self._reject(row.bad, row.text, row.line)
                continue
            fields, row_ref, text, whole = row  # type: ignore[misc]  # the others went above
            if "\0" in text:
                yield self._reject(Bad(Reason.NUL_BYTE, detail="the row holds NUL bytes"), text, row_ref)
                continue
            if "NULL" in text or "null" in text or "None" in text or "\\" in text:
                fields = without_nothing(fields)
            if (len(fields) != usual and not self._fits(fields)) or not (whole or self._ends(fields, text)):
                yield self._reject(self._why_wrong(fields, whole), text, row_ref)
                continue
            try:
                yield make(fields, row_ref)
            except Misread as misread:
                yield self._reject(misread.bad, text, row_ref)

    def _fits(self, fields: list[str]) -> bool:
        """Whether a row of an unusual width is believed; one that ends before columns without a name is made whole."""
        if len(fields) not in self._widths:
            return False
        if self._fewest and len(fields) < self._columns:
            fields += [""] * (self._columns - len(fields))
        return True

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

    def _reject(self, bad: Bad, text: str, row_ref: RowRef) -> Rejected:
        return reject(bad, text, row_ref, self._file, self._context)


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

    def zone(self, sample: Sample, recognised: Recognised, zone: tzinfo | None) -> tuple[tzinfo, str]:
        """The zone as it was given: for a source that has nothing to prove it with. UTC where no time needs one."""
        if zone is None and not recognised.needs_zone:
            return UTC, "times say their offset: no zone is asked for"
        if zone is None:
            raise Terminal(f"{sample.path}: nothing in {recognised.layout} proves its zone: give --tz by name")
        return zone, f"times without an offset are read in {zone}"

    def form(self, sample: Sample) -> FileFormat:
        """How the file is written. Raises Terminal for what is not text."""
        return sample.form_or_json(self.json_under)

    def widths(self, recognised: Recognised) -> frozenset[int]:
        """How many cells a row may have."""
        width = len(recognised.columns)
        return frozenset(range(recognised.fewest or width, width + 1))

    def rows(self, path: Path, recognised: Recognised) -> RowSource:
        """The rows of the file; a source whose files hold page headers leaves these out."""
        return rows_of(path, recognised.form, self.widths(recognised))

    def is_whole(self, recognised: Recognised, fields: Sequence[str]) -> bool:
        """Whether to believe the file's last row when it has no line end: its last cell may be a part."""
        return not recognised.columns[-1]

    def needs_zone(self, layout: Layout) -> bool:
        """Whether a zone must be given: False where the times say their offset."""
        return not layout.has_offset

    def beliefs(self, recognised: Recognised, context: Context) -> tuple[Believed, ...]:
        """Nothing: for a source whose rows say who is at their ends."""
        return ()

    def recognise(self, sample: Sample, hints: Hints) -> Recognised | None:
        """What the file is, from its first rows; None when it is not ours."""
        form = sample.form if sample.is_sheet else self.form(sample)
        rows = sample.rows(form)
        try:
            layout = self._layout([row.fields for row in rows], hints)
        except Terminal as error:
            raise Terminal(f"{sample.path}: {error}") from None
        if layout is None:
            return None
        if layout.head and not self.may_be_empty and not sample.has_more_than(form, layout.head):
            raise Terminal(f"{sample.path}: a header and no rows: nothing to load")
        cells = [row.fields for row in rows]
        try:
            check_ids(cells[layout.head - 1] if layout.head else (), *self._ids(layout, cells[layout.head :]))
        except Terminal as error:
            raise Terminal(f"{sample.path}: {error}") from None
        surplus = self._surplus(layout, cells)
        return Recognised(
            profile=self.profile,
            kind=self.kind,
            layout=layout.name,
            form=form,
            columns=(*layout.columns, *[""] * surplus.beyond),
            head=tuple(row.text for row in rows[: layout.head]),
            date_order=layout.date_order,
            needs_zone=self.needs_zone(layout),
            reasons=(_written(sample.path, form), *layout.why, *surplus.why),
            units=layout.units,
            guesses=layout.guesses,
            fewest=surplus.fewest,
        )

    def ids(self, layout: Layout) -> Sequence[str]:
        """The names of the columns that hold ids, "" for each other one."""
        return [name if name in _IDS else "" for name in layout.columns]

    def _ids(
        self, layout: Layout, rows: Sequence[Sequence[str]]
    ) -> tuple[Sequence[str], Sequence[Sequence[str]], Sequence[str]]:
        """Which columns hold ids, the rows, and when they start."""
        starts = layout.columns.index("start") if "start" in layout.columns else -1
        return self.ids(layout), rows, [row[starts] for row in rows if 0 <= starts < len(row)]

    def _surplus(self, layout: Layout, rows: Sequence[Sequence[str]]) -> _Surplus:
        """The cells without a name at the end of the rows: delimiters that a program writes for nothing."""
        if not layout.head:
            return _Surplus()
        header, width = rows[layout.head - 1], len(layout.columns)
        named = max((index for index, name in enumerate(header, 1) if name.strip()), default=width)
        used = max((index for index, name in enumerate(layout.columns, 1) if name), default=width)
        fewest = max(named, used)
        lengths = Counter(map(len, rows[layout.head :]))
        most = lengths.most_common(1)[0][0] if lengths else width
        if most > width and all(not any(map(str.strip, row[width:])) for row in rows[layout.head :]):
            why = f"rows end with {most - width} cells that no header names, and that hold nothing"
            return _Surplus(most - width, fewest, (why,))
        if fewest < width:
            return _Surplus(
                0, fewest, (f"the last {width - fewest} columns have no name, and rows may end before them",)
            )
        return _Surplus()

    def _layout(self, rows: Sequence[Sequence[str]], hints: Hints) -> Layout | None:
        """As `layout`, of what stands below the titles when the first rows are such."""
        layout = self.layout(rows, hints)
        above = 0 if layout else titles(rows)
        if not above:
            return layout
        below = self.layout(rows[above:], hints)
        if below is None or not below.head:
            return None
        titles_above = f"{above} {'row' if above == 1 else 'rows'} of titles above the header"
        return below._replace(head=below.head + above, why=(titles_above, *below.why))


class Delimited(TableSource):
    """A source of delimited text. Its subclass is the one place that knows the format."""

    @abstractmethod
    def maker(self, recognised: Recognised, context: Context, zone: tzinfo, file: str) -> Make:
        """What makes a record of a row of this file."""

    def read(self, path: Path, recognised: Recognised, context: Context) -> TableReading:
        zone = context.zone or self.zone(Sample(path), recognised, None)[0]
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


def without_nothing(cells: Sequence[str]) -> list[str]:
    """Cells with "" for what databases and programs write for nothing."""
    return ["" if cell in _NOTHING or cell.strip() in _NOTHING else cell for cell in cells]


def titles(rows: Sequence[Sequence[str]]) -> int:
    """How many rows above the header are titles: they hold less than half of the cells that the fullest row holds."""
    cell_counts = [sum(map(bool, map(str.strip, row))) for row in rows[:_MOST_TITLES]]
    most = max(cell_counts, default=0)
    return next((number for number, count in enumerate(cell_counts) if count * 2 >= most), 0)


def _written(path: Path, form: FileFormat) -> str:
    """How a table is written, for people."""
    if form.encoding == SHEET:
        return f"sheet {path.name!r} of a workbook"
    if form.json is not None:
        return f"JSON, objects {f'under {under}' if (under := '.'.join(form.json.under)) else 'at the top'}"
    between = "no delimiter" if form.delimiter == NO_DELIMITER else f"delimiter {form.delimiter!r}"
    return f"{form.encoding}, {between}, line ends {form.line_end}"


def fits(columns: Sequence[str], rows: Sequence[Sequence[str]], shapes: Mapping[str, re.Pattern[str]]) -> bool:
    """Whether more than half of the rows have this width, and cells of these shapes."""
    wanted = [(row_ref, shapes[name]) for row_ref, name in enumerate(columns) if name in shapes]
    fitting = sum(
        len(row) == len(columns) and all(shape.fullmatch(row[row_ref]) for row_ref, shape in wanted) for row in rows
    )
    return fitting > len(rows) * _SHARE
