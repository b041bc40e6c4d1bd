"""Objects of JSON as rows of a table: columns are their keys, `from.phoneNumber` and `employees.0.id` inside of others.

A source that reads a service's CSV so reads its JSON as well. The first row is the columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec

from connectors.reading.file_format import FileFormat
from connectors.reading.json_rows import JsonRows, Value
from connectors.reading.packed import Opened
from connectors.reading.rejects import Bad, Broken
from connectors.reading.text import RawRow
from schemas.records import Reason

Under = tuple[tuple[str, ...], ...]
_MOST_COLUMNS, _MOST_ELEMENTS, _DEEPEST = 500, 3, 5
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class JsonTable:
    """The objects of a file under the keys of its first ones: later keys are not read. `bytes_read` grows."""

    def __init__(self, opened: Opened, form: FileFormat) -> None:
        assert form.json is not None
        self._columns = list(form.keys)
        self._values = JsonRows(opened, form.json)

    @property
    def bytes_total(self) -> int:
        return self._values.bytes_total

    @property
    def bytes_read(self) -> int:
        return self._values.bytes_read

    def __iter__(self) -> Iterator[RawRow | Broken]:
        columns = self._columns
        yield RawRow(list(columns), 0, "", True)
        for value in self._values:
            cells = _cells(value)
            if isinstance(cells, Bad):
                yield Broken(cells, value.row_ref, value.row)
            else:
                yield RawRow([cells.get(column, "") for column in columns], value.row_ref, value.row, True)


def keys_of(values: Iterable[Value]) -> tuple[str, ...]:
    """The columns of objects, from the first ones."""
    columns: dict[str, None] = {}
    for value in values:
        cells = _cells(value)
        if not isinstance(cells, Bad):
            columns |= dict.fromkeys(cells)
    return tuple(islice(columns, _MOST_COLUMNS))


def flat(value: object) -> dict[str, str]:
    """The cells of an object, by dotted keys. Of a list of objects the first few; a list of others is one cell."""
    cells: dict[str, str] = {}
    _put(cells, "", value, _DEEPEST)
    return cells


def _put(cells: dict[str, str], name: str, value: object, deep: int) -> None:
    if isinstance(value, str):
        cells[name] = value
    elif isinstance(value, dict) and deep:
        for key, inner in value.items():
            _put(cells, f"{name}.{key}" if name else str(key), inner, deep - 1)
    elif isinstance(value, list) and deep and any(isinstance(one, dict) for one in value):
        for number, inner in enumerate(value[:_MOST_ELEMENTS]):
            _put(cells, f"{name}.{number}", inner, deep - 1)
    else:
        cells[name] = _text(value)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return str(value)


def _cells(value: Value) -> dict[str, str] | Bad:
    if value.bad is not None:
        return value.bad
    try:
        return flat(_decode(value.text))
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError) as error:
        if not value.whole:
            return Bad(Reason.TRUNCATED, detail="it has no end: a file cut short, or still being written")
        return Bad(Reason.UNREADABLE_TEXT, detail=f"no object of JSON: {error}")
