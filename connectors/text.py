"""From the bytes of an export to its rows: encoding, line ends and delimiter told from the file, memory bounded.

Shared by every source that reads delimited text. Knows nothing about calls.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from charset_normalizer import from_bytes

from schemas.trouble import Terminal

MOST_LINE = 1 << 20
"""Characters of a line; a longer one is one rejected row, and reading goes on behind it."""
_HEAD = 1 << 20
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_CANDIDATES = ["cp1251", "koi8_r", "cp866", "cp1252", "latin_1", "mac_cyrillic"]


class Form(NamedTuple):
    """How a file is written."""

    encoding: str
    delimiter: str
    line_end: str


class Row(NamedTuple):
    """One row: its fields, the physical line it began on (from 1), and its text as it stood there."""

    fields: list[str]
    line: int
    text: str
    whole: bool
    """False when the text ends inside of a quoted field, or the file ends without a line end."""


class TooLong(NamedTuple):
    """A line longer than MOST_LINE; `text` is its beginning."""

    line: int
    text: str


def detect(path: Path) -> Form:
    """The form of a file from its first megabyte. Raises Terminal for an empty, binary or missing file."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise Terminal(f"{path}: {error.strerror}") from None
    if not head.strip():
        raise Terminal(f"{path}: the file is empty")
    encoding = _encoding(head, path)
    text = head.decode(encoding, "replace")
    if _is_binary(text):
        raise Terminal(f"{path}: this is a binary file, not a text export (expected CSV)")
    return Form(encoding, _delimiter(text), _line_end(text))


def _encoding(head: bytes, path: Path) -> str:
    for bom, encoding in _BOMS.items():
        if head.startswith(bom):
            return encoding
    if head[:4].count(0) >= 2 and len(head) > 3:
        return "utf-16-le" if head[1] == 0 else "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(head, final=len(head) < _HEAD)
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
    counts = {delimiter: [line.count(delimiter) for line in lines] for delimiter in ",;\t"}
    return max(counts, key=lambda d: (min(counts[d], default=0), sum(counts[d])))


class Rows:
    """The rows of a file, as they come. `bytes_read` grows while iterating. Blank lines are skipped.

    A quote that is never closed would swallow the rest of the file; a row of several physical lines that has not
    the expected width is given back as its first line alone, and the following lines are read by themselves.
    """

    def __init__(self, path: Path, form: Form, width: frozenset[int] = frozenset()) -> None:
        self._file = path.open("rb")
        self._text = io.TextIOWrapper(self._file, encoding=form.encoding, errors="backslashreplace", newline=None)
        self._delimiter = form.delimiter
        self._width = width
        self._line = 0
        self._taken: list[str] = []
        self._long: list[TooLong] = []
        self.bytes_total = path.stat().st_size

    @property
    def bytes_read(self) -> int:
        return self._file.tell() if not self._file.closed else self.bytes_total

    def __iter__(self) -> Iterator[Row | TooLong]:
        with self._text:
            yield from self._rows(self._lines())

    def _lines(self) -> Iterator[str]:
        """Physical lines; too long ones go to `_long` instead."""
        read = partial(self._text.readline, MOST_LINE)
        taken = self._taken
        while line := read():
            self._line += 1
            if len(line) >= MOST_LINE and line[-1] != "\n":
                self._long.append(TooLong(self._line, line[:65_536]))
                while (more := read()) and more[-1] != "\n":
                    pass
                line = "\n"
            taken.append(line)
            yield line

    def _rows(self, lines: Iterator[str]) -> Iterator[Row | TooLong]:
        taken = self._taken
        reader = csv.reader(lines, delimiter=self._delimiter)
        while True:
            try:
                fields = next(reader, None)
            except csv.Error:  # a field beyond csv's limit: an open quote over very much text
                fields = []
            if self._long:
                yield from self._long
                self._long.clear()
            if fields is None:
                return
            if len(taken) == 1:
                text = taken[0]
                taken.clear()
                if fields and (len(fields) > 1 or text.strip()):
                    yield Row(fields, self._line, text, text[-1] == "\n")
            elif taken:
                yield from self._several(fields)

    def _several(self, fields: list[str]) -> Iterator[Row]:
        """A row of several physical lines: as it is when its width fits, else line by line."""
        lines, self._taken[:] = list(self._taken), []
        first = self._line - len(lines) + 1
        if len(fields) in self._width:
            yield Row(fields, first, "".join(lines), True)
            return
        for number, line in enumerate(lines):
            if line.strip():
                again = next(csv.reader([line], delimiter=self._delimiter))
                yield Row(again, first + number, line, self._closed(line))

    def _closed(self, line: str) -> bool:
        return line.count('"') % 2 == 0 and line.endswith("\n")
