"""`callfunnel alerts wake`."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.terminal.marking import mark_incident
from pipeline.terminal.options import in_language
from schemas.warnings import MarkKind


@click.command("wake")
@click.argument("warning")
@in_language
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Data folder of the embedded stack.")
def command(warning: str, language: str, data: Path | None) -> None:
    """Take back what `ack` or `snooze` said of WARNING (an id of `alerts list`)."""
    mark_incident(warning, MarkKind.WAKE, data, language)
