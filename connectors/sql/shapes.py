"""Tables of call records, told from their columns: which to read, and how a row becomes a leg."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from math import isfinite
from typing import Any, Protocol

from sqlalchemy.types import DateTime, Integer, Numeric, TypeEngine

from connectors.asterisk.clock import epoch_of
from connectors.asterisk.layouts import by_header
from connectors.asterisk.legs import LegReader
from connectors.asterisk.peers import Peers
from connectors.reading.source import Context, Place
from connectors.reading.wall import WallClock
from connectors.sql.fusionpbx import COLUMNS as FUSIONPBX
from connectors.sql.fusionpbx import leg as fusionpbx_leg
from schemas.records import CallLeg
from schemas.trouble import Terminal

Make = Callable[[list[str], Place], CallLeg]
"""A row as texts, and its place, to a leg; raises Misread. The list is used up."""


class Shape(Protocol):
    """One kind of table."""

    columns: tuple[str, ...]
    """Those to read, as the table calls them."""
    start: str
    """The one that says when a call began."""
    zone: tzinfo
    """Of the start as this program compares it."""

    def bound(self, wall: datetime) -> object:
        """A wall time of `zone` as the database compares it with `start`."""

    def wall(self, start: Any) -> datetime:
        """The wall time of a `start` as the database gives it."""

    def texts(self, row: Sequence[object]) -> list[str]:
        """The cells of a row as an export would write them."""

    def maker(self, context: Context, origin: str) -> Make: ...


def shape_of(table: str, types: Mapping[str, TypeEngine[Any]], zone: tzinfo | None) -> Shape:
    """What a table is. `zone` is the exchange's, None when none is known. Raises Terminal saying what is missing."""
    if {"xml_cdr_uuid", "start_epoch"} <= types.keys():
        return FusionPbx(types)
    layout = by_header(list(types))
    if layout is None:
        raise Terminal(
            f"table {table}: no table of call records: Asterisk's has calldate (or start), src, dst, billsec and"
            f" disposition, FusionPBX's xml_cdr_uuid and start_epoch; this one has {', '.join(types) or 'no columns'}"
        )
    used: dict[str, str] = {}
    for name, column in zip(types, layout.columns, strict=True):
        if column:
            used.setdefault(column, name)
    start = used["start"]
    kind = types[start]
    if not isinstance(kind, DateTime):
        raise Terminal(f"table {table}: column {start} is {kind}, not a date and time: it cannot be polled")
    aware = bool(kind.timezone)
    if zone is None:
        if not aware:
            raise Terminal(
                f"table {table}: {start} has no time zone: give --tz Europe/Moscow (say), or time_zone in"
                " callfunnel.toml under the source"
            )
        zone = UTC
    return AsteriskCdr(used, zone, aware=aware)


class AsteriskCdr:
    """`cdr` as FreePBX, Issabel, Asterisk's own scripts and their relatives make it, with columns in any order."""

    def __init__(self, used: Mapping[str, str], zone: tzinfo, *, aware: bool) -> None:
        """`used` is our names of columns -> the table's."""
        self.columns = tuple(used.values())
        self.start = used["start"]
        self.zone = zone
        self._names = tuple(used)
        self._aware = aware
        self._clock = WallClock(zone, "ymd", epoch_of)
        self._peers: Peers | None = None

    def bound(self, wall: datetime) -> object:
        return wall.replace(tzinfo=self.zone) if self._aware else wall

    def wall(self, start: Any) -> datetime:
        local: datetime = start.astimezone(self.zone).replace(tzinfo=None, fold=0) if self._aware else start
        return local

    def texts(self, row: Sequence[object]) -> list[str]:
        return [text(cell, self.zone) for cell in row]

    def maker(self, context: Context, origin: str) -> Make:
        self._peers = self._peers or Peers(context.extension_pattern, context.trunks)
        return LegReader(self._names, self._clock, self._peers, context, origin).leg

    @property
    def proves(self) -> tuple[str, str] | None:
        """Columns (start, uniqueid) that prove the zone; None where there is no uniqueid."""
        ids = dict(zip(self._names, self.columns, strict=True))
        return (self.start, ids["uniqueid"]) if "uniqueid" in ids else None


class FusionPbx:
    """`v_xml_cdr`: times are epochs, so no zone is needed."""

    start: str = "start_epoch"
    zone: tzinfo = UTC

    def __init__(self, types: Mapping[str, TypeEngine[Any]]) -> None:
        if not isinstance(types["start_epoch"], Integer | Numeric):
            raise Terminal(f"start_epoch is {types['start_epoch']}, not a number: this is no v_xml_cdr of FusionPBX")
        self.columns = tuple(name for name in FUSIONPBX if name in types)

    def bound(self, wall: datetime) -> object:
        return int(wall.replace(tzinfo=UTC).timestamp())

    def wall(self, start: Any) -> datetime:
        return datetime.fromtimestamp(int(start), UTC).replace(tzinfo=None)

    def texts(self, row: Sequence[object]) -> list[str]:
        return [text(cell, UTC) for cell in row]

    def maker(self, context: Context, origin: str) -> Make:
        return lambda cells, place: fusionpbx_leg(
            dict(zip(self.columns, cells, strict=True)), f"{origin}:{place}", context
        )


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
