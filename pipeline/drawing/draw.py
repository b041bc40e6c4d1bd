"""A panel and its rows, drawn: HTML for numbers and tables, a Plotly figure for what has axes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from pipeline.drawing.figures import figure
from pipeline.drawing.render_context import RenderContext
from pipeline.drawing.tables import matrix, nothing, regulations_table, stat, table
from schemas.screens.panel import Panel, PanelType, Unit

Row = Mapping[str, Any]


class DrawnPanel(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One of both; neither when there is nothing to show."""

    html: str = ""
    figure: dict[str, Any] | None = None


_TABLES = {PanelType.TABLE: table, PanelType.INCIDENTS: table, PanelType.MATRIX: matrix}


def draw(panel: Panel, rows: Sequence[Row], context: RenderContext) -> DrawnPanel:
    """A panel in the reader's language. Says so itself when there are no rows."""
    if panel.query is None:
        return DrawnPanel(html=regulations_table(context))
    if panel.panel_type is PanelType.STAT:
        return DrawnPanel(html=stat(panel.columns, rows[0] if rows else _zeros(panel), context))
    if not rows:
        return DrawnPanel(html=nothing(context.nothing(panel)))
    if panel.panel_type in _TABLES:
        return DrawnPanel(html=_TABLES[panel.panel_type](panel.columns, rows, context))
    return DrawnPanel(figure=figure(panel, rows, context))


def _zeros(panel: Panel) -> Row:
    """Counts of nothing are zero; there is nothing to divide by."""
    return {column.name: 0 for column in panel.columns if column.unit is Unit.COUNT}
