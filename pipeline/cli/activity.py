"""`callfunnel activity`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import click
from rich.table import Table

from pipeline.activity import (
    BY,
    ActivityNumbers,
    ActivityRow,
    RosterManager,
    Unassigned,
    activity,
    roster,
    unassigned_calls,
)
from pipeline.cli.known import refuse_unknown
from pipeline.cli.meant import read_from
from pipeline.cli.options import Listed, output, people, period, period_of_options
from pipeline.cli.tables import WIDE, amounts, console, duration, manager_name, ratio, share, show_json, table
from pipeline.readouts import Numbers, Period
from pipeline.settings import Settings, read_settings

_HEADS = {"manager_id": "manager", "team": "team", "day": "day", "week": "week of"}


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


def nothing(days: Period, nobody: Unassigned) -> str:
    """Why there is no row, and what to do."""
    if not nobody.of_extensions:
        return f"Nothing was counted from {days}: `callfunnel doctor` tells what is loaded."
    return (
        f"No manager did anything from {days}, but {nobody.of_extensions:,} calls are of extensions that are nobody's:"
        " load who has which (`callfunnel load --kind managers`); --unassigned shows these calls."
    )


_COLUMNS: tuple[tuple[str, bool, Callable[[ActivityNumbers], str]], ...] = (
    ("calls", True, lambda n: str(n.calls)),
    ("attempts", False, lambda n: str(n.attempts)),
    ("answered", False, lambda n: str(n.answered)),
    ("conv.", True, lambda n: str(n.conversations)),
    ("talk", False, lambda n: duration(n.talk_s)),
    ("contacts", False, lambda n: str(n.contacts)),
    ("orgs", True, lambda n: str(n.organisations)),
    ("A", True, lambda n: str(n.calls_to_potential)),
    ("B", True, lambda n: ratio(n.calls_per_organisation)),
    ("C", True, lambda n: str(n.general_proposals)),
    ("D", True, lambda n: str(n.individual_proposals)),
    ("sum of D", True, lambda n: amounts(n.individual_amount)),
    ("unknown", False, lambda n: str(n.unknown_calls)),
    ("match", True, lambda n: share(n.match_coverage)),
)
"""Head, whether a narrow terminal shows it, and how it is written."""


def activity_table(rows: list[ActivityRow], managers: dict[str, RosterManager], days: Period, *, wide: bool) -> Table:
    """The rows for people: names beside ids, A to D marked."""
    shown = table(f"Activity, {days}")
    columns = [(head, write) for head, always, write in _COLUMNS if wide or always]
    for key in rows[0].of:
        shown.add_column(_HEADS[key], no_wrap=wide)
    for head, _ in columns:
        shown.add_column(head, justify="right", no_wrap=True)
    for row in rows:
        of = (_label(key, value, managers) for key, value in row.of.items())
        shown.add_row(*of, *(write(row.numbers) for _, write in columns))
    return shown


def _label(key: str, value: str, managers: dict[str, RosterManager]) -> str:
    return manager_name(value, managers) if key == "manager_id" else value or "-"


def footnotes(source: Numbers, days: Period, settings: Settings, unassigned: bool) -> list[str]:
    """What was counted, and what is in no row."""
    lines = [
        f"A: conversations of {settings.conversation_s} s and more with organisations that were in"
        f" {', '.join(stage.title.en or stage.code for stage in settings.stages.stages if stage.potential)}."
        " B: calls / organisations. C: general proposals. D: individual proposals."
    ]
    nobody = unassigned_calls(source, days)
    if not unassigned and nobody.missed + nobody.of_extensions:
        of = f" ({', '.join(nobody.extensions)})" if nobody.extensions else ""
        lines.append(
            f"In no row: {nobody.missed} unanswered inbound calls, {nobody.of_extensions} calls of extensions that"
            f" nobody had{of}. --unassigned shows them; `callfunnel calls --of unassigned` lists them."
        )
    return lines
