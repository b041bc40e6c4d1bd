"""`callfunnel listen sql`."""

from __future__ import annotations

import os
from datetime import date, datetime, time, timedelta
from pathlib import Path

import click

from connectors.live.checkpoint import Checkpoint
from connectors.live.line import Line
from connectors.sql.database import Database
from connectors.sql.door import Polled, SqlDoor, Wanted, check_zone, overlap_of
from connectors.sql.shapes import shape_of
from pipeline.cli.listening import contexts, exchange, keep_open, new_session, secret, zone_said
from pipeline.cli.options import Day
from pipeline.settings import read_settings

_PROOF_DAYS = 30


@click.command("sql")
@click.argument("variable", default="CALLFUNNEL_SQL")
@click.option("--table", default="cdr", show_default=True, help="Table of call records, as NAME or SCHEMA.NAME.")
@click.option("--from", "first", type=Day(), default=None, help="Back-fill from this day on. [default: --overlap ago]")
@click.option("--overlap", type=float, default=4.0, show_default=True, metavar="HOURS",
              help="Longer than the longest call: rows carry their start and appear at their end.")  # fmt: skip
@click.option("--every", type=click.FloatRange(1, 3600), default=10.0, show_default=True, metavar="SECONDS")
@exchange
def command(
    variable: str,
    table: str,
    first: date | None,
    overlap: float,
    every: float,
    source: str,
    tz: str,
    region: str,
    state: Path,
    data: Path | None,
) -> None:
    """Poll a table of call records: Asterisk's or FreePBX's cdr, FusionPBX's v_xml_cdr.

    VARIABLE is the environment variable that holds mysql://user:password@host/asteriskcdrdb (or postgresql://). A user
    who may SELECT is enough: nothing is written there.
    """
    settings = read_settings()
    database = Database(secret(variable, os.environ, "the URL of the database"), variable)
    shape = shape_of(table, database.types(table), zone_said(source, tz, settings))
    since = (database.now() - timedelta(days=_PROOF_DAYS)).astimezone(shape.zone).replace(tzinfo=None)
    click.echo(f"{database.where}, table {table}: {check_zone(database, table, shape, since)}")
    wanted = Wanted(
        table=table,
        overlap=overlap_of(overlap),
        every_s=every,
        begin=None if first is None else datetime.combine(first, time()),
    )
    line = Line(source, "sql", new_session())
    context = contexts(source, settings, shape.zone, region, line.session)
    with Checkpoint(state, source, "sql", Polled) as checkpoint:
        door = SqlDoor(database, wanted, shape, checkpoint, context)
        keep_open(line, door, data, f"table {table} at {database.where} for source {source}, every {every:g} s")
