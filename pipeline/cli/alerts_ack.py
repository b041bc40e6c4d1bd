"""`callfunnel alerts ack`."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.terminal.marking import mark_incident
from pipeline.terminal.options import in_language
from schemas.warnings import MarkKind


@click.command("ack")
@click.argument("warning")
@click.option("--note", default="", help="For others who read `callfunnel alerts list`.")
@in_language
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Data folder of the embedded stack.")
def command(warning: str, note: str, language: str, data: Path | None) -> None:
    """Somebody looks after WARNING (an id of `alerts list`): nothing more is sent of it but its end."""
    mark_incident(warning, MarkKind.ACK, data, language, note=note)
