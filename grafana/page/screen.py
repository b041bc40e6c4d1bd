"""A panel of the board page: drawn, and below a table how long it is and what all its rows share. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

import msgspec

from grafana.page.draw import Drawn, Row, draw
from grafana.page.said import Said
from grafana.panel import Column, Form, Panel

FEW = 5
"""So many rows are seen at once, on a telephone too: nobody needs to be told how many they are."""


def most(panel: Panel) -> int | None:
    """As many rows are shown at most; ask for one more to know whether more follow."""
    limit = dict(panel.query.fixed).get("limit") if panel.query else None
    return limit if isinstance(limit, int) else None


def screen(panel: Panel, rows: Sequence[Row], said: Said, *notes: str) -> Drawn:
    """`rows` are one more than `most` where more follow; `notes` are said below a table."""
    once = [column for column in panel.columns if column.once]
    shown = rows[: most(panel)]
    kept = msgspec.structs.replace(panel, columns=tuple(one for one in panel.columns if one not in once))
    drawn = draw(kept, shown, said)
    if panel.form not in (Form.TABLE, Form.MATRIX) or not rows:
        return drawn
    lines = [*_shared(once, shown[0], said), *_length(panel, shown, len(rows) > len(shown), said), *notes]
    foot = "".join(f"<span>{escape(line)}</span>" for line in lines)
    return Drawn(html=drawn.html + (f'<p class="foot">{foot}</p>' if foot else ""))


def _shared(columns: Sequence[Column], row: Row, said: Said) -> Iterator[str]:
    for column in columns:
        yield f"{said.title(column)}: {said.value(row.get(column.name), column)}"


def _length(panel: Panel, shown: Sequence[Row], more: bool, said: Said) -> Iterator[str]:
    count = len(shown) if panel.form is Form.TABLE else len({row[panel.columns[0].name] for row in shown})
    if more:
        yield said.words.rows_more.format(rows=count)
    elif count > FEW:
        yield said.words.rows.format(rows=count)
