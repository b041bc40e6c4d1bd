"""`callfunnel verify`."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import click
import msgspec

from pipeline.drawing.terminal.tables import console, show_json, table
from pipeline.readouts.verify import Difference, verify
from pipeline.settings import read_settings
from pipeline.terminal.options import hides_numbers, note_facts, output, period, period_of_options, show_numbers
from pipeline.terminal.stack_choice import read_from
from schemas.mask import mask_text


def masked(one: Difference) -> Difference:
    """With its numbers hidden: after they were compared."""
    return msgspec.structs.replace(one, counted=mask_text(one.counted), recounted=mask_text(one.recounted))


@click.command("verify")
@period
@show_numbers
@output
def command(first: date | None, last: date | None, shows_numbers: bool, as_json: bool, data: Path | None) -> None:
    """Recount from the facts in SQL what the agents counted, and print what differs.

    Exit codes: 0 nothing differs; 1 something does.
    """
    settings = read_settings()
    days = period_of_options(first, last, settings)
    source = read_from(data)
    cells, differences = verify(source, days, settings)
    if hides_numbers(settings, shows_numbers, data):
        differences = [masked(one) for one in differences]
    note_facts(source, days)
    if as_json:
        show_json(differences)
    elif differences:
        shown = table(f"Differences, {days}")
        for head in ("bucket", "manager", "number", "agents counted", "recounted from the facts"):
            shown.add_column(head, overflow="fold")
        for one in differences:
            shown.add_row(one.bucket, one.manager_id or "nobody", one.number, one.counted, one.recounted)
        console().print(shown)
        click.echo(
            "While workers are busy this may pass by itself (`callfunnel doctor` tells the lag); else load the files of"
            " these days again, and report it."
        )
    else:
        click.echo(f"{cells:,} cells of {days}: what was counted is what the facts say")
    sys.exit(1 if differences else 0)
