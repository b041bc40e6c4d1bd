"""What a deputy would say of a report in five sentences: what changed, who is behind, what fires, where most is lost,
what to do first. Facts only; their words are in the reader's language. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pipeline.readouts.report_data import ReportData
from pipeline.readouts.values import number
from schemas.screens.boards.columns import COVERAGE, PACE
from schemas.screens.panel import ChangeColumn, Column, Unit

INDICATORS = {"A": "calls_to_potential", "C": "general_proposals", "D": "individual_proposals"}
"""Those that have a plan. B is a ratio, and has none."""
MOST_NAMED = 3
"""Managers in a sentence."""
_ON_PLAN = PACE[-1].at
_TRUSTED_COVERAGE = COVERAGE[1].at
"""Below it the share of matched calls is bad: A and B tell nothing."""

Row = Mapping[str, Any]


class Figure(NamedTuple):
    """A value of a sentence, and how it is written."""

    value: object
    column: Column


class Behind(NamedTuple):
    """A manager, and the indicator that is furthest behind its plan."""

    manager: str
    letter: str
    fact: Figure
    due: Figure
    ratio: float


class Headline(NamedTuple):
    """A sentence by id (`[headlines]` of the report's texts), and what stands in it."""

    id: str
    facts: Mapping[str, Figure]
    behind: Sequence[Behind] = ()
    text: str = ""
    """What stands in it as it is."""


def headlines(report: ReportData) -> list[Headline]:
    """In the order of reading. A report of a store without calls has none."""
    department = next(iter(_rows(report, "report_department")), None)
    if department is None:
        return []
    behind = _behind(_rows(report, "report_plan_managers"))
    return [
        _change(report, department),
        _plan(report, behind),
        _fires(report),
        *_lost(report),
        *_first(report, department, behind),
    ]


def _rows(report: ReportData, id: str) -> Sequence[Row]:
    """Those of a part; none of one that the report does not have."""
    return next((one.rows for one in report.parts() if one.part.id == id), ())


def _change(report: ReportData, row: Row) -> Headline:
    """Out of missing data nothing is more or less than before."""
    names = {"calls": "calls", **{letter.lower(): name for letter, name in INDICATORS.items()}}
    facts = {key: Figure(row[name], Column(name=name)) for key, name in names.items()}
    if report.heading.stale:
        return Headline("numbers", facts)
    changes = {f"{key}_change": Figure(row[f"{name}_change"], ChangeColumn(name=name)) for key, name in names.items()}
    return Headline("change", facts | changes)


def _behind(rows: Sequence[Row]) -> list[Behind]:
    """Who is under 90 % of the plan to date in anything, furthest first."""
    found = []
    for row in rows:
        lags = [
            Behind(
                str(row["manager"]),
                letter,
                Figure(row[name], Column(name=name)),
                Figure(row[f"{name}_plan_to_date"], Column(name=name)),
                float(ratio),
            )
            for letter, name in INDICATORS.items()
            if (ratio := number(row[f"{name}_ratio"])) is not None and ratio < _ON_PLAN
        ]
        if lags:
            found.append(min(lags, key=lambda lag: lag.ratio))
    return sorted(found, key=lambda lag: (lag.ratio, lag.manager))


def _plan(report: ReportData, behind: Sequence[Behind]) -> Headline:
    rows = _rows(report, "report_plan_managers")
    if not any(row[f"{name}_ratio"] is not None for row in rows for name in INDICATORS.values()):
        return Headline("no_plan", {})
    if not behind:
        return Headline("on_plan", {})
    others = len(behind) - MOST_NAMED
    count = {"others": Figure(others, Column(name="others"))}
    return Headline("behind_and_others" if others > 0 else "behind", count, behind[:MOST_NAMED])


def _fires(report: ReportData) -> Headline:
    rows = _rows(report, "report_rules")
    if not rows:
        return Headline("quiet", {})
    return Headline("fires", {"count": Figure(len(rows), Column(name="count"))}, text=str(rows[0]["summary"]))


def _lost(report: ReportData) -> Iterator[Headline]:
    if _rows(report, "funnel_loss"):
        yield Headline("loss", {})


def _first(report: ReportData, department: Row, behind: Sequence[Behind]) -> Iterator[Headline]:
    """What to do first. Numbers that cannot be trusted go before people."""
    coverage = number(department["match_coverage"])
    if trouble := (*report.heading.stale, *report.heading.missing):
        yield Headline("load_first", {}, text=trouble[0])
    elif coverage is not None and coverage < _TRUSTED_COVERAGE:
        yield Headline("phones_first", {"coverage": Figure(coverage, Column(name="match_coverage", unit=Unit.RATIO))})
    elif behind:
        yield Headline("talk_first", {}, behind[:1])
