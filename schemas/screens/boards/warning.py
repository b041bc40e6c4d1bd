"""Early warning: what will be missing in the revenue of the next months."""

from __future__ import annotations

from schemas.alerts import rule
from schemas.screens.boards.columns import NONE_WANTED, TEAM, manager
from schemas.screens.boards.manager import NOVELTY_COLUMNS
from schemas.screens.panel import Board, Panel, PanelType, SeriesStyle, Threshold, Unit, column, query, settled

SILENT_DAYS = 30
"""Days without an answered call after which an organisation counts as left alone."""
PATIENCE_S = 5
"""A caller who waited less has hung up in the greeting."""
HOURS = 8
"""Working hours in which a missed caller should be called back."""

EVERYTHING = 1_000_000
"""No limit: of what is counted up before it is shown."""

_SQUEEZE = Panel(
    id="warning_squeeze",
    panel_type=PanelType.TABLE,
    query=settled("squeezers", **dict(rule("squeeze").parameters)),
    columns=(
        *manager(),
        TEAM,
        column("is_squeezing", Unit.FLAG, thresholds=NONE_WANTED),
        column("new_now"),
        column("expected_new", Unit.DECIMAL),
        column("calls_per_existing_before", Unit.DECIMAL),
        column("calls_per_existing_now", Unit.DECIMAL),
        column("deals_before", Unit.DECIMAL),
        column("deals_now", Unit.DECIMAL),
    ),
    width=24,
    height=9,
)

_TOP = Panel(
    id="warning_top",
    panel_type=PanelType.COLUMNS,
    query=query("funnel_top", by=""),
    columns=(
        column("time", Unit.TIME),
        column("entered", title_id="entered_funnel"),
        column("entered_so_far", title_id="so_far", style=SeriesStyle.UNFINISHED),
        column("mean_before", Unit.DECIMAL, style=SeriesStyle.REFERENCE),
    ),
)

_NOVELTY = Panel(id="warning_novelty", panel_type=PanelType.COLUMNS, query=query("novelty"), columns=NOVELTY_COLUMNS)

_UNTOUCHED_BY = Panel(
    id="warning_untouched_by",
    panel_type=PanelType.TABLE,
    query=query("idle_organisations_by_manager", days=SILENT_DAYS, limit=EVERYTHING),
    columns=(*manager(), column("organisations"), column("never"), column("longest_days")),
    width=9,
    height=9,
)

_UNTOUCHED = Panel(
    id="warning_untouched",
    panel_type=PanelType.TABLE,
    query=query("idle_organisations", days=SILENT_DAYS, limit=300),
    columns=(
        column("organisation_id", Unit.TEXT, width=90),
        column("organisation", Unit.TEXT, width=180),
        column("stage", Unit.TEXT, values="stage"),
        *manager(),
        column("silent_days"),
        column("in_stage_days"),
    ),
    width=15,
    height=9,
)

_TERMINAL = Panel(
    id="warning_terminal",
    panel_type=PanelType.TABLE,
    query=query("calls_to_terminal"),
    columns=(
        *manager(),
        column("calls", thresholds=(Threshold(0, "good"), Threshold(1, "notice"))),
        column("organisations"),
        column("talk_s", Unit.SECONDS),
        column("share", Unit.RATIO),
    ),
    width=10,
    height=9,
)

_MISSED = query("missed", patience_s=PATIENCE_S, hours=HOURS, limit=300)
_MISSED_DAYS = Panel(
    id="warning_missed_days",
    panel_type=PanelType.COLUMNS,
    query=query("missed_days", patience_s=PATIENCE_S, hours=HOURS, limit=EVERYTHING),
    columns=(
        column("time", Unit.TIME),
        column("not_recovered"),
        column("recovered"),
        column("still_open", style=SeriesStyle.UNFINISHED),
    ),
    width=14,
    height=9,
)

_MISSED_LIST = Panel(
    id="warning_missed",
    panel_type=PanelType.TABLE,
    query=_MISSED,
    columns=(
        column("time", Unit.TIME, width=145),
        column("recovered", Unit.FLAG),
        column("still_open", Unit.FLAG),
        column("contact", Unit.TEXT, width=125),
        column("organisation", Unit.TEXT, width=180),
        *manager(),
        column("queue", Unit.TEXT),
        column("wait_s", Unit.SECONDS),
        column("called_back_at", Unit.TIME, width=145),
    ),
    width=24,
    height=9,
)

WARNING = Board(
    id="warning",
    panels=(_SQUEEZE, _NOVELTY, _TOP, _UNTOUCHED_BY, _UNTOUCHED, _TERMINAL, _MISSED_DAYS, _MISSED_LIST),
    variables=("team", "manager", "stage", "conversation_s"),
    start="now-90d/d",
    refresh="15m",
)
