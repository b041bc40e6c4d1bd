"""`callfunnel imports`."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import click
import msgspec

from pipeline.drawing.terminal.tables import console, show_json, table
from pipeline.readouts.numbers import numbers
from pipeline.settings import read_settings
from pipeline.terminal.options import Day, output
from schemas.parameters import utc

_KINDS = (
    "calls",
    "managers",
    "organisations",
    "stages",
    "proposals",
    "plan",
    "calendar",
    "absences",
    "session",
    "undo",
)
_STATES = ("running", "stored", "stopped", "undone")


class Load(msgspec.Struct, frozen=True):
    """One load, as `--json` prints it."""

    import_id: str
    kind: str
    source: str
    file: str
    profile: str
    loaded_by: str
    state: str
    started_at: str
    finished_at: str
    rows: int
    records: int
    rejected: int


@click.command("imports")
@click.option("--from", "first", type=Day(), default=None, help="Loaded on this day or later.")
@click.option("--to", "last", type=Day(), default=None, help="Loaded before this day.")
@click.option("--source", "sources", multiple=True, help="Only this source; may be repeated.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(_KINDS), help="Only this kind; may be repeated.")
@click.option("--state", "states", multiple=True, type=click.Choice(_STATES), help="Only this state; may be repeated.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=None, help="[default: 50; none with --json]")
@output
def command(
    first: date | None,
    last: date | None,
    sources: tuple[str, ...],
    kinds: tuple[str, ...],
    states: tuple[str, ...],
    limit: int | None,
    as_json: bool,
    data: Path | None,
) -> None:
    """What was loaded, newest first: which file, when, by whom, and what became of it.

    `callfunnel undo IMPORT` takes one of them back.
    """
    zone = read_settings().time_zone
    most = limit or (1_000_000 if as_json else 50)
    parameters: dict[str, Any] = {
        "from": utc(datetime.combine(first or date(1971, 1, 1), time(), zone)),
        "to": utc(datetime.combine(last or date(2100, 1, 1), time(), zone)),
        "sources": list(sources),
        "kinds": list(kinds),
        "states": list(states),
        "limit": most + 1,
    }
    rows = numbers(data).rows("loads", Load, parameters)
    if as_json:
        show_json(rows[:most])
        return
    shown = console()
    if not rows:
        shown.print("nothing was loaded" + (" that these filters let through" if sources or kinds or states else ""))
        return
    listed = table(f"Imports, newest first, times in {zone.key}")
    for head in ("import", "loaded", "by", "source", "kind", "file"):
        listed.add_column(head, overflow="fold")
    for head in ("rows", "records", "rejected"):
        listed.add_column(head, justify="right")
    listed.add_column("state")
    for row in rows[:most]:
        at = datetime.fromisoformat(row.started_at).astimezone(zone)
        numbers_of = (f"{row.rows:,}", f"{row.records:,}", f"{row.rejected:,}")
        listed.add_row(
            row.import_id,
            f"{at:%Y-%m-%d %H:%M}",
            row.loaded_by or "-",
            row.source,
            row.kind,
            row.file,
            *numbers_of,
            row.state,
        )
    shown.print(listed)
    if len(rows) > most:
        shown.print(f"The first {most}, more follow; --limit shows more, --json all.", highlight=False)
