"""`callfunnel listen ami`."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import click

from connectors.asterisk.ami.listener import Ami
from connectors.asterisk.ami.session import AmiLogin
from connectors.live.checkpoint import Checkpoint
from connectors.live.delivery_queue import DeliveryQueue
from connectors.live.event_listener import EventCheckpoint, EventListener
from pipeline.endpoints import pinned
from pipeline.listening.call_table import gap_filler
from pipeline.listening.session import Exchange, exchange, host_and_port, keep_open, new_session, secret
from pipeline.listening.taught import taught
from pipeline.settings import read_settings
from schemas.errors import Terminal

_PORT, _TLS_PORT = 5038, 5039


@click.command("ami")
@click.argument("address", metavar="HOST[:PORT]")
@click.option("--user", required=True, help="User of manager.conf; it needs read = cdr.")
@click.option("--secret", "variable", default="CALLFUNNEL_AMI_SECRET", show_default=True, metavar="VARIABLE",
              help="Environment variable that holds the user's secret.")  # fmt: skip
@click.option("--auth", type=click.Choice(("md5", "plain")), default="md5", show_default=True)
@click.option("--tls", is_flag=True, help=f"Speak TLS (port {_TLS_PORT} unless said otherwise).")
@click.option(
    "--ca", type=click.Path(exists=True, dir_okay=False), default=None, help="Certificate to trust with --tls."
)
@click.option("--cel", is_flag=True, help="Take CEL events too: who of several phones answered. Needs read = cdr,call.")
@click.option("--backfill", default="", metavar="VARIABLE",
              help="Environment variable with a database's URL: gaps are read from there.")  # fmt: skip
@click.option("--table", default="cdr", show_default=True, help="Table of that database.")
@click.option("--overlap", type=float, default=4.0, show_default=True, metavar="HOURS",
              help="Longer than the longest call, for --backfill.")  # fmt: skip
@exchange
def command(
    address: str,
    user: str,
    variable: str,
    auth: str,
    tls: bool,
    ca: str | None,
    cel: bool,
    backfill: str,
    table: str,
    overlap: float,
    source: str,
    tz: str,
    region: str,
    state: Path,
    data: Path | None,
) -> None:
    """Listen to Asterisk's manager interface: a call is here as soon as it ends.

    cdr_manager.conf needs enabled = yes, and under [mappings] linkedid => LinkedID and sequence => Sequence.
    """
    settings = read_settings()
    of = Exchange(source, tz, region)
    zone = of.zone(settings)
    if zone is None:
        raise Terminal(
            f"{address}: events do not say their time zone: give --tz Europe/Moscow (say), or time_zone under"
            f" [sources.{source}] in callfunnel.toml"
        )
    host, port = host_and_port(address, _TLS_PORT if tls else _PORT)
    context = ssl.create_default_context(cafile=ca) if tls else None
    login = AmiLogin(host, port, user, secret(variable, os.environ, "the user's secret"), auth == "plain", context, cel)
    line = DeliveryQueue(source, "ami", new_session())
    data = pinned(data)
    of, known = taught(of, data)
    with (
        gap_filler(backfill, table, overlap, of, settings, line.session) as (fill, gap_text),
        Checkpoint(state, source, "ami", EventCheckpoint) as checkpoint,
    ):
        listener = EventListener(Ami(login, of.contexts(settings, zone, line.session)), checkpoint, fill)
        keep_open(line, listener, data, state, f"{login.where} as {user}, for source {source}{gap_text}{known}")
