"""`callfunnel audit`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click
import msgspec

from pipeline.audit import Action, audit_file, lines, local
from pipeline.drawing.terminal.tables import console, show_json, table
from pipeline.endpoints import data_folder
from pipeline.terminal.options import Day, output


@click.command("audit")
@click.option("--from", "first", type=Day(), default=None, help="On this day (UTC) or later.")
@click.option("--action", "actions", multiple=True, type=click.Choice([action.value for action in Action]))
@output
def command(first: date | None, actions: tuple[str, ...], as_json: bool, data: Path | None) -> None:
    """Who loaded, took back, forgot, exported, backed up, acknowledged or snoozed, and who logged in or was refused."""
    file = audit_file(data_folder(data))
    found = [
        line
        for line in lines(file)
        if (first is None or line.at.date() >= first) and (not actions or line.action in actions)
    ]
    if as_json:
        show_json(found)
        return
    if not found:
        click.echo(f"No line in {file}.")
        return
    shown = table(f"Audit, {file}")
    for head in ("time (UTC)", "action", "", "who", "about"):
        shown.add_column(head, overflow="fold")
    for line in found:
        about = ", ".join(
            f"{name} {value if isinstance(value, str) else msgspec.json.encode(value).decode()}"
            for name, value in line.about.items()
        )
        shown.add_row(local(line.at), line.action, "done" if line.done else "refused or failed", line.who, about)
    console().print(shown)
