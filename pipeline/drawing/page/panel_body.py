"""A panel of the board page: drawn, and below a table how long it is and what all its rows share. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from pipeline.drawing.draw import DrawnPanel, Row, draw
from pipeline.drawing.render_context import RenderContext
from pipeline.drawing.tables import foot
from schemas.screens.panel import Column, Panel, PanelType

FEW = 5
"""So many rows are seen at once, on a telephone too: nobody needs to read how many they are."""


def most(panel: Panel) -> int | None:
    """As many rows are shown at most; ask for one more to know whether more follow."""
    limit = dict(panel.query.fixed).get("limit") if panel.query else None
    return limit if isinstance(limit, int) else None


def screen(panel: Panel, rows: Sequence[Row], context: RenderContext, *notes: str) -> DrawnPanel:
    """`rows` are one more than `most` where more follow; `notes` stand below a table."""
    once = [column for column in panel.columns if column.once]
    shown = rows[: most(panel)]
    kept = msgspec.structs.replace(panel, columns=tuple(one for one in panel.columns if one not in once))
    drawn = draw(kept, shown, context)
    if panel.panel_type not in (PanelType.TABLE, PanelType.MATRIX) or not rows:
        return drawn
    lines = [*_shared(once, shown[0], context), *_length(panel, shown, len(rows) > len(shown), context), *notes]
    return DrawnPanel(html=drawn.html + foot(lines))


def _shared(columns: Sequence[Column], row: Row, context: RenderContext) -> Iterator[str]:
    for column in columns:
        yield f"{context.title(column)}: {context.value(row.get(column.name), column)}"


def _length(panel: Panel, shown: Sequence[Row], more: bool, context: RenderContext) -> Iterator[str]:
    count = len(shown) if panel.panel_type is PanelType.TABLE else len({row[panel.columns[0].name] for row in shown})
    if more:
        yield context.texts.rows_more.format(rows=count)
    elif count > FEW:
        yield context.texts.rows.format(rows=count)
