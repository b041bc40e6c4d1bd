"""`cdr` as FreePBX, Issabel, Asterisk's own scripts and their relatives make it, with columns in any order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from connectors.asterisk.layouts import by_header
from connectors.asterisk.legs import LegReader
from connectors.asterisk.peers import Peers
from connectors.reading.source import Context
from connectors.reading.wall import WallClock
from connectors.reading.zone_proof import epoch_of
from connectors.sql.shape import ColumnType, DatabaseTable, Make, text
from schemas.errors import Terminal


class AsteriskCdr:
    """Times are wall times without a zone, or aware; `uniqueid` proves which zone."""

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
        self._peers = self._peers or Peers(context.extension_pattern, context.trunks, ties=context.ties)
        return LegReader(self._names, self._clock, self._peers, context, origin).leg

    @property
    def proves(self) -> tuple[str, str] | None:
        ids = dict(zip(self._names, self.columns, strict=True))
        return (self.start, ids["uniqueid"]) if "uniqueid" in ids else None


def _shape(table: str, columns: Mapping[str, ColumnType], zone: tzinfo | None) -> AsteriskCdr | None:
    layout = by_header(list(columns))
    if layout is None:
        return None
    used: dict[str, str] = {}
    for name, column in zip(columns, layout.columns, strict=True):
        if column:
            used.setdefault(column, name)
    start = used["start"]
    kind = columns[start]
    if not kind.is_time:
        raise Terminal(f"table {table}: column {start} is {kind.name}, not a date and time: it cannot be polled")
    if zone is None:
        if not kind.is_aware:
            raise Terminal(
                f"table {table}: {start} has no time zone: give --tz Europe/Moscow (say), or time_zone in"
                " callfunnel.toml under the source"
            )
        zone = UTC
    return AsteriskCdr(used, zone, aware=kind.is_aware)


CDR = DatabaseTable("Asterisk's has calldate (or start), src, dst, billsec and disposition", _shape)
