"""Where the rows of a table come from: text, a sheet, objects; and rows but for those to pass over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from connectors.reading.file_format import RowRef
from connectors.reading.rejects import Broken
from connectors.reading.text import RawRow, TooLong


class RowSource(Protocol):
    """Rows as (cells, place, text, whole), or why not; one that is not whole may be cut by the end of the file."""

    @property
    def bytes_read(self) -> int: ...

    @property
    def bytes_total(self) -> int: ...

    def __iter__(self) -> Iterator[tuple[list[str], RowRef, str, bool] | TooLong | Broken]: ...


class RowFilter:
    """What looks at rows on their way: their place in the file is that of the rows below."""

    def __init__(self, rows: RowSource) -> None:
        self._rows = rows

    @property
    def bytes_read(self) -> int:
        return self._rows.bytes_read

    @property
    def bytes_total(self) -> int:
        return self._rows.bytes_total


class FilteredRows(RowFilter):
    """Rows but for those to pass over: page headers, events that make no record."""

    def __init__(self, rows: RowSource, is_skipped: Callable[[list[str]], bool]) -> None:
        super().__init__(rows)
        self._is_skipped = is_skipped

    def __iter__(self) -> Iterator[tuple[list[str], RowRef, str, bool] | TooLong | Broken]:
        for row in self._rows:
            if row.__class__ is not RawRow or not self._is_skipped(row.fields):
                yield row
