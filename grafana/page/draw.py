"""A panel and its rows, drawn: HTML for numbers and tables, a Plotly figure for what has axes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import msgspec

from grafana.page.figures import figure
from grafana.page.said import Said
from grafana.page.tables import matrix, regulations_table, stat, table
from grafana.panel import Form, Panel, Unit

Row = Mapping[str, Any]


class Drawn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One of both; neither when there is nothing to show."""

    html: str = ""
    figure: dict[str, Any] | None = None


_TABLES = {Form.TABLE: table, Form.MATRIX: matrix}


def draw(panel: Panel, rows: Sequence[Row], said: Said) -> Drawn:
    """A panel in the reader's language. Says so itself when there are no rows."""
    if panel.query is None:
        return Drawn(html=regulations_table(said))
    if panel.form is Form.STAT:
        return Drawn(html=stat(panel.columns, rows[0] if rows else _zeros(panel), said))
    if not rows:
        return Drawn(html=f'<p class="none">{escape(said.nothing(panel))}</p>')
    if panel.form in _TABLES:
        return Drawn(html=_TABLES[panel.form](panel.columns, rows, said))
    return Drawn(figure=figure(panel, rows, said))


def _zeros(panel: Panel) -> Row:
    """Counts of nothing are zero; there is nothing to divide by."""
    return {column.name: 0 for column in panel.columns if column.unit is Unit.COUNT}
