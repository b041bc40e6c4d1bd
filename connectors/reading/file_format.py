"""How a file is written, as a value."""

from __future__ import annotations

import csv
from enum import Enum
from typing import Literal, NamedTuple

RowRef = int | str
"""Where a row stands in its file, for people: a line's number, or a sheet and row (`Sheet1!7`)."""
SHEET, JSON = "workbook", "JSON"
"""Encodings of a sheet, and of objects: their cells are known without reading a text."""


class JsonShape(Enum):
    """How values stand in a file."""

    OBJECTS = "one object or several"
    LINES = "an object a line"
    ARRAY = "an array"
    FORMS = "bodies of forms, one a line"


class JsonFormat(NamedTuple):
    """How a file of JSON is written; `under` are the keys on the way to its array, `field` is the one of its forms."""

    shape: JsonShape
    encoding: str
    under: tuple[str, ...] = ()
    field: str = ""

    def describe(self) -> str:
        """For people."""
        inside = f" under {'.'.join(self.under)}" if self.under else ""
        return f"{self.encoding}, JSON: {self.shape.value}{inside}"


class FileFormat(NamedTuple):
    """How a file is written."""

    encoding: str
    delimiter: str
    line_end: str
    quoted: bool = True
    """False where a quote is a character like another, and each line is a row."""
    json: JsonFormat | None = None
    """How the objects stand whose cells these are."""
    keys: tuple[str, ...] = ()
    """Of objects: the columns."""

    @property
    def quoting(self) -> Literal[0, 3]:
        """For the csv module."""
        return csv.QUOTE_MINIMAL if self.quoted else csv.QUOTE_NONE
