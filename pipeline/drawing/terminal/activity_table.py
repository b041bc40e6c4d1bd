"""The table of `callfunnel activity`, and its footnotes."""

from __future__ import annotations

from collections.abc import Callable

from rich.table import Table

from pipeline.drawing.terminal.tables import amounts, duration, manager_name, ratio, share, table
from pipeline.readouts.activity import ActivityNumbers, ActivityRow, RosterManager, Unassigned, unassigned_calls
from pipeline.readouts.numbers import Numbers
from pipeline.readouts.period import Period
from pipeline.settings import Settings

_HEADS = {"manager_id": "manager", "team": "team", "day": "day", "week": "week of"}


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
