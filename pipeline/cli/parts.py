"""`callfunnel parts`."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import click
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from urllib3.exceptions import HTTPError

from pipeline.drawing.terminal.tables import show_json
from pipeline.endpoints import find
from pipeline.parts.damaged import put_aside_damaged
from pipeline.parts.losses import SETTLE, close_losses, describe_losses, find_losses
from pipeline.store import Store, connect, store_error
from pipeline.terminal.options import output


@click.command("parts")
@click.option("--check", "is_checked", is_flag=True,
              help="Read every byte first, which takes long; what is damaged is put aside.")  # fmt: skip
@click.option("--settle", "is_settled", is_flag=True, help="What is named was loaded again: say no more of it.")
@click.option("--anyway", is_flag=True, help="With --settle: also what was mended in another way, or is given up.")
@output
def command(is_checked: bool, is_settled: bool, anyway: bool, as_json: bool, data: Path | None) -> None:
    """What the store has lost of that which was reported as stored, and which files to load again.

    Parts that were put aside as broken stay on the disk; see docs/reliability.md.

    Exit codes: 0 nothing is lost, or it is settled; 1 something is.
    """
    client = connect(find(data).clickhouse)
    store = Store(client)
    if is_checked:
        put_aside_damaged(store, partial(_run, client))
    losses = find_losses(store)
    if is_settled:
        losses = close_losses(store, anyway=anyway)
    if as_json:
        show_json(losses)
    elif is_settled:
        click.echo(f"settled: {len(losses)}")
    else:
        click.echo(describe_losses(losses) or "the store has all that it reported as stored")
        if losses:
            click.echo(f"when that is done: {SETTLE}")
    sys.exit(1 if losses and not is_settled else 0)


def _run(client: Client, sql: str) -> None:
    """Raises Transient or Terminal."""
    try:
        client.command(sql)
    except (ClickHouseError, HTTPError, OSError) as error:
        raise store_error(error) from None
