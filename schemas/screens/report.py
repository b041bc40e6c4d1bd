"""What the report consists of, as values: sections of panels, each with the span of time that it is queried for."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from schemas.parameters import Query
from schemas.screens.boards import panel as board_panel
from schemas.screens.boards.columns import COVERAGE, PACE, TEAM
from schemas.screens.panel import ChangeColumn, Column, Panel, PanelType, SeriesStyle, Threshold, Unit, column, query


class ReportSpan(StrEnum):
    """The time span that a part is queried for. All end with the period."""

    PERIOD = "period"
    MONTH = "month"
    """From the first of the month of the last day."""
    WEEKS = "weeks"
    """At least four weeks: a course needs some length."""
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    """Six whole months and this one, as on the Funnel board."""


class ReportPart(msgspec.Struct, frozen=True, kw_only=True):
    """One table or chart. `if_any` leaves it out when there is nothing in it; else it says that there is nothing."""

    panel: Panel
    span: ReportSpan = ReportSpan.PERIOD
    sums: Query | None = None
    """D's sums, by currency, for the same rows."""
    if_any: bool = False
    of_rules: bool = False
    """Its rows are the alerts of the rules of `schemas.alerts`, as text."""
    flagged: str = ""
    """Only the rows in which this column is not 0."""
    in_letter: bool = False
    """It is in the letter's text as well."""

    @property
    def id(self) -> str:
        return self.panel.id


