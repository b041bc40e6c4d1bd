"""Numbers and tables as HTML. Each number bears the store's value in `data-v`, so that rounding loses nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from pipeline.drawing.cells import NUMBERS
from pipeline.drawing.render_context import RenderContext
from pipeline.readouts.values import number
from schemas.screens.panel import TIMES, ChangeColumn, Column, Unit
from schemas.stages import Text

Row = Mapping[str, Any]

_LONG = 20
"""Letters of a word from which on it may be broken anywhere."""


def stat(columns: Sequence[Column], row: Row, context: RenderContext) -> str:
    """Tiles, each with a number; a Change stands small under the number before it."""
    tiles: list[str] = []
    for column in columns:
        value = _span(row.get(column.name), column, context)
        if isinstance(column, ChangeColumn) and tiles:
            tiles[-1] = tiles[-1].removesuffix("</div>") + f'<div class="change">{value}</div></div>'
        else:
            head = f'<div class="head">{escape(context.title(column))}</div>'
            tiles.append(f'<div class="tile">{head}<div class="number">{value}</div></div>')
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _span(value: Any, column: Column, context: RenderContext) -> str:
    return f"<span{_raw(value, column)}>{_marked(value, column, context)}</span>"


def _marked(value: Any, column: Column, context: RenderContext, address: str = "") -> str:
    """A value as text, with a mark of what it means."""
    content = escape(context.value(value, column))
    if address:
        content = f'<a href="{escape(address)}">{content}</a>'
    mark = state(value, column) or _direction(value, column)
    return f'<span class="{mark}">{content}</span>' if mark else content


def table(columns: Sequence[Column], rows: Sequence[Row], context: RenderContext) -> str:
    """A row for each row."""
    shown = [column for column in columns if not column.hidden]
    heads = "".join(_head(column, context.title(column)) for column in shown)
    labels = distinct_heads([context.title(column) for column in shown])
    lines = "".join(f"<tr>{''.join(_cells(row, shown, labels, context))}</tr>" for row in rows)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>"


def _head(column: Column, title: str) -> str:
    # The width of a time is that of Grafana's; here it is as wide as it is written.
    width = f' style="min-width:{column.width}px"' if column.width and column.unit not in TIMES else ""
    return f'<th scope="col" class="{_align(column)}"{width}>{escape(title)}</th>'


def distinct_heads(heads: Sequence[str]) -> list[str]:
    """Heads that stand alone, as on a card or in a pivot table: one that several columns have follows its number's."""
    distinct: list[str] = []
    own = ""
    for head in heads:
        repeated = heads.count(head) > 1
        own = own if repeated else head
        distinct.append(f"{own} {head}" if repeated else head)
    return distinct


def _cells(row: Row, columns: Sequence[Column], labels: Sequence[str], context: RenderContext) -> Iterator[str]:
    for column, label in zip(columns, labels, strict=True):
        value = row.get(column.name)
        address = context.href(column.link, row) if column.link and value not in (None, "") else ""
        yield _cell(value, column, context, label, address)


def _cell(value: Any, column: Column, context: RenderContext, head: str, address: str = "") -> str:
    content = _marked(value, column, context, address)
    longest = max(map(len, context.value(value, column).split()), default=0)
    long = " long" if not address and longest > _LONG else ""
    return f'<td class="{_align(column)}{long}" data-h="{escape(head)}"{_raw(value, column)}>{content}</td>'


def matrix(columns: Sequence[Column], rows: Sequence[Row], context: RenderContext) -> str:
    """A row for each value of the first column, a column for each of the second, the third inside."""
    row_of, across, inside = columns
    names = list(dict.fromkeys(row[row_of.name] for row in rows))
    codes = list(dict.fromkeys(row[across.name] for row in rows))
    values = {(row[row_of.name], row[across.name]): row[inside.name] for row in rows}
    heads = _head(row_of, context.title(row_of)) + "".join(_head(inside, context.value(code, across)) for code in codes)
    lines = []
    for name in names:
        cells = [_cell(name, row_of, context, context.title(row_of))]
        cells += [_cell(values.get((name, code)), inside, context, context.value(code, across)) for code in codes]
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def regulations_table(context: RenderContext) -> str:
    """Goal and result of each stage, from the settings."""

    def translated(text: Text) -> str:
        return escape(text.in_language(context.language))

    titles = list(context.boards.values["regulation"].values())
    heads = "".join(f'<th scope="col" class="l">{escape(title)}</th>' for title in titles)
    lines = ""
    for stage in context.department.stages.stages:
        values = (
            translated(stage.title) or escape(stage.code),
            translated(stage.contact),
            translated(stage.goal),
            translated(stage.result),
        )
        cells = (
            f'<td class="l" data-h="{escape(title)}">{one}</td>' for title, one in zip(titles, values, strict=True)
        )
        lines += f"<tr>{''.join(cells)}</tr>"
    return f'<table class="words"><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>'


def _align(column: Column) -> str:
    return "r" if column.unit in NUMBERS else "l t" if column.unit in TIMES else "l"


def state(value: Any, column: Column) -> str:
    """good, notice or bad, by the column's thresholds; "" below all of them."""
    count = number(value) if column.unit in (*NUMBERS, Unit.FLAG) else None
    if count is None:
        return ""
    reached = [one.what for one in column.thresholds if float(count) >= one.at]
    return reached[-1] if reached else ""


def _direction(value: Any, column: Column) -> str:
    count = number(value) if isinstance(column, ChangeColumn) else None
    return "" if not count else "up" if count > 0 else "down"


def _raw(value: Any, column: Column) -> str:
    """The value as the store gave it."""
    if value is None or column.unit not in NUMBERS:
        return ""
    return f' data-k="{escape(column.name)}" data-v="{escape(str(value))}"'
