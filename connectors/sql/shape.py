"""What a table of call records is to the program that polls it, and its cells as texts. Knows no vendor, no driver."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from decimal import Decimal
from math import isfinite
from typing import Any, NamedTuple, Protocol

from connectors.reading.file_format import RowRef
from connectors.reading.source import Context
from schemas.records import CallLeg

Make = Callable[[list[str], RowRef], CallLeg]
"""A row as texts, and its place, to a leg; raises Misread. The list is used up."""


class ColumnType(NamedTuple):
    """The type of a column."""

    name: str
    """As the database calls it."""
    is_time: bool
    """A date and time."""
    is_aware: bool
    """A time that says its offset."""
    is_number: bool


class Shape(Protocol):
    """One kind of table."""

    columns: tuple[str, ...]
    """Those to read, as the table calls them."""
    start: str
    """The one that says when a call began."""
    zone: tzinfo
    """Of the start as this program compares it."""

    @property
    def proves(self) -> tuple[str, str] | None:
        """Columns (start, id with an epoch in it) that prove the zone; None where there are none."""

    def bound(self, wall: datetime) -> object:
        """A wall time of `zone` as the database compares it with `start`."""

    def wall(self, start: Any) -> datetime:
        """The wall time of a `start` as the database gives it."""

    def texts(self, row: Sequence[object]) -> list[str]:
        """The cells of a row as an export would write them."""

    def learn(self, rows: Sequence[Sequence[str]], context: Context) -> tuple[str, ...]:
        """What rows of the table show together, for those that are read one by one; what was inferred, for people."""

    def maker(self, context: Context, origin: str) -> Make: ...


class DatabaseTable(NamedTuple):
    """A kind of table that a vendor knows."""

    needs: str
    """The columns that it is told by, in words."""
    shape: Callable[[str, Mapping[str, ColumnType], tzinfo | None], Shape | None]
    """(its name, its columns, the exchange's zone) to its shape; None when it is another. Raises Terminal."""
    is_family: bool = False
    """Whether it is a table of many makes: those that are told more surely are asked first."""


def text(cell: object, zone: tzinfo) -> str:
    """A value of a driver as an export writes it: wall time of `zone` to the second, whole numbers without a point."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, datetime):
        local = cell.astimezone(zone) if cell.tzinfo else cell
        return f"{local:%Y-%m-%d %H:%M:%S}" if local.year >= 1000 else str(local)
    if isinstance(cell, Decimal | float) and isfinite(cell) and cell == int(cell):
        return str(int(cell))
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "backslashreplace")
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return str(cell)
