"""Today: the department now."""

from __future__ import annotations

import msgspec

from schemas.alerts import rule
from schemas.screens.boards.columns import COVERAGE, PACE, TEAM, calls_behind, manager
from schemas.screens.panel import Board, Panel, PanelType, Threshold, Unit, column, query

QUIET_MIN = 60
"""Minutes without a call after which it is shown, whether or not chance explains it."""

_DEPARTMENT = query("activity", by=(), unassigned=0)

_NUMBERS = Panel(
    id="today_numbers",
    panel_type=PanelType.STAT,
    query=_DEPARTMENT,
    columns=(
        column("calls"),
        column("conversations"),
        column("organisations"),
        column("calls_to_potential"),
        column("calls_per_organisation", Unit.DECIMAL),
        column("general_proposals"),
        column("individual_proposals"),
        column("match_coverage", Unit.RATIO, thresholds=COVERAGE),
    ),
    width=18,
    height=4,
)

_LAST_HOUR = Panel(
    id="today_last_hour",
    panel_type=PanelType.STAT,
    query=_DEPARTMENT,
    columns=(column("calls"), column("conversations"), column("calls_to_potential")),
    width=6,
    height=4,
    last="1h",
)

_BASELINE = Panel(
    id="today_baseline",
    panel_type=PanelType.TABLE,
    query=query("own_baseline"),
    columns=(
        *manager(),
        TEAM,
        column("ratio", Unit.RATIO, thresholds=PACE),
        calls_behind("calls_to_potential"),
        column("usual_calls_to_potential", Unit.DECIMAL),
        calls_behind("calls_per_organisation", Unit.DECIMAL),
        column("usual_calls_per_organisation", Unit.DECIMAL),
        column("general_proposals"),
        column("usual_general_proposals", Unit.DECIMAL),
        column("individual_proposals"),
        column("usual_individual_proposals", Unit.DECIMAL),
        calls_behind("calls"),
        column("usual_calls", Unit.DECIMAL),
        column("weeks"),
    ),
    width=24,
    height=9,
)

_PLAN = Panel(
    id="today_plan",
    panel_type=PanelType.TABLE,
    query=query("plan_by_manager", by=("manager",)),
    columns=(
        *manager(days=("month_first", "month_last")),
        column("month", Unit.TEXT, width=70),
        column("calls_to_potential"),
        column("calls_to_potential_plan"),
        column("calls_to_potential_ratio", Unit.RATIO, thresholds=PACE),
        column("general_proposals"),
        column("general_proposals_ratio", Unit.RATIO, thresholds=PACE),
        column("individual_proposals"),
        column("individual_proposals_ratio", Unit.RATIO, thresholds=PACE),
        column("data_until", Unit.TIME, once=True, width=155),
    ),
    width=14,
    height=9,
)

_SILENT = Panel(
    id="today_silent",
    panel_type=PanelType.TABLE,
    query=query("silent", quiet_min=QUIET_MIN, **dict(rule("manager_silent").parameters)),
    columns=(
        *manager(width=140),
        column("why", Unit.TEXT, values="why", width=105),
        column("silent_min", thresholds=(Threshold(QUIET_MIN, "notice"),)),
        column("last_call", Unit.TIME, width=155),
        calls_behind("calls"),
    ),
    width=10,
    height=9,
)

_HOURS = Panel(
    id="today_hours",
    panel_type=PanelType.HEAT,
    query=query("hours"),
    columns=(
        column("time", Unit.TIME),
        column("manager", Unit.TEXT),
        column("calls"),
    ),
    width=24,
    height=10,
)

_TALKS = Panel(
    id="today_talks",
    panel_type=PanelType.TABLE,
    query=query("call_rates"),
    columns=(
        *manager(),
        TEAM,
        calls_behind("calls"),
        calls_behind("attempts"),
        calls_behind("answered"),
        calls_behind("conversations"),
        calls_behind("calls_to_potential"),
        column("organisations"),
        column("effective"),
        column("connect_rate", Unit.RATIO),
        column("contact_rate", Unit.RATIO),
        column("acd_s", Unit.SECONDS),
    ),
    width=24,
    height=9,
)

_OVERDUE = (Threshold(0, "good"), Threshold(1, "notice"), Threshold(3600, "bad"))

FRESHNESS = Panel(
    id="health_freshness",
    panel_type=PanelType.TABLE,
    query=query("freshness"),
    columns=(
        column("source", Unit.TEXT, width=110),
        column("door", Unit.TEXT, values="door", width=130),
        column("state", Unit.TEXT, values="feed_state", width=110),
        column("age_s", Unit.SECONDS),
        column("overdue_s", Unit.SECONDS, thresholds=_OVERDUE),
        column("last_event", Unit.TIME, width=170),
        column("records"),
        column("rejects"),
        column("gaps"),
        column("waiting"),
        column("detail", Unit.TEXT),
    ),
    width=24,
    height=7,
    of_loads=True,
)

_UNASSIGNED = Panel(
    id="today_unassigned",
    panel_type=PanelType.STAT,
    query=query("unassigned"),
    columns=(column("missed"), column("of_extensions", thresholds=(Threshold(0, "good"), Threshold(1, "notice")))),
    width=6,
    height=7,
)

TODAY = Board(
    id="today",
    panels=(
        _NUMBERS,
        _LAST_HOUR,
        _BASELINE,
        _PLAN,
        _SILENT,
        _HOURS,
        _TALKS,
        _UNASSIGNED,
        msgspec.structs.replace(
            FRESHNESS,
            id="today_freshness",
            width=18,
            columns=tuple(column for column in FRESHNESS.columns if column.name not in ("gaps", "waiting")),
        ),
    ),
    variables=("team", "manager", "stage", "direction", "conversation_s"),
    start="now/d",
)
