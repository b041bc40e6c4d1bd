"""The report with its numbers in it: what every writer writes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from pipeline.readouts.values import number
from schemas.parameters import Query
from schemas.screens.boards.columns import PACE
from schemas.screens.panel import ChangeColumn, Column, Unit
from schemas.screens.report import SECTIONS, ReportPart, ReportSpan, Section

Row = dict[str, Any]
Ask = Callable[[Query, ReportSpan], list[Row]]
"""Rows of a metric for a span of time. Raises what asking raises."""


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """What the report is of, in the reader's language."""

    kind: str
    period: str
    before: str
    made_at: datetime
    as_of: datetime
    is_complete: bool
    stale: Sequence[str] = ()
    """Reasons to distrust it; none when the data covers the period."""
    missing: Sequence[str] = ()
    """Which calls are missing of the period and of the earlier one, in words."""
    teams: Sequence[str] = ()
    managers: Sequence[str] = ()


class PartData(msgspec.Struct, frozen=True, kw_only=True):
    """A part, its columns (currencies among them) and rows."""

    part: ReportPart
    columns: Sequence[Column]
    rows: Sequence[Row]


class ReportData(msgspec.Struct, frozen=True, kw_only=True):
    heading: Heading
    sections: Sequence[tuple[Section, Sequence[PartData]]]

    def parts(self) -> Iterator[PartData]:
        for _, parts in self.sections:
            yield from parts

    def part(self, id: str) -> PartData:
        return next(one for one in self.parts() if one.part.id == id)


def collect(heading: Heading, ask: Ask, warnings: Sequence[Row]) -> ReportData:
    """Ask for every part. `warnings` are the alerts of the rules."""
    sections = []
    for section in SECTIONS:
        parts = [
            PartData(part=part, columns=part.panel.columns, rows=warnings) if part.of_rules else _part_data(part, ask)
            for part in section.parts
        ]
        sections.append((section, [one for one in parts if one.rows or not one.part.if_any]))
    return ReportData(heading=heading, sections=sections)


def _part_data(part: ReportPart, ask: Ask) -> PartData:
    assert part.panel.query is not None
    rows = ask(part.panel.query, part.span)
    columns: Sequence[Column] = part.panel.columns
    if part.sums is not None:
        rows, sums = with_sums(rows, ask(part.sums, part.span))
        columns = _beside("individual_proposals_change", columns, sums)
    elif any("individual_amount" in row for row in rows):
        rows, sums = with_planned_sums(rows)
        columns = _beside("individual_proposals_ratio", columns, sums)
    if part.flagged:
        rows = [row for row in rows if number(row[part.flagged])]
    return PartData(part=part, columns=columns, rows=rows)


def _beside(name: str, columns: Sequence[Column], more: Sequence[Column]) -> Sequence[Column]:
    """Columns with more of them after the one called `name`."""
    after = next(n for n, column in enumerate(columns) if column.name == name) + 1
    return (*columns[:after], *more, *columns[after:])


def with_sums(rows: Sequence[Row], sums: Sequence[Row]) -> tuple[list[Row], list[Column]]:
    """Rows with D's sums, and a column for each currency that anybody has. Who sent nothing in one has 0."""
    currencies = sorted({row["currency"] for row in sums})
    found = {(row["manager_id"], row["team"], row["currency"]): row for row in sums}
    merged = []
    for row in rows:
        # `compared` tells a manager's team too; the sums of managers are of no team.
        key = (row["manager_id"], "" if row["manager_id"] else row["team"])
        more: Row = {}
        for currency in currencies:
            amounts = found.get((*key, currency), {})
            more[f"amount:{currency}"] = amounts.get("amount", "0")
            more[f"amount_change:{currency}"] = amounts.get("amount_change", "0")
        merged.append({**row, **more})
    columns: list[Column] = []
    for currency in currencies:
        columns += [
            Column(name=f"amount:{currency}", unit=Unit.MONEY, title_id=f"sum:{currency}"),
            ChangeColumn(name=f"amount_change:{currency}", unit=Unit.MONEY, title_id="change"),
        ]
    return merged, columns


_PLANNED = (
    ("fact", Unit.MONEY, "sum:{}"),
    ("plan_to_date", Unit.MONEY, "due"),
    ("plan", Unit.MONEY, "plan"),
    ("ratio", Unit.RATIO, "done"),
)


def with_planned_sums(rows: Sequence[Row]) -> tuple[list[Row], list[Column]]:
    """`individual_amount` of plan and fact as columns of each currency; of one that nobody planned the fact alone."""
    currencies = sorted({one["currency"] for row in rows for one in row["individual_amount"]})
    merged = []
    for row in rows:
        by = {one["currency"]: one for one in row["individual_amount"]}
        merged.append(
            {**row, **{f"{name}:{c}": by.get(c, {}).get(name) for c in currencies for name, _, _ in _PLANNED}}
        )
    columns = []
    for currency in currencies:
        is_planned = any(row[f"plan:{currency}"] is not None for row in merged)
        shown = _PLANNED if is_planned else _PLANNED[:1]
        columns += [
            Column(
                name=f"{name}:{currency}",
                unit=unit,
                title_id=title_id.format(currency),
                thresholds=PACE if unit is Unit.RATIO else (),
            )
            for name, unit, title_id in shown
        ]
    return merged, columns
