"""Funnel: how organisations move through the stages, and where they are lost."""

from __future__ import annotations

from schemas.screens.panel import Board, Panel, PanelType, Threshold, Unit, column, query

WINDOW = 90
"""Working days in which a conversion counts."""

_STAGE = column("stage", Unit.TEXT, values="stage")
_IMMATURE = column("immature", thresholds=(Threshold(1, "notice"),))
_STEPS = (
    _STAGE,
    column("entered"),
    column("reached"),
    column("step_conversion", Unit.RATIO),
    column("step_estimate", Unit.RATIO),
    column("overall_conversion", Unit.RATIO),
    column("median_days", Unit.DAYS),
    _IMMATURE,
)

_COHORT = Panel(
    id="funnel_cohort",
    panel_type=PanelType.FUNNEL,
    query=query("funnel_cohort", by="", window=WINDOW),
    columns=(_STAGE, column("reached")),
    width=10,
    height=8,
)

_COHORT_TABLE = Panel(
    id="funnel_cohort_table",
    panel_type=PanelType.TABLE,
    query=query("funnel_cohort", by="", window=WINDOW),
    columns=_STEPS,
    width=14,
    height=8,
)

_LOSS = Panel(
    id="funnel_loss",
    panel_type=PanelType.TABLE,
    query=query("funnel_loss", by="", window=WINDOW),
    columns=(
        column("from_stage", Unit.TEXT, values="stage"),
        column("stage", Unit.TEXT, values="stage", title_id="to_stage"),
        column("lost"),
        column("drop_off", Unit.RATIO),
        column("refused"),
        column("stuck"),
        column("in_work"),
        column("may_come", Unit.DECIMAL),
    ),
    width=12,
    height=7,
)

_SNAPSHOT = Panel(
    id="funnel_snapshot",
    panel_type=PanelType.BARS,
    query=query("funnel_snapshot", by=""),
    columns=(_STAGE, column("entered", title_id="organisations")),
    width=12,
    height=7,
)

_FLOW = Panel(
    id="funnel_flow",
    panel_type=PanelType.TABLE,
    query=query("funnel_flow", by=""),
    columns=(
        _STAGE,
        column("entered", title_id="entries"),
        column("reached", title_id="came_up"),
        column("step_conversion", Unit.RATIO, title_id="flow_ratio"),
    ),
    width=12,
    height=8,
)


def _by(by: str, who: str) -> Panel:
    """Overall conversion to each stage, a row for each team or manager."""
    return Panel(
        id=f"funnel_by_{by}",
        panel_type=PanelType.MATRIX,
        query=query("funnel_by", by=by, window=WINDOW),
        columns=(column("name", Unit.TEXT, title_id=who), _STAGE, column("overall_conversion", Unit.RATIO)),
        width=12,
        height=8,
    )


_REGULATIONS = Panel(id="funnel_regulations", panel_type=PanelType.TEXT, width=24, height=10)

FUNNEL = Board(
    id="funnel",
    panels=(
        _COHORT,
        _COHORT_TABLE,
        _LOSS,
        _SNAPSHOT,
        _FLOW,
        _by("team", "team"),
        _by("manager", "manager"),
        _by("toucher", "toucher"),
        _REGULATIONS,
    ),
    variables=("team", "manager"),
    start="now-6M/M",
    end="now",
    refresh="15m",
)
