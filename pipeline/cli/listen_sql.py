"""`callfunnel listen sql`."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path

import click

from connectors.live.checkpoint import Checkpoint
from connectors.live.delivery_queue import DeliveryQueue
from connectors.sql.listener import Polled, PollOptions, SqlListener, overlap_of
from pipeline.endpoints import pinned
from pipeline.listening.call_table import table_at
from pipeline.listening.session import Exchange, exchange, keep_open, new_session
from pipeline.listening.taught import taught
from pipeline.settings import read_settings
from pipeline.terminal.options import Day


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
    begin = None if first is None else datetime.combine(first, time())
    wanted = PollOptions(overlap=overlap_of(overlap), every_s=every, begin=begin)
    line = DeliveryQueue(source, "sql", new_session())
    data = pinned(data)
    of, known = taught(Exchange(source, tz, region), data)
    with (
        table_at(variable, table, of, settings, line.session) as cdr,
        Checkpoint(state, source, "sql", Polled) as checkpoint,
    ):
        description = f"{cdr.where}, for source {source}, every {every:g} s{known}"
        keep_open(line, SqlListener(cdr.reader, wanted, checkpoint), data, state, description)
