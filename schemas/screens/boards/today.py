"""Today: the department now."""

from __future__ import annotations

import msgspec

from schemas.alerts import rule
from schemas.screens.boards.columns import COVERAGE, PACE, TEAM, calls_behind, change, manager
from schemas.screens.panel import Board, Panel, PanelLink, PanelType, Threshold, Unit, column, query, settled

_SAY = PanelLink(board="today", title_id="acknowledge", on_page=True)

_ATTENTION = Panel(
    id="today_attention",
    panel_type=PanelType.INCIDENTS,
    query=query("standing_incidents"),
    columns=(
        column("rule", Unit.TEXT, values="rule", link=_SAY, width=200),
        *manager(name="subject"),
        TEAM,
        column("began", Unit.TIME, width=145),
        column("fact"),
        column("expected"),
        column("mark", Unit.TEXT, values="mark", width=130),
        column("mark_by", Unit.TEXT, width=140),
        column("mark_note", Unit.TEXT),
    ),
    width=24,
    height=7,
)

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

_MONTH = Panel(
    id="today_month",
    panel_type=PanelType.TABLE,
    query=query("plan_lines", by=()),
    columns=(
        column("indicator", Unit.TEXT, values="indicator", width=120),
        column("currency", Unit.TEXT, beside="indicator"),
        column("fact", Unit.NUMBER),
        column("plan_to_date", Unit.NUMBER),
        change("to_date_change"),
        column("ratio", Unit.RATIO, title_id="done_to_date", thresholds=PACE),
        column("plan", Unit.NUMBER),
        column("remains", Unit.NUMBER),
        column("month", Unit.TEXT, once=True, width=70),
        column("data_until", Unit.TIME, once=True, width=145),
    ),
    width=13,
    height=8,
)

_INDICATORS = Panel(
    id="today_indicators",
    panel_type=PanelType.TABLE,
    query=settled("indicators_compared", by=()),
    columns=(
        column("indicator", Unit.TEXT, values="indicator", width=110),
        column("currency", Unit.TEXT, beside="indicator"),
        column("fact", Unit.NUMBER),
        column("planned", Unit.NUMBER),
        column("done", Unit.RATIO, thresholds=PACE),
        change("before_change"),
        change("usual_change"),
    ),
    width=11,
    height=8,
)

_COMPARED = (
    column("worked_days", Unit.DAYS),
    calls_behind("calls_to_potential"),
    column("calls_to_potential_planned", Unit.NUMBER),
    column("calls_to_potential_done", Unit.RATIO, thresholds=PACE),
    change("calls_to_potential_change"),
    column("calls_to_potential_to_usual", Unit.RATIO, thresholds=PACE),
    column("course", Unit.COURSE),
    calls_behind("calls_per_organisation", Unit.DECIMAL),
    change("calls_per_organisation_change", Unit.DECIMAL),
    column("general_proposals"),
    column("general_proposals_done", Unit.RATIO, thresholds=PACE),
    column("individual_proposals"),
    column("individual_proposals_done", Unit.RATIO, thresholds=PACE),
    column("amount", Unit.NUMBER),
    column("amount_done", Unit.RATIO, thresholds=PACE),
)

_PEOPLE = Panel(
    id="today_people",
    panel_type=PanelType.TABLE,
    query=settled("people_compared", by=("manager",)),
    columns=(*manager(width=130), TEAM, *_COMPARED),
    width=24,
    height=14,
)

_TEAMS = Panel(
    id="today_teams",
    panel_type=PanelType.TABLE,
    query=settled("people_compared", by=("team",)),
    columns=(TEAM, *(msgspec.structs.replace(one, link=None) for one in _COMPARED)),
    width=24,
    height=6,
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
        column("data_until", Unit.TIME, once=True, width=145),
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
        column("last_call", Unit.TIME, width=145),
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

TODAY = Board(
    id="today",
    panels=(
        _ATTENTION,
        _MONTH,
        _INDICATORS,
        _PEOPLE,
        _TEAMS,
        _PLAN,
        _SILENT,
        _HOURS,
        _NUMBERS,
        _LAST_HOUR,
        _BASELINE,
        _TALKS,
    ),
    variables=("team", "manager", "stage", "direction", "conversation_s"),
    start="now/d",
)
