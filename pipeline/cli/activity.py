"""`callfunnel activity`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from pipeline.drawing.terminal.activity_table import activity_table, footnotes, nothing
from pipeline.drawing.terminal.tables import WIDE, console, show_json
from pipeline.readouts.activity import BY, activity, roster, unassigned_calls
from pipeline.settings import read_settings
from pipeline.terminal.known_people import refuse_unknown
from pipeline.terminal.options import Listed, output, people, period, period_of_options
from pipeline.terminal.stack_choice import read_from


@click.command("activity")
@period
@click.option("--by", type=Listed(*BY), default="manager", show_default=True, help="manager, team, day, week: a list.")
@people
@click.option(
    "--unassigned",
    is_flag=True,
    help="Calls without a manager too: missed by all, or of an extension that no manager had.",
)
@output
def command(
    first: date | None,
    last: date | None,
    by: tuple[str, ...],
    managers: tuple[str, ...],
    teams: tuple[str, ...],
    unassigned: bool,
    as_json: bool,
    data: Path | None,
) -> None:
    """What managers did: calls, conversations, and the indicators A, B, C, D.

    A: conversations with potential clients. B: calls per organisation. C: general proposals. D: individual proposals
    and their sum. docs/metrics.md defines each number. Days are those of the reporting zone; --to is not included.
    """
    settings = read_settings()
    days = period_of_options(first, last, settings)
    source = read_from(data)
    refuse_unknown(source, managers, teams)
    rows = activity(source, days, by, managers=managers, teams=teams, unassigned=unassigned)
    if as_json:
        show_json([row.flat() for row in rows])
        return
    shown = console()
    if not rows:
        shown.print(nothing(days, unassigned_calls(source, days)), highlight=False)
        return
    names = {one.manager_id: one for one in roster(source, days)}
    shown.print(activity_table(rows, names, days, wide=shown.width >= WIDE))
    for line in footnotes(source, days, settings, unassigned):
        shown.print(line, style="dim", highlight=False)