class Section(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    parts: tuple[ReportPart, ...]


def _with_change(name: str, unit: Unit = Unit.COUNT) -> tuple[Column, Column]:
    """A number and its change."""
    return column(name, unit), ChangeColumn(name=f"{name}_change", unit=unit, title_id="change")


_INDICATORS = (
    *_with_change("calls_to_potential"),
    *_with_change("calls_per_organisation", Unit.DECIMAL),
    *_with_change("general_proposals"),
    *_with_change("individual_proposals"),
)
_AROUND = (
    *_with_change("calls"),
    *_with_change("conversations"),
    *_with_change("organisations"),
    column("match_coverage", Unit.RATIO, thresholds=COVERAGE),
)
_MANAGER = (column("manager_id", Unit.TEXT, hidden=True), column("manager", Unit.TEXT))


def _activity(id: str, identity: tuple[Column, ...], *by: str, panel_type: PanelType = PanelType.TABLE) -> ReportPart:
    columns = (*identity, *_INDICATORS, *_AROUND)
    panel = Panel(id=id, panel_type=panel_type, query=query("period_over_period", by=by), columns=columns, width=24)
    return ReportPart(panel=panel, sums=query("period_over_period_sums", by=by), in_letter=True)


def _course(letter: str, name: str) -> ReportPart:
    columns = (
        column("time", Unit.TIME),
        column(name),
        column(f"{name}_so_far", title_id="so_far", style=SeriesStyle.UNFINISHED),
        column(f"plan_{name}", Unit.DECIMAL, style=SeriesStyle.REFERENCE),
    )
    panel = Panel(
        id=f"report_course_{letter}", panel_type=PanelType.COLUMNS, query=query("trend"), columns=columns, width=8
    )
    return ReportPart(panel=panel, span=ReportSpan.WEEKS)


def _bars(letter: str, name: str) -> ReportPart:
    columns = (
        column("manager", Unit.TEXT),
        column(name),
        column(f"{name}_before", title_id="before", style=SeriesStyle.REFERENCE),
    )
    panel = Panel(
        id=f"report_bars_{letter}",
        panel_type=PanelType.BARS,
        query=query("period_over_period", by=("manager",)),
        columns=columns,
        width=8,
    )
    return ReportPart(panel=panel)


_DONE = ReportPart(
    panel=Panel(
        id="report_plan_department",
        panel_type=PanelType.STAT,
        query=query("plan_fact", by=()),
        columns=tuple(
            column(f"{name}_ratio", Unit.RATIO, thresholds=PACE)
            for name in ("calls_to_potential", "general_proposals", "individual_proposals")
        ),
        width=24,
    ),
    span=ReportSpan.MONTH,
    in_letter=True,
)

SUMMARY = Section(
    id="summary",
    parts=(
        _activity("report_department", (), panel_type=PanelType.STAT),
        _DONE,
        _course("a", "calls_to_potential"),
        _course("c", "general_proposals"),
        _course("d", "individual_proposals"),
    ),
)

PEOPLE = Section(
    id="people",
    parts=(
        _activity("report_managers", (*_MANAGER, TEAM), "manager"),
        _activity("report_teams", (TEAM,), "team"),
        _bars("a", "calls_to_potential"),
        _bars("c", "general_proposals"),
        _bars("d", "individual_proposals"),
    ),
)


def _planned(name: str) -> tuple[Column, ...]:
    return (
        column(name),
        column(f"{name}_plan_to_date", Unit.DECIMAL, title_id="due"),
        column(f"{name}_plan", title_id="plan"),
        column(f"{name}_ratio", Unit.RATIO, title_id="done", thresholds=PACE),
    )


_PLANNED = (
    *_planned("calls_to_potential"),
    *_planned("general_proposals"),
    *_planned("individual_proposals"),
    column("working_days", Unit.DAYS),
    column("planned_working_days", Unit.DAYS),
    column("without_plan", thresholds=(Threshold(1, "notice"),)),
)


def _plan(id: str, identity: tuple[Column, ...], metric: str, *by: str) -> ReportPart:
    panel = Panel(
        id=id, panel_type=PanelType.TABLE, query=query(metric, by=by), columns=(*identity, *_PLANNED), width=24
    )
    return ReportPart(panel=panel, span=ReportSpan.MONTH, in_letter=id == "report_plan_teams")


PLAN = Section(
    id="plan",
    parts=(
        _plan("report_plan_teams", (TEAM,), "plan_fact", "team"),
        _plan(
            "report_plan_managers",
            (*_MANAGER, column("their_team", Unit.TEXT, title_id="team")),
            "plan_by_manager",
            "manager",
        ),
    ),
)


def _of_board(id: str, span: ReportSpan = ReportSpan.PERIOD, *, width: int = 12, **fields: object) -> ReportPart:
    """A panel that a board has too, with the board's texts."""
    panel = msgspec.structs.replace(board_panel(id), width=width)
    return msgspec.structs.replace(ReportPart(panel=panel, span=span), **fields)


FUNNEL = Section(
    id="funnel",
    parts=(
        _of_board("funnel_cohort", ReportSpan.HALF_YEAR, width=10),
        _of_board("funnel_cohort_table", ReportSpan.HALF_YEAR, width=14),
        _of_board("funnel_loss", ReportSpan.HALF_YEAR, in_letter=True),
        _of_board("funnel_snapshot"),
        _of_board("funnel_flow"),
        _of_board("funnel_by_manager", ReportSpan.HALF_YEAR),
    ),
)

_RULES = ReportPart(
    panel=Panel(
        id="report_rules",
        panel_type=PanelType.TABLE,
        query=query("alert_pace"),
        columns=(
            column("warning", Unit.TEXT, width=170),
            column("summary", Unit.TEXT),
            column("on_days"),
            column("last_day", Unit.TEXT, width=90),
        ),
        width=24,
    ),
    of_rules=True,
    in_letter=True,
)

WARNINGS = Section(
    id="warnings",
    parts=(
        _RULES,
        _of_board("warning_top", ReportSpan.QUARTER),
        _of_board("warning_missed_days", ReportSpan.WEEKS),
        _of_board("warning_untouched_by", width=9, in_letter=True),
        _of_board("warning_terminal", width=7, flagged="calls"),
        _of_board("warning_novelty", ReportSpan.QUARTER, width=8),
    ),
)

DATA = Section(
    id="data",
    parts=(
        _of_board("health_freshness", width=24),
        _of_board("health_coverage", width=8),
        _of_board("health_unassigned", width=8),
        _of_board("health_drift", width=8),
        _of_board("health_reasons", width=12, if_any=True),
        _of_board("health_unknown_stages", width=12, if_any=True),
    ),
)

SECTIONS = (SUMMARY, PEOPLE, PLAN, FUNNEL, WARNINGS, DATA)
