"""`callfunnel listen esl`."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click

from connectors.freeswitch.esl.listener import Esl
from connectors.freeswitch.esl.session import EslLogin
from connectors.live.checkpoint import Checkpoint
from connectors.live.delivery_queue import DeliveryQueue
from connectors.live.event_listener import EventCheckpoint, EventListener
from pipeline.endpoints import pinned
from pipeline.listening.call_table import gap_filler
from pipeline.listening.session import Exchange, exchange, host_and_port, keep_open, new_session, secret
from pipeline.settings import read_settings
from schemas.errors import Terminal

_PORT = 8021
_TABLE = "v_xml_cdr"
_USER = re.compile(r"[^\s:@]+@[^\s:@]+")


@click.command("esl")
@click.argument("address", metavar="[HOST[:PORT]]", default="127.0.0.1")
@click.option("--password", "variable", default="CALLFUNNEL_ESL_PASSWORD", show_default=True, metavar="VARIABLE",
              help="Environment variable that holds the password of event_socket.conf.xml.")  # fmt: skip
@click.option("--user", default="", metavar="USER@DOMAIN", help="User of the directory, whose esl-password it is.")
@click.option("--filter", "condition", default="", metavar="NAME=VALUE",
              help="Only legs with this header, say variable_domain_name=sales.example. [default: all]")  # fmt: skip
@click.option("--backfill", default="", metavar="VARIABLE",
              help="Environment variable with a database's URL: gaps are read from there.")  # fmt: skip
@click.option("--table", default=_TABLE, show_default=True, help="Table or view of that database.")
@click.option("--overlap", type=float, default=4.0, show_default=True, metavar="HOURS",
              help="Longer than the longest call, for --backfill.")  # fmt: skip
@exchange
def command(
    address: str,
    variable: str,
    user: str,
    condition: str,
    backfill: str,
    table: str,
    overlap: float,
    source: str,
    tz: str,
    region: str,
    state: Path,
    data: Path | None,
) -> None:
    """Listen to FreeSWITCH's event socket: a call is here as soon as it ends.

    No time zone is needed. The socket knows no TLS: reach another machine's through a tunnel or a private network.
    """
    if user and not _USER.fullmatch(user):
        raise Terminal(f"--user {user!r} is not USER@DOMAIN")
    chosen = _condition(condition)
    if chosen and backfill and table == _TABLE:
        raise Terminal(
            f"--filter lets some calls in, and {_TABLE} holds all: name a view of those calls with --table, or leave"
            " --backfill out"
        )
    settings = read_settings()
    of = Exchange(source, tz, region)
    host, port = host_and_port(address, _PORT)
    login = EslLogin(host, port, secret(variable, os.environ, "the event socket's password"), user, chosen)
    line = DeliveryQueue(source, "esl", new_session())
    data = pinned(data)
    with (
        gap_filler(backfill, table, overlap, of, settings, line.session) as (fill, gap_text),
        Checkpoint(state, source, "esl", EventCheckpoint) as checkpoint,
    ):
        listener = EventListener(Esl(login, of.contexts(settings, None, line.session)), checkpoint, fill)
        which = f" where {condition}" if chosen else ""
        keep_open(line, listener, data, state, f"{login.where}{which}, for source {source}{gap_text}")


def _condition(text: str) -> tuple[str, str] | None:
    """A header and its value. Raises Terminal."""
    if not text:
        return None
    name, _, value = text.partition("=")
    if not name or not value or any(char.isspace() for char in name):
        raise Terminal(f"--filter {text!r} is not NAME=VALUE, such as variable_domain_name=sales.example")
    if value.startswith(("+", "-")):
        raise Terminal(
            f"--filter {text!r}: FreeSWITCH takes a leading + or - for its own: leave it out or choose another"
        )
    return name, value
