"""From the bytes of an export to its rows: encoding, line ends and delimiter told from the file, memory bounded.

Shared by every source that reads delimited text. Knows nothing about calls.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from charset_normalizer import from_bytes

from connectors.reading.file_format import FileFormat, RowRef
from connectors.reading.packed import Opened
from schemas.errors import Terminal

MOST_LINE = 1 << 20
"""Characters of a line; a longer one is one rejected row, and reading goes on behind it."""
NO_DELIMITER = "\x1f"
"""For text that is not a table: a line is one cell."""
_BEGINNING = 65_536
DECIDED_BY = 1 << 20
"""Bytes of a beginning that say how a file is written."""
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_CANDIDATES = ["cp1251", "koi8_r", "cp866", "cp1252", "latin_1"]


class RawRow(NamedTuple):
    """One row: its fields, its place (the physical line it began on, from 1), and its text as it stood there."""

    fields: list[str]
    line: RowRef
    text: str
    whole: bool
    """False when the text ends inside of a quoted field, or the file ends without a line end."""


class TooLong(NamedTuple):
    """A line longer than MOST_LINE, or with a cell beyond csv's limit (128 Ki); `text` is its beginning."""

    line: RowRef
    text: str


def form_of_text(path: Path, text: str, encoding: str) -> FileFormat:
    """The form of a file from its first megabyte. Raises Terminal for a binary one."""
    if _is_binary(text):
        raise Terminal(f"{path}: this is a binary file, not a text export (expected CSV)")
    return FileFormat(encoding, _delimiter(text), _line_end(text))


def decoded(head: bytes, *, is_all: bool) -> tuple[str, str]:
    """(the text of a file's beginning, DECIDED_BY bytes at most; its encoding)."""
    encoding = _encoding(head, is_all)
    return head.decode(encoding, "replace"), encoding


def _encoding(head: bytes, is_all: bool) -> str:
    for bom, encoding in _BOMS.items():
        if head.startswith(bom):
            return encoding
    if head[:4].count(0) >= 2 and len(head) > 3:
        return "utf-16-le" if head[1] == 0 else "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(head, final=is_all)
    except UnicodeDecodeError:
        best = from_bytes(head[:200_000], cp_isolation=_CANDIDATES).best()
        return best.encoding if best else "cp1251"
    return "utf-8"


def _is_binary(text: str) -> bool:
    sample = text[:65_536]
    odd = sum(1 for char in sample if (char < " " and char not in "\t\r\n\f") or char == "\ufffd")
    return odd > len(sample) // 20


def _line_end(text: str) -> str:
    if "\r\n" in text:
        return "CRLF"
    return "CR" if "\r" in text and "\n" not in text else "LF"


def _delimiter(text: str) -> str:
    """The delimiter that splits the first lines most alike."""
    lines = [line for line in text[:65_536].splitlines()[:50] if line.strip()]
    counts = {delimiter: [line.count(delimiter) for line in lines] for delimiter in ",;\t|"}
    return max(counts, key=lambda d: (min(counts[d], default=0), sum(counts[d])))


class Rows:
    """The rows of a file, as they come. `bytes_read` grows while iterating. Blank lines are skipped.

    A quote that is never closed would swallow the rest of the file: a row of several physical lines that has not
    the expected width, or holds a line that is a row, is given back line by line.
    """

    def __init__(self, opened: Opened, form: FileFormat, width: frozenset[int] = frozenset()) -> None:
        self._file, self.bytes_total, self._taken_bytes = opened
        self._text = io.TextIOWrapper(self._file, encoding=form.encoding, errors="backslashreplace", newline=None)
        self._delimiter = form.delimiter
        self._quoting = form.quoting
        self._width = width
        self._line = 0
        self._taken: list[str] = []
        self._long: list[TooLong] = []

    @property
    def bytes_read(self) -> int:
        return self._taken_bytes() if not self._file.closed else self.bytes_total

    def __iter__(self) -> Iterator[RawRow | TooLong]:
        with self._text:
            yield from self._rows(self._lines())

    def _lines(self) -> Iterator[str]:
        """Physical lines; too long ones go to `_long` instead."""
        read = partial(self._text.readline, MOST_LINE)
        taken = self._taken
        while line := read():
            self._line += 1
            if len(line) >= MOST_LINE and line[-1] != "\n":
                self._long.append(TooLong(self._line, line[:_BEGINNING]))
                while (more := read()) and more[-1] != "\n":
                    pass
                line = "\n"
            taken.append(line)
            yield line

    def _rows(self, lines: Iterator[str]) -> Iterator[RawRow | TooLong]:
        taken = self._taken
        reader = csv.reader(lines, delimiter=self._delimiter, quoting=self._quoting)
        while True:
            try:
                fields = next(reader, None)
            except csv.Error:  # a cell beyond csv's limit: an open quote over very much text, most often
                fields = []
            if self._long:
                yield from self._long
                self._long.clear()
            if fields is None:
                return
            if len(taken) == 1:
                text = taken[0]
                taken.clear()
                if fields and not text.isspace():
                    # The last line of a file may end inside of quotes, and still have its line end in the cell.
                    yield _row((fields, self._line, text, text[-1] == "\n" and fields[-1][-1:] != "\n"))
                elif not text.isspace():
                    yield TooLong(self._line, text[:_BEGINNING])
            elif taken:
                yield from self._several(fields)

    def _several(self, fields: list[str]) -> Iterator[RawRow | TooLong]:
        """A row of several physical lines: as it is when its width fits, else line by line."""
        lines, self._taken[:] = list(self._taken), []
        first = self._line - len(lines) + 1
        if len(fields) in self._width and not any(self._is_row(line) for line in lines[1:]):
            text = "".join(lines)
            yield RawRow(fields, first, text, fields[-1][-1:] != "\n" and text[-1] == "\n")
            return
        for number, line in enumerate(lines, first):
            if line.isspace():
                continue
            again = self._parse(line)
            yield RawRow(again, number, line, _is_closed(line)) if again else TooLong(number, line[:_BEGINNING])

    def _is_row(self, line: str) -> bool:
        """A whole row by itself: then the quote before it was never closed."""
        return _is_closed(line) and len(self._parse(line)) in self._width

    def _parse(self, line: str) -> list[str]:
        """The cells of one line; none when a cell is beyond csv's limit."""
        try:
            return next(csv.reader([line], delimiter=self._delimiter, quoting=self._quoting))
        except csv.Error:
            return []


def _is_closed(line: str) -> bool:
    return line.count('"') % 2 == 0 and line.endswith("\n")


_row: Callable[[tuple[list[str], int, str, bool]], RawRow] = partial(tuple.__new__, RawRow)
"""A Row in a third of the time."""
