"""`callfunnel worker`."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

import click

from pipeline.endpoints import find


@click.command("worker")
@click.option(
    "--ready-file",
    type=click.Path(path_type=Path),
    default=None,
    help="Touch this file once partitions are assigned, and every second from then on while alive.",
)
@click.option(
    "--log-level", default="info", show_default=True, type=click.Choice(["debug", "info", "warning", "error"])
)
def command(ready_file: Path | None, log_level: str) -> None:
    """Work: stitch, enrich, count and store what is on the wire. Any number of workers share the partitions.

    Stopping one at any moment, in any way, loses nothing. Let a supervisor start it again when it ends by itself.

    Exit codes: 0 told to stop; 2 it cannot work, and says why; 3 it had stalled.
    """
    from pipeline.work import work

    logging.getLogger("callfunnel").setLevel(log_level.upper())
    with tempfile.TemporaryDirectory(prefix="callfunnel-") as datadir:
        work(find(), Path(datadir), ready_file, log_level)
