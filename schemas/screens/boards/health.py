"""Data health: whether the numbers of the other boards can be trusted."""

from __future__ import annotations

from schemas.screens.boards.columns import COVERAGE, NONE_WANTED
from schemas.screens.boards.today import FRESHNESS
from schemas.screens.panel import (
    Board,
    ChangeColumn,
    Panel,
    PanelType,
    SeriesStyle,
    Threshold,
    Unit,
    column,
    query,
    settled,
)

_DRIFT = Panel(
    id="health_drift",
    panel_type=PanelType.STAT,
    query=settled("drift"),
    columns=(column("differing", thresholds=NONE_WANTED), column("cells")),
    width=6,
    height=5,
)

_COVERAGE = Panel(
    id="health_coverage",
    panel_type=PanelType.STAT,
    query=query("activity", by=(), unassigned=1),
    columns=(column("match_coverage", Unit.RATIO, thresholds=COVERAGE), column("unknown_calls")),
    width=6,
    height=5,
)

_UNASSIGNED = Panel(
    id="health_unassigned",
    panel_type=PanelType.STAT,
    query=query("unassigned"),
    columns=(column("missed"), column("of_extensions", thresholds=(Threshold(0, "good"), Threshold(1, "notice")))),
    width=6,
    height=5,
)

_MISSING = Panel(
    id="health_missing",
    panel_type=PanelType.TABLE,
    query=query("missing_calls"),
    columns=(
        column("source", Unit.TEXT, width=110),
        column("of_day", Unit.DAY, width=110),
        column("since", Unit.TIME, width=155),
        column("until", Unit.TIME, width=155),
        column("missing", thresholds=NONE_WANTED),
        column("goes_on", Unit.FLAG),
    ),
    width=24,
    height=6,
)

_UNKNOWN_STAGES = Panel(
    id="health_unknown_stages",
    panel_type=PanelType.TABLE,
    query=query("funnel_unknown"),
    columns=(column("stage", Unit.TEXT), column("changes")),
    width=6,
    height=5,
)

_REASONS = Panel(
    id="health_reasons",
    panel_type=PanelType.TABLE,
    query=query("rejected_by_reason", reasons=(), imports=()),
    columns=(
        column("source", Unit.TEXT, width=90),
        column("reason", Unit.TEXT, values="reason", width=190),
        column("rejected", thresholds=(Threshold(0, "good"), Threshold(1, "notice"))),
        column("example", Unit.TEXT),
    ),
    width=14,
    height=8,
    of_loads=True,
)

_LAG = Panel(
    id="health_lag",
    panel_type=PanelType.LINES,
    query=query("lag"),
    columns=(
        column("time", Unit.TIME),
        column("median_lag_s", Unit.SECONDS),
        column("p95_lag_s", Unit.SECONDS),
        column("late_cells", style=SeriesStyle.REFERENCE),
    ),
    width=10,
    height=8,
)

_IMPORTS = Panel(
    id="health_imports",
    panel_type=PanelType.TABLE,
    query=query("imports", limit=200),
    columns=(
        column("time", Unit.TIME, width=145),
        column("source", Unit.TEXT, width=90),
        column("kind", Unit.TEXT, values="import_kind", width=110),
        column("file", Unit.TEXT, width=200),
        column("profile", Unit.TEXT),
        column("state", Unit.TEXT, values="feed_state", width=90),
        column("rows"),
        column("records"),
        column("repeats"),
        column("rejected", thresholds=(Threshold(0, "good"), Threshold(1, "notice"))),
        column("seconds", Unit.SECONDS),
    ),
    width=24,
    height=8,
    of_loads=True,
)

_VERIFY = Panel(
    id="health_verify",
    panel_type=PanelType.TABLE,
    query=settled("verify"),
    columns=(
        column("time", Unit.TIME, title_id="bucket", width=145),
        column("manager_id", Unit.TEXT, width=90),
        column("stream", Unit.TEXT),
        column("batch", Unit.TEXT),
    ),
    width=8,
    height=8,
)

_RESTATEMENTS = Panel(
    id="health_restatements",
    panel_type=PanelType.TABLE,
    query=query("restatements", limit=300),
    columns=(
        column("time", Unit.TIME, width=145),
        column("of_day", Unit.DAY, width=100),
        column("manager", Unit.TEXT, width=130),
        column("file", Unit.TEXT, width=120),
        ChangeColumn(name="calls_change"),
        ChangeColumn(name="conversations_change"),
        ChangeColumn(name="calls_to_potential_change"),
        ChangeColumn(name="individual_proposals_change"),
        column("cells"),
    ),
    width=16,
    height=8,
    of_loads=True,
)

HEALTH = Board(
    id="health",
    panels=(
        _DRIFT,
        _COVERAGE,
        _UNASSIGNED,
        _UNKNOWN_STAGES,
        _MISSING,
        FRESHNESS,
        _REASONS,
        _LAG,
        _IMPORTS,
        _VERIFY,
        _RESTATEMENTS,
    ),
    variables=("source",),
    start="now-7d/d",
)
