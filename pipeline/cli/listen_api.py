"""`callfunnel listen api`."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import click
import msgspec

from connectors.api.http_transport import HttpTransport
from connectors.api.progress import PullState, with_mapping
from connectors.api.puller import PullListener
from connectors.live.changed_streams import ChangedStreams
from connectors.live.checkpoint import Checkpoint
from connectors.live.delivery_queue import DeliveryQueue
from pipeline.clock import as_datetime, wall_clock
from pipeline.endpoints import pinned
from pipeline.listening.session import Exchange, keep_open, new_session
from pipeline.loading.connecting.account import (
    account_of,
    begin_of,
    check_streams,
    mapping_of,
    options_of,
    renewed,
    settings_of,
)
from pipeline.settings import read_settings
from pipeline.terminal.options import Day


@click.command("api")
@click.argument("name")
@click.option("--from", "first", type=Day(), default=None,
              help="Read history from this day on. [default: settings', else a year]")  # fmt: skip
@click.option("--state", type=click.Path(path_type=Path, file_okay=False), default=Path("listen"), show_default=True,
              metavar="DIR", help="Where it is written down how far each stream has come.")  # fmt: skip
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Folder of the embedded stack.")
def command(name: str, first: date | None, state: Path, data: Path | None) -> None:
    """Pull calls, users, organisations, stages and proposals, as [listen.NAME] of callfunnel.toml says.

    History first, then every few minutes. `callfunnel connect VENDOR` writes that section; the credential stays in an
    environment variable. `callfunnel up` runs every such source by itself.
    """
    settings = read_settings()
    pulled = settings_of(name, settings)
    if first is not None:
        pulled = msgspec.structs.replace(pulled, begin=first)
    account = account_of(pulled, os.environ)
    check_streams(account.adapter, pulled.streams, name)
    checkpoint = Checkpoint(state, name, "api", PullState)
    data = pinned(data)
    with checkpoint:
        mapping = mapping_of(name, pulled, settings)
        known = with_mapping(checkpoint.read() or PullState(), mapping)
        session = new_session()
        # Of all processes, so that a later one can take back what an earlier one made of a stage. The feed tells it,
        # for `callfunnel undo`; a journal is of one process.
        import_id = known.import_id or session
        line = DeliveryQueue(name, "api", import_id)
        line.session = session
        exchange = Exchange(name, "", "")
        contexts = exchange.contexts(settings, exchange.zone(settings) or settings.time_zone, import_id)
        adapter = account.connector.adapter(options_of(pulled, known.before))
        begin_at = begin_of(pulled, settings, as_datetime(wall_clock()))
        with (
            HttpTransport(account.host, line.stopping.is_set) as transport,
            renewed(name, account, transport, os.environ) as (reached, renew),
        ):
            listener = PullListener(
                adapter,
                reached,
                transport,
                checkpoint,
                contexts,
                begin_at,
                wanted=pulled.streams,
                mapping=mapping,
                import_id=import_id,
                renew=renew,
                take_changed=ChangedStreams([state], name).take,
            )
            where = f"{account.connector.title} at {account.host}, for source {name}"
            keep_open(line, listener, data, state, where)
