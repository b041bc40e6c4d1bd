"""A database's table of call records, opened as the options say: to be polled, or to fill another listener's gaps."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial

import click

from connectors.live.event_listener import Backfill
from connectors.reading.table import without_nothing
from connectors.sql.database import Database
from connectors.sql.listener import overlap_of
from connectors.sql.reading import TableReader
from connectors.sql.shapes import shape_of
from connectors.sql.zone import check_zone
from pipeline.listening.session import Exchange, secret
from pipeline.settings import Settings
from schemas.errors import Transient
from schemas.records import Record, Rejected

_PROOF_DAYS = 30
_MOST_LEARNT = 20_000
"""Rows of the last days from which it is told who is a phone and who a line."""


class CallTable:
    """A table of call records whose database need not be there yet."""

    def __init__(self, database: Database, table: str, exchange: Exchange, settings: Settings, session: str) -> None:
        self._database = database
        self._table = table
        self._exchange = exchange
        self._settings = settings
        self._session = session
        self._reader: TableReader | None = None
        self.where = f"table {table} at {database.where}"

    def reader(self) -> TableReader:
        """Reads it. Opened when it is asked for first and is there; says then how the zone was checked.

        Raises Transient while the database is away, Terminal when somebody must mend something.
        """
        if self._reader is None:
            self._reader = self._open()
        return self._reader

    def ended_since(self, moment: datetime, overlap: timedelta) -> Iterator[Sequence[Record | Rejected]]:
        """As the reader's."""
        yield from self.reader().ended_since(moment, overlap)

    def _open(self) -> TableReader:
        database, table = self._database, self._table
        shape = shape_of(table, database.types(table), self._exchange.zone(self._settings))
        since = (database.now() - timedelta(days=_PROOF_DAYS)).astimezone(shape.zone).replace(tzinfo=None)
        zone_text = check_zone(database, table, shape, since)
        contexts = self._exchange.contexts(self._settings, shape.zone, self._session)
        rows = database.sample(table, shape.columns, shape.start, shape.bound(since), _MOST_LEARNT)
        click.echo(f"{self.where}: {zone_text}")
        for inferred in shape.learn([without_nothing(shape.texts(row)) for row in rows], contexts()):
            click.echo(f"{self.where}: {inferred}")
        return TableReader(database, table, shape, contexts)


@contextmanager
def table_at(variable: str, table: str, exchange: Exchange, settings: Settings, session: str) -> Iterator[CallTable]:
    """The table, tried once. Raises Terminal for what somebody must mend; one that is away is waited for later."""
    database = Database(secret(variable, os.environ, "the URL of the database"), variable)
    try:
        found = CallTable(database, table, exchange, settings, session)
        with suppress(Transient):
            found.reader()
        yield found
    finally:
        database.close()


@contextmanager
def gap_filler(
    variable: str, table: str, overlap: float, exchange: Exchange, settings: Settings, session: str
) -> Iterator[tuple[Backfill | None, str]]:
    """What fills the gaps of a listener, and a text about it; nothing without a database. Raises as `table_at`."""
    if not variable:
        yield None, ""
        return
    with table_at(variable, table, exchange, settings, session) as found:
        yield partial(found.ended_since, overlap=overlap_of(overlap)), f", gaps are read from {found.where}"
