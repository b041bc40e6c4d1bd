"""What the report consists of, as values: sections of panels, each with the span of time that it is asked for."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from grafana.boards import panel as board_panel
from grafana.boards.columns import COVERAGE, PACE, TEAM
from grafana.page.cells import Change
from grafana.panel import Column, Form, Look, Panel, Query, Threshold, Unit, column, query


class Span(StrEnum):
    """For which time a part is asked. All end with the period."""

    PERIOD = "period"
    MONTH = "month"
    """From the first of the month of the last day."""
    WEEKS = "weeks"
    """At least four weeks: a course needs some length."""
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    """Six whole months and this one, as on the Funnel board."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One table or chart. `if_any` leaves it out when there is nothing in it; else it says that there is nothing."""

    panel: Panel
    span: Span = Span.PERIOD
    sums: Query | None = None
    """D's sums, by currency, for the same rows."""
    if_any: bool = False
    of_rules: bool = False
    """Its rows are what the rules of `schemas.alerts` said, in words."""
    flagged: str = ""
    """Only the rows in which this column is not 0."""
    in_letter: bool = False
    """It is in the letter's text as well."""

    @property
    def id(self) -> str:
        return self.panel.id


class Section(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    parts: tuple[Part, ...]


def _compared(name: str, unit: Unit = Unit.COUNT) -> tuple[Column, Column]:
    """A number and its change."""
    return column(name, unit), Change(name=f"{name}_change", unit=unit, words="change")


_INDICATORS = (
    *_compared("calls_to_potential"),
    *_compared("calls_per_organisation", Unit.DECIMAL),
    *_compared("general_proposals"),
    *_compared("individual_proposals"),
)
_AROUND = (
    *_compared("calls"),
    *_compared("conversations"),
    *_compared("organisations"),
    column("match_coverage", Unit.RATIO, thresholds=COVERAGE),
)
_WHO = (column("manager_id", Unit.TEXT, hidden=True), column("manager", Unit.TEXT))


def _activity(id: str, who: tuple[Column, ...], *by: str, form: Form = Form.TABLE) -> Part:
    columns = (*who, *_INDICATORS, *_AROUND)
    panel = Panel(id=id, form=form, query=query("compared", by=by), columns=columns, width=24)
    return Part(panel=panel, sums=query("compared_sums", by=by), in_letter=True)


def _course(letter: str, name: str) -> Part:
    columns = (
        column("time", Unit.TIME),
        column(name),
        column(f"{name}_so_far", words="so_far", look=Look.UNFINISHED),
        column(f"plan_{name}", Unit.DECIMAL, look=Look.REFERENCE),
    )
    panel = Panel(id=f"report_course_{letter}", form=Form.COLUMNS, query=query("course"), columns=columns, width=8)
    return Part(panel=panel, span=Span.WEEKS)


def _bars(letter: str, name: str) -> Part:
    columns = (
        column("manager", Unit.TEXT),
        column(name),
        column(f"{name}_before", words="before", look=Look.REFERENCE),
    )
    panel = Panel(
        id=f"report_bars_{letter}", form=Form.BARS, query=query("compared", by=("manager",)), columns=columns, width=8
    )
    return Part(panel=panel)


_DONE = Part(
    panel=Panel(
        id="report_plan_department",
        form=Form.STAT,
        query=query("plan_fact", by=()),
        columns=tuple(
            column(f"{name}_ratio", Unit.RATIO, thresholds=PACE)
            for name in ("calls_to_potential", "general_proposals", "individual_proposals")
        ),
        width=24,
    ),
    span=Span.MONTH,
    in_letter=True,
)

SUMMARY = Section(
    id="summary",
    parts=(
        _activity("report_department", (), form=Form.STAT),
        _DONE,
        _course("a", "calls_to_potential"),
        _course("c", "general_proposals"),
        _course("d", "individual_proposals"),
    ),
)

PEOPLE = Section(
    id="people",
    parts=(
        _activity("report_managers", (*_WHO, TEAM), "manager"),
        _activity("report_teams", (TEAM,), "team"),
        _bars("a", "calls_to_potential"),
        _bars("c", "general_proposals"),
        _bars("d", "individual_proposals"),
    ),
)


def _planned(name: str) -> tuple[Column, ...]:
    return (
        column(name),
        column(f"{name}_plan_to_date", Unit.DECIMAL, words="due"),
        column(f"{name}_plan", words="plan"),
        column(f"{name}_ratio", Unit.RATIO, words="done", thresholds=PACE),
    )


_PLANNED = (
    *_planned("calls_to_potential"),
    *_planned("general_proposals"),
    *_planned("individual_proposals"),
    column("working_days", Unit.DAYS),
    column("planned_working_days", Unit.DAYS),
    column("without_plan", thresholds=(Threshold(1, "notice"),)),
)


def _plan(id: str, who: tuple[Column, ...], metric: str, *by: str) -> Part:
    panel = Panel(id=id, form=Form.TABLE, query=query(metric, by=by), columns=(*who, *_PLANNED), width=24)
    return Part(panel=panel, span=Span.MONTH, in_letter=id == "report_plan_teams")


PLAN = Section(
    id="plan",
    parts=(
        _plan("report_plan_teams", (TEAM,), "plan_fact", "team"),
        _plan(
            "report_plan_managers", (*_WHO, column("their_team", Unit.TEXT, words="team")), "plan_by_manager", "manager"
        ),
    ),
)


def _of_board(id: str, span: Span = Span.PERIOD, *, width: int = 12, **said: object) -> Part:
    """A panel that a board has too, with the board's words."""
    panel = msgspec.structs.replace(board_panel(id), width=width)
    return msgspec.structs.replace(Part(panel=panel, span=span), **said)


FUNNEL = Section(
    id="funnel",
    parts=(
        _of_board("funnel_cohort", Span.HALF_YEAR, width=10),
        _of_board("funnel_cohort_table", Span.HALF_YEAR, width=14),
        _of_board("funnel_loss", Span.HALF_YEAR, in_letter=True),
        _of_board("funnel_snapshot"),
        _of_board("funnel_flow"),
        _of_board("funnel_by_manager", Span.HALF_YEAR),
    ),
)

_RULES = Part(
    panel=Panel(
        id="report_rules",
        form=Form.TABLE,
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
        _of_board("warning_top", Span.QUARTER),
        _of_board("warning_missed_days", Span.WEEKS),
        _of_board("warning_untouched_by", width=9, in_letter=True),
        _of_board("warning_terminal", width=7, flagged="calls"),
        _of_board("warning_novelty", Span.QUARTER, width=8),
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
