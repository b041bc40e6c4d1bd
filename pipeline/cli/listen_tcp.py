"""`callfunnel listen tcp`."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

import click

from connectors.live.checkpoint import Checkpoint
from connectors.live.delivery_queue import DeliveryQueue
from connectors.reading.source import Hints
from connectors.registry import LINES
from connectors.tcp.listener import Connect, Listen, Network, TcpCheckpoint, TcpListener
from pipeline.endpoints import pinned
from pipeline.listening.session import Exchange, exchange, host_and_port, keep_open, new_session
from pipeline.settings import read_settings
from schemas.errors import Terminal

_HERE: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


class _Network(click.ParamType):
    """An address, or a network of them."""

    name = "NETWORK"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Network:
        try:
            return ipaddress.ip_network(str(value))
        except ValueError as error:
            return self.fail(f"{value!r}: {error}; an address 192.0.2.10 or a network 192.0.2.0/24", param, ctx)


@click.command("tcp")
@click.argument("profile", type=click.Choice(sorted(LINES)))
@click.option("--listen", "here", default="", metavar="HOST:PORT", help="Wait here for the exchange to connect.")
@click.option("--allow", "allowed", type=_Network(), multiple=True, metavar="NETWORK",
              help="Whom to let in with --listen; may be repeated. [default: this machine only]")  # fmt: skip
@click.option("--connect", "there", default="", metavar="HOST:PORT", help="Go to an exchange that waits there.")
@exchange
def command(
    profile: str,
    here: str,
    allowed: tuple[Network, ...],
    there: str,
    source: str,
    tz: str,
    region: str,
    state: Path,
    data: Path | None,
) -> None:
    """Read the lines of an exchange that sends one per call over TCP.

    These protocols know no login and repeat nothing: name the exchange's address with --allow, and load its file for a
    time in which the listener was closed.
    """
    if bool(here) == bool(there):
        raise Terminal("give --listen HOST:PORT (the exchange connects to us) or --connect HOST:PORT (we to it)")
    settings = read_settings()
    of = Exchange(source, tz, region)
    zone = of.zone(settings)
    line = DeliveryQueue(source, "tcp", new_session())
    configured = settings.source(source)
    hints = Hints(region=region or configured.region or settings.region, columns=configured.columns)
    lines = LINES[profile](hints, zone, of.contexts(settings, zone, line.session))
    where: Listen | Connect
    if here:
        where = Listen(*host_and_port(here), allowed or _HERE)
        description = f"{profile} lines at {here}, from {', '.join(map(str, where.allowed))}"
    else:
        where = Connect(*host_and_port(there))
        description = f"{profile} lines of {there}"
    data = pinned(data)
    with Checkpoint(state, source, "tcp", TcpCheckpoint) as checkpoint:
        keep_open(line, TcpListener(where, lines, checkpoint), data, state, f"{description}, for source {source}")
