"""`cdr` as FreePBX, Issabel, Asterisk's own scripts and their relatives make it, with columns in any order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

import msgspec

from connectors.asterisk.layouts import by_header
from connectors.asterisk.legs import LegReader
from connectors.asterisk.line_prefixes import LinePrefix, describe, line_prefixes, with_prefixes
from connectors.asterisk.peer_facts import PeerVotes, beliefs, votes
from connectors.asterisk.peers import peers_taught
from connectors.reading.source import Context
from connectors.reading.times import Times
from connectors.reading.zone_proof import epoch_of
from connectors.sql.shape import ColumnType, DatabaseTable, Make, text
from schemas.errors import Terminal

MakeLegs = Callable[[tuple[str, ...], Times, Context, str], Make]
"""(our names of the columns, its clock, its context, the table) to what makes a leg of a row."""


_MOST_SAID = 10


class AsteriskCdr:
    """Times are wall times without a zone, or aware; `uniqueid` proves which zone."""

    def __init__(self, used: Mapping[str, str], zone: tzinfo, make_legs: MakeLegs, *, aware: bool) -> None:
        """`used` is our names of columns -> the table's."""
        self._make_legs = make_legs
        self.columns = tuple(used.values())
        self.start = used["start"]
        self.zone = zone
        self._names = tuple(used)
        self._aware = aware
        self._clock = Times(zone, "ymd", epoch_of)
        self._votes: tuple[PeerVotes, ...] = ()
        self._prefixes: Mapping[str, LinePrefix] = {}

    def bound(self, wall: datetime) -> object:
        return wall.replace(tzinfo=self.zone) if self._aware else wall

    def wall(self, start: Any) -> datetime:
        local: datetime = start.astimezone(self.zone).replace(tzinfo=None, fold=0) if self._aware else start
        return local

    def texts(self, row: Sequence[object]) -> list[str]:
        return [text(cell, self.zone) for cell in row]

    def learn(self, rows: Sequence[Sequence[str]], context: Context) -> tuple[str, ...]:
        """Phones, lines and dial prefixes from rows of the table; what was inferred, for people."""
        self._votes = votes(self._names, rows)
        self._prefixes = line_prefixes(self._names, rows, context.region)
        found = beliefs(self._votes, context.extension_pattern, context.trunks, context.ties)
        inferred = [one for one in found if not one.why.startswith(("named in", "it looks like"))]
        peers = tuple(f"{one.name} is taken for a {one.taken_for}: {one.why}" for one in inferred[:_MOST_SAID])
        return (*peers, *describe(self._prefixes))

    def maker(self, context: Context, origin: str) -> Make:
        found = beliefs(self._votes, context.extension_pattern, context.trunks, context.ties)
        peers = {**context.peers, **{one.name: one.taken_for for one in found}}
        context = with_prefixes(msgspec.structs.replace(context, peers=peers), self._prefixes)
        return self._make_legs(self._names, self._clock, context, origin)

    @property
    def proves(self) -> tuple[str, str] | None:
        ids = dict(zip(self._names, self.columns, strict=True))
        return (self.start, ids["uniqueid"]) if "uniqueid" in ids else None


def cdr_shape(
    table: str,
    columns: Mapping[str, ColumnType],
    zone: tzinfo | None,
    names: Sequence[str],
    make_legs: MakeLegs,
) -> AsteriskCdr:
    """The shape of a table whose columns mean `names`, in order; "" for one that is not used. Raises Terminal."""
    used: dict[str, str] = {}
    for name, column in zip(columns, names, strict=True):
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
    return AsteriskCdr(used, zone, make_legs, aware=kind.is_aware)


def _make_legs(names: tuple[str, ...], clock: Times, context: Context, origin: str) -> Make:
    return LegReader(names, clock, peers_taught(context), context, origin).leg


def _shape(table: str, columns: Mapping[str, ColumnType], zone: tzinfo | None) -> AsteriskCdr | None:
    layout = by_header(list(columns))
    return None if layout is None else cdr_shape(table, columns, zone, layout.columns, _make_legs)


CDR = DatabaseTable("Asterisk's has calldate (or start), src, dst, billsec and disposition", _shape, is_family=True)
