"""The beginning of a table: read once, and what every source is asked about."""

from __future__ import annotations

import codecs
import csv
import io
from functools import cached_property
from itertools import islice
from pathlib import Path

from connectors.reading.file_format import JSON, SHEET, FileFormat, JsonFormat
from connectors.reading.json_rows import JsonRows, Value, json_form
from connectors.reading.json_table import JsonTable, Under, keys_of
from connectors.reading.packed import HOLDS_TABLES, Opened, is_sheet, open_bytes, size
from connectors.reading.rejects import Broken
from connectors.reading.sheets import SheetRows
from connectors.reading.text import DECIDED_BY, RawRow, Rows, TooLong, decoded, form_of_text
from schemas.errors import Terminal, Transient

HEAD_ROWS = 2_000
"""How many rows a source sees of a file before it says what it is."""
HEAD_VALUES = 200
"""The same of JSON whose values are not rows."""
_HEAD = 4 << 20
"""Bytes in which these are looked for."""
_SLICE, _MOST_SLICES = 1 << 15, 48
"""Bytes of a look into the middle of a file, and how many: a year of calls has one every week."""
_EVERY = 100
"""Of how many rows of a sheet one is looked at."""

Item = RawRow | TooLong | Broken


class Sample:
    """A table's beginning, however it is asked for: it is opened once, when the first of it is.

    All raise Terminal for a file that is missing, empty, broken or, where text is wanted, no text.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.takes_only_list = False
        """Whether the only list of objects in an answer of JSON is the table, whatever its key: asked when no source
        knows the file by itself."""
        self._items: dict[FileFormat, list[Item]] = {}
        self._all_over: dict[FileFormat, list[list[str]]] = {}

    @cached_property
    def is_sheet(self) -> bool:
        """Whether it is a sheet of a workbook: its cells are known without reading a text."""
        return is_sheet(self.path)

    @cached_property
    def may_hold_tables(self) -> bool:
        """Whether it is an archive or a workbook, by how these begin, or cannot be opened."""
        try:
            return not self.is_sheet and self._head.startswith(HOLDS_TABLES)
        except Terminal:
            return True

    @cached_property
    def text(self) -> str:
        """The first megabyte."""
        return self._decoded[0]

    @cached_property
    def form(self) -> FileFormat:
        """How it is written, when it is a table of text, or a sheet."""
        return FileFormat(SHEET, "", "") if self.is_sheet else form_of_text(self.path, *self._decoded)

    def json_form(self, under: Under = (), field: str = "") -> JsonFormat | None:
        """How it is written, when it is JSON; see `json_rows.json_form`."""
        return None if self.is_sheet else json_form(*self._decoded, under, field, only_list=self.takes_only_list)

    def form_or_json(self, under: Under | None) -> FileFormat:
        """How it is written, for a source that reads objects of JSON as rows; `under` None leaves these to others."""
        if self.is_sheet or under is None or (json := self.json_form(under)) is None:
            return self.form
        return FileFormat(JSON, "", "", json=json, keys=keys_of(self.values(json)))

    def rows(self, form: FileFormat) -> list[RawRow]:
        """The first rows, HEAD_ROWS at most."""
        return [item for item in self._beginning(form) if isinstance(item, RawRow)]

    def has_more_than(self, form: FileFormat, count: int) -> bool:
        """Whether there are more rows than so many."""
        return len(self._beginning(form)) > count or not self._is_all

    def values(self, form: JsonFormat) -> list[Value]:
        """The first values of JSON but for the broken ones at the end of what was looked at."""
        found = list(islice(iter(JsonRows(self._opened(), form)), HEAD_ROWS))
        return found if self._is_all or not found or (found[-1].whole and found[-1].bad is None) else found[:-1]

    def cells_from_all_over(self, form: FileFormat) -> list[list[str]]:
        """Cells of the first rows, and of a large file's rows from all over it: clocks may have changed anywhere."""
        if form not in self._all_over:
            cells = [row.fields for row in self.rows(form)]
            is_large = len(cells) >= HEAD_ROWS or not self._is_all
            self._all_over[form] = cells + self._scattered(form) if is_large else cells
        return self._all_over[form]

    def cells_that_decide(self, form: FileFormat) -> list[list[str]]:
        """The same for what a source infers of a file; of a sheet and of JSON the first rows, since they are read as a
        whole before the last ones are seen.
        """
        if form.encoding in (SHEET, JSON):
            return [row.fields for row in self.rows(form)]
        return self.cells_from_all_over(form)

    @cached_property
    def _head(self) -> bytes:
        path = self.path
        try:
            if path.exists() and not path.is_file():
                if path.is_dir():
                    raise Terminal(f"{path}: a folder: name its files, or let `callfunnel listen folder` watch it")
                raise Terminal(
                    f"{path}: not a file: it is read more than once, so save a pipe or a folder's file first"
                )
            with open_bytes(path).stream as file:
                return file.read(_HEAD)
        except FileNotFoundError as error:
            raise Terminal(f"{path}: {error.strerror}") from None
        except OSError as error:  # of the disk, the share or its rights: it says nothing of what the file holds
            raise Transient(f"{path}: it cannot be read now: {error.strerror or error}") from None

    @property
    def _is_all(self) -> bool:
        """Whether the beginning is the whole of it."""
        return self.is_sheet or len(self._head) < _HEAD

    @cached_property
    def _decoded(self) -> tuple[str, str]:
        """(text of the first megabyte, encoding)."""
        text, encoding = decoded(self._head[:DECIDED_BY], is_all=len(self._head) <= DECIDED_BY)
        if not text.strip():
            raise Terminal(f"{self.path}: the file is empty")
        return text, encoding

    def _opened(self) -> Opened:
        head = io.BytesIO(self._head)
        return Opened(head, len(self._head), head.tell)

    def _beginning(self, form: FileFormat) -> list[Item]:
        if form not in self._items:
            self._items[form] = self._first(form)
        return self._items[form]

    def _first(self, form: FileFormat) -> list[Item]:
        """What stands in the first rows' places, up to HEAD_ROWS rows, but for one that was cut."""
        items: list[Item] = []
        rows = 0
        for item in SheetRows(self.path) if form.encoding == SHEET else self._in_head(form):
            items.append(item)
            rows += isinstance(item, RawRow)
            if rows == HEAD_ROWS:
                return items
        if not self._is_all and items and form.encoding != JSON:
            items.pop()
        return items

    def _in_head(self, form: FileFormat) -> Rows | JsonTable:
        return JsonTable(self._opened(), form) if form.encoding == JSON else Rows(self._opened(), form)

    def _head_bytes(self) -> int:
        """How far the first rows reach."""
        end = b"\n" if b"\n" in self._head else b"\r"
        return len(end.join(self._head.split(end, HEAD_ROWS)[:HEAD_ROWS]))

    def _scattered(self, form: FileFormat) -> list[list[str]]:
        if form.encoding in (SHEET, JSON):
            every = islice(iter(rows_of(self.path, form)), HEAD_ROWS, None, _EVERY)
            return [row.fields for row in every if isinstance(row, RawRow)]
        begin = self._head_bytes()
        length = size(self.path) - begin
        slices = min(_MOST_SLICES, max(length // _SLICE, int(length > 0)))
        rows: list[list[str]] = []
        with open_bytes(self.path).stream as file:
            encoding = _of_the_middle(form.encoding, file.read(2))
            for number in range(1, slices + 1):
                # Behind the first rows, and none twice: what is counted of them is shown to people.
                file.seek(max(begin, begin + length * number // slices - _SLICE) & ~1)
                text = file.read(_SLICE).decode(encoding, "replace")
                lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[1:-1]
                rows += csv.reader(lines, delimiter=form.delimiter, quoting=form.quoting)
        return rows


def rows_of(path: Path, form: FileFormat, widths: frozenset[int] = frozenset()) -> Rows | SheetRows | JsonTable:
    """The rows of a whole table, however it is written."""
    if form.encoding == SHEET:
        return SheetRows(path)
    if form.encoding == JSON:
        return JsonTable(open_bytes(path), form)
    return Rows(open_bytes(path), form, widths)


def _of_the_middle(encoding: str, beginning: bytes) -> str:
    """The codec of bytes behind the byte order mark."""
    if encoding == "utf-16":
        return "utf-16-be" if beginning == codecs.BOM_UTF16_BE else "utf-16-le"
    return "utf-8" if encoding == "utf-8-sig" else encoding
