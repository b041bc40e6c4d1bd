"""Numbers and tables as HTML. Each number bears the store's value in `data-v`, so that rounding loses nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from markupsafe import Markup

from pipeline.drawing.render_context import RenderContext
from pipeline.drawing.templates import escaped, render
from pipeline.readouts.values import number
from schemas.screens.panel import NUMBERS, TIMES, ChangeColumn, Column, Unit

Row = Mapping[str, Any]

_LONG = 20
"""Letters of a word from which on it may be broken anywhere."""


class DrawnCell(msgspec.Struct, frozen=True, kw_only=True):
    """A value of a table or a tile, as its template takes it."""

    text: str
    head: str
    align: str = "l"
    name: str = ""
    number: str | None = None
    """As the store gave it; None for what is not a number."""
    mark: str = ""
    """good, notice, bad, up or down."""
    address: str = ""
    """What the value leads to."""


class DrawnHead(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    align: str = "l"
    width: int = 0
    """Pixels at least; 0 lets the browser decide."""


def stat(columns: Sequence[Column], row: Row, context: RenderContext) -> str:
    """Tiles, each with a number; a Change stands small under the number before it."""
    tiles: list[list[DrawnCell]] = []
    for column in columns:
        cell = _cell(row.get(column.name), column, context, context.title(column))
        if isinstance(column, ChangeColumn) and tiles:
            tiles[-1].append(cell)
        else:
            tiles.append([cell])
    return render("stat.html", tiles=tiles)


def table(columns: Sequence[Column], rows: Sequence[Row], context: RenderContext) -> str:
    """A row for each row."""
    shown = [column for column in columns if not column.hidden and not column.beside]
    beside = {column.beside: column for column in columns if column.beside}
    heads = [_head(column, context.title(column)) for column in shown]
    labels = distinct_heads([context.title(column) for column in shown])
    return _table(heads, [list(_cells(row, shown, labels, context, beside)) for row in rows])


def matrix(columns: Sequence[Column], rows: Sequence[Row], context: RenderContext) -> str:
    """A row for each value of the first column, a column for each of the second, the third inside."""
    row_of, across, inside = columns
    names = list(dict.fromkeys(row[row_of.name] for row in rows))
    codes = list(dict.fromkeys(row[across.name] for row in rows))
    values = {(row[row_of.name], row[across.name]): row[inside.name] for row in rows}
    heads = [_head(row_of, context.title(row_of)), *(_head(inside, context.value(code, across)) for code in codes)]
    lines = [
        [
            _cell(name, row_of, context, context.title(row_of)),
            *(_cell(values.get((name, code)), inside, context, context.value(code, across)) for code in codes),
        ]
        for name in names
    ]
    return _table(heads, lines)


def regulations_table(context: RenderContext) -> str:
    """Goal and result of each stage, from the settings."""
    titles = list(context.boards.values["regulation"].values())
    lines = []
    for stage in context.department.stages.stages:
        title = stage.title.in_language(context.language) or stage.code
        texts = (title, *(text.in_language(context.language) for text in (stage.contact, stage.goal, stage.result)))
        lines.append([DrawnCell(text=text, head=head) for head, text in zip(titles, texts, strict=True)])
    return _table([DrawnHead(title=title) for title in titles], lines, kind="words")


def nothing(text: str) -> str:
    """Instead of a table without rows."""
    return str(Markup('<p class="none">{}</p>').format(escaped(text)))


def foot(lines: Sequence[str]) -> str:
    """Below a table; "" when there is nothing to say."""
    spans = Markup("").join(Markup("<span>{}</span>").format(escaped(line)) for line in lines)
    return str(Markup('<p class="foot">{}</p>').format(spans)) if spans else ""


def _table(heads: Sequence[DrawnHead], rows: Sequence[Sequence[DrawnCell]], *, kind: str = "") -> str:
    return render("table.html", heads=heads, rows=rows, kind=kind)


def _head(column: Column, title: str) -> DrawnHead:
    # The width of a time is that of Grafana's; here it is as wide as it is written.
    width = 0 if column.unit in TIMES else column.width
    return DrawnHead(title=title, align=_align(column), width=width)


def distinct_heads(heads: Sequence[str]) -> list[str]:
    """Heads that stand alone, as on a card or in a pivot table: one that several columns have follows its number's."""
    distinct: list[str] = []
    own = ""
    for head in heads:
        repeated = heads.count(head) > 1
        own = own if repeated else head
        distinct.append(f"{own} {head}" if repeated else head)
    return distinct


def _cells(
    row: Row,
    columns: Sequence[Column],
    labels: Sequence[str],
    context: RenderContext,
    beside: Mapping[str, Column],
) -> Iterator[DrawnCell]:
    for column, label in zip(columns, labels, strict=True):
        value = row.get(column.name)
        address = context.href(column.link, row) if column.link and value not in (None, "") else ""
        cell = _cell(value, column, context, label, address)
        other = beside.get(column.name)
        if other is not None and row.get(other.name):
            cell = msgspec.structs.replace(cell, text=f"{cell.text}, {context.value(row[other.name], other)}")
        yield cell


def _cell(value: Any, column: Column, context: RenderContext, head: str, address: str = "") -> DrawnCell:
    text = context.value(value, column)
    longest = max(map(len, text.split()), default=0)
    long = " long" if not address and longest > _LONG else ""
    return DrawnCell(
        text=text,
        head=head,
        align=_align(column) + long,
        name=column.name,
        number=None if value is None or column.unit not in NUMBERS else str(value),
        mark=state(value, column) or _direction(value, column),
        address=address,
    )


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
