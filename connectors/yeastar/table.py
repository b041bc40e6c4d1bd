"""Yeastar's table `cdr_YYYYMM` through its database: read as an export of it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo

from connectors.asterisk.derived import DerivedLegs, columns_of
from connectors.asterisk.table import AsteriskCdr, cdr_shape
from connectors.reading.source import Context
from connectors.reading.times import Times
from connectors.sql.shape import ColumnType, DatabaseTable, Make
from connectors.yeastar.cdr import COLUMNS

_NEEDED = {"start", "src", "dst", "duration", "billsec", "disposition", "way", "srctrunk"}


def _make_legs(names: tuple[str, ...], clock: Times, context: Context, origin: str) -> Make:
    return DerivedLegs(names, clock, context, origin).leg


def _shape(table: str, columns: Mapping[str, ColumnType], zone: tzinfo | None) -> AsteriskCdr | None:
    names = columns_of(list(columns), COLUMNS)
    return cdr_shape(table, columns, zone, names, _make_legs) if set(names) >= _NEEDED else None


TABLE = DatabaseTable("Yeastar's has datetime, src, dst, srctrunk, billable, disposition and calltype", _shape)
