"""`callfunnel rejected`."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import click
import msgspec

from pipeline.drawing.terminal.tables import console, show_json, table
from pipeline.settings import read_settings
from pipeline.terminal.options import Day, hides_numbers, output, show_numbers
from pipeline.terminal.stack_choice import read_from
from schemas.parameters import utc
from schemas.records import Reason

_MOST_SHOWN = 200
"""Characters of a row that people are shown; --json has all of it."""


class RejectListing(msgspec.Struct, frozen=True):
    """One rejected row, with its reason and place."""

    at: str
    source: str
    reason: str
    field: str
    detail: str
    origin: str
    payload: str
    topic: str
    import_id: str
    rejected_id: str


class ByReason(msgspec.Struct, frozen=True):
    source: str
    reason: str
    rejected: int
    latest: str
    example: str


@click.command("rejected")
@click.option("--from", "first", type=Day(), default=None, help="Loaded on this day or later.")
@click.option("--to", "last", type=Day(), default=None, help="Loaded before this day.")
@click.option("--reason", "reasons", multiple=True, type=click.Choice([reason.value for reason in Reason]))
@click.option("--source", "sources", multiple=True, help="Only this source; may be repeated.")
@click.option("--import", "imports", multiple=True, help="Only this import id; may be repeated.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=None, help="[default: 50; none with --json]")
@show_numbers
@output
def command(
    first: date | None,
    last: date | None,
    reasons: tuple[str, ...],
    sources: tuple[str, ...],
    imports: tuple[str, ...],
    limit: int | None,
    shows_numbers: bool,
    as_json: bool,
    data: Path | None,
) -> None:
    """What could not be understood, why, and where it stood. Rows that were accepted later are not shown."""
    settings = read_settings()
    zone = settings.time_zone
    most = limit or (4_000_000_000 if as_json else 50)
    parameters: dict[str, Any] = {
        "from": utc(datetime.combine(first or date(1971, 1, 1), time(), zone)),
        "to": utc(datetime.combine(last or date(2100, 1, 1), time(), zone)),
        "reasons": list(reasons),
        "sources": list(sources),
        "imports": list(imports),
    }
    source = read_from(data, masked=hides_numbers(settings, shows_numbers, data))
    rows = source.rows("rejected", RejectListing, {**parameters, "limit": most})
    if as_json:
        show_json(rows)
        return
    shown = console()
    summary = table("Rejected, by source and reason")
    for head in ("source", "reason"):
        summary.add_column(head, no_wrap=True)
    summary.add_column("rows", justify="right")
    summary.add_column("latest example")
    for one in source.rows("rejected_by_reason", ByReason, parameters):
        summary.add_row(one.source or "-", one.reason, str(one.rejected), one.example)
    if not rows:
        shown.print("nothing is rejected")
        return
    shown.print(summary)
    if len(rows) == most:
        shown.print(f"The first {most}; --limit shows more, --json all.", highlight=False)
    for row in rows:
        shown.print(f"{row.origin}  {row.reason}  {row.field}".rstrip(), style="bold", highlight=False, soft_wrap=True)
        shown.print(f"  {row.detail}", highlight=False, markup=False, soft_wrap=True)
        shown.print(f"  {row.payload[:_MOST_SHOWN]}", style="dim", highlight=False, markup=False, soft_wrap=True)
