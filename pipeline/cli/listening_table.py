"""A database's table of call records, opened as the options say: to be polled, or to fill another door's gaps."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import click

from connectors.live.teller import Backfill
from connectors.sql.database import Database
from connectors.sql.door import overlap_of
from connectors.sql.reading import TableReader
from connectors.sql.shapes import shape_of
from connectors.sql.zone import check_zone
from pipeline.cli.listening import Exchange, secret
from pipeline.settings import Settings

_PROOF_DAYS = 30


@contextmanager
def table_reader(
    variable: str, table: str, exchange: Exchange, settings: Settings, session: str
) -> Iterator[tuple[TableReader, str]]:
    """The table, and where it is in words. Raises Transient or Terminal; says how the zone was checked."""
    database = Database(secret(variable, os.environ, "the URL of the database"), variable)
    try:
        shape = shape_of(table, database.types(table), exchange.zone(settings))
        since = (database.now() - timedelta(days=_PROOF_DAYS)).astimezone(shape.zone).replace(tzinfo=None)
        where = f"table {table} at {database.where}"
        click.echo(f"{where}: {check_zone(database, table, shape, since)}")
        yield TableReader(database, table, shape, exchange.contexts(settings, shape.zone, session)), where
    finally:
        database.close()


@contextmanager
def gap_filler(
    variable: str, table: str, overlap: float, exchange: Exchange, settings: Settings, session: str
) -> Iterator[tuple[Backfill | None, str]]:
    """What fills the gaps of a door, and that in words; nothing when no database is named. Raises as `table_reader`."""
    if not variable:
        yield None, ""
        return
    with table_reader(variable, table, exchange, settings, session) as (reader, where):
        yield partial(reader.ended_since, overlap=overlap_of(overlap)), f", gaps are read from {where}"
