"""Charts as Plotly figures, as plain data. What is not over yet is hatched; series differ in more than their colour."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pipeline.drawing.languages import number_format
from pipeline.drawing.render_context import RenderContext
from pipeline.readouts.values import moment, number
from schemas.screens import colours
from schemas.screens.panel import Column, Panel, PanelType, SeriesStyle, Unit

Row = Mapping[str, Any]
Trace = dict[str, Any]

_DASHES = ("solid", "dot", "dashdot", "longdash", "dash")
_MARKS = ("circle", "square", "diamond", "triangle-up", "x")
_HATCHES = ("", ".", "-", "x", "\\")
"""Of bars beside one another: they differ on a grey print-out too."""

_NAMES = {"autorange": "reversed", "type": "category", "ticksuffix": " ", "automargin": True}
"""An axis of names, the first on top."""
_REFERENCES = ({"color": "#5b6570", "width": 1.5, "dash": "dash"}, {"color": "#8c8c8c", "width": 1.5, "dash": "dot"})
_TICKS = {Unit.RATIO: ".0%", Unit.SECONDS: ".2~s"}


def figure(panel: Panel, rows: Sequence[Row], context: RenderContext) -> dict[str, Any]:
    """`{"data": [...], "layout": {...}}` of a panel that has axes."""
    traces, layout = _FORMS[panel.panel_type](panel.columns, rows, context)
    return {"data": traces, "layout": _layout(context.language) | layout}


def _layout(language: str) -> dict[str, Any]:
    symbols = number_format(language)
    return {
        "margin": {"l": 44, "r": 12, "t": 8, "b": 32},
        "font": {"family": "system-ui, sans-serif", "size": 12, "color": "#1d2733"},
        "separators": symbols.point + symbols.thousands,
        "showlegend": False,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hoverlabel": {"font": {"size": 12}},
    }


def _over_time(
    columns: Sequence[Column], rows: Sequence[Row], context: RenderContext, *, bars: bool
) -> tuple[list[Trace], Trace]:
    time, *series = columns
    x = [_local(row[time.name], context) for row in rows]
    traces: list[Trace] = []
    plain = references = 0
    for column in series:
        y = [number(row[column.name]) for row in rows]
        if column.style is not SeriesStyle.PLAIN and not any(y):
            continue
        # The unfinished part has the colour of the series before it.
        index = max(0, plain - (column.style is SeriesStyle.UNFINISHED)) % len(colours.SERIES)
        plain += column.style is SeriesStyle.PLAIN
        if column.style is SeriesStyle.REFERENCE:
            style: Trace = {"type": "scatter", "mode": "lines", "line": _REFERENCES[references % len(_REFERENCES)]}
            references += 1
        else:
            style = _series(column, index, bars=bars)
        traces.append({"x": x, "y": y, "name": context.title(column), "hovertemplate": _hover(column), **style})
    layout = {
        "barmode": "stack",
        "hovermode": "x unified",
        "showlegend": len(traces) > 1,
        "legend": {"orientation": "h", "y": -0.16, "x": 0, "font": {"size": 11}, "traceorder": "normal"},
        "xaxis": {
            "type": "date",
            "tickformat": context.texts.axis_date,
            "hoverformat": context.texts.moment if _within_days(x) else context.texts.date,
            "nticks": 8,
            "gridcolor": "#e6eaef",
        },
        "yaxis": {"rangemode": "tozero", "gridcolor": "#e6eaef", "tickformat": _TICKS.get(series[0].unit, "")},
    }
    return traces, layout


def _within_days(x: Sequence[str | None]) -> bool:
    """Whether moments, not whole days, are to be distinguished."""
    return any(one and not one.endswith("00:00:00") for one in x)


def _series(column: Column, index: int, *, bars: bool) -> Trace:
    colour = colours.SERIES[index]
    if bars:
        return {"type": "bar", "marker": _bar(colour, _HATCHES[index], is_complete=column.style is SeriesStyle.PLAIN)}
    pale = column.style is SeriesStyle.UNFINISHED
    line = {"color": colour, "width": 2, "dash": "dot" if pale else _DASHES[index]}
    mark = {"symbol": f"{_MARKS[index]}-open" if pale else _MARKS[index], "size": 6}
    return {"type": "scatter", "mode": "lines+markers", "line": line, "marker": mark}


def _bar(colour: str, hatch: str, *, is_complete: bool) -> Trace:
    if is_complete:
        pattern = {"shape": hatch, "bgcolor": colour, "fgcolor": "#ffffff", "size": 5, "solidity": 0.2}
        return {"color": colour, "pattern": pattern}
    pattern = {"shape": "/", "fgcolor": colour, "bgcolor": "#ffffff", "size": 6, "solidity": 0.35}
    return {"color": colour, "pattern": pattern, "line": {"color": colour, "width": 1}}


def _hover(column: Column) -> str:
    decimals = {Unit.RATIO: ".1%", Unit.COUNT: ",.0f", Unit.SECONDS: ",.0f"}.get(column.unit, ",.2~f")
    return f"%{{y:{decimals}}}"


def _bars(columns: Sequence[Column], rows: Sequence[Row], context: RenderContext) -> tuple[list[Trace], Trace]:
    """Lying bars by name, the first on top; several numbers stand side by side."""
    name, *numbers = columns
    names = [context.value(row[name.name], name) for row in rows]
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "name": context.title(column),
            "y": names,
            "x": [number(row[column.name]) for row in rows],
            "text": [context.value(row[column.name], column) for row in rows],
            "textposition": "auto",
            "textangle": 0,
            "hovertemplate": "%{y}: %{text}<extra></extra>",
            "cliponaxis": False,
            "marker": _bar_style(column, index),
        }
        for index, column in enumerate(numbers)
    ]
    layout = {
        "margin": {"l": 10, "r": 34, "t": 8, "b": 24},
        "barmode": "group",
        "bargap": 0.25,
        "showlegend": len(traces) > 1,
        "legend": {"orientation": "h", "y": -0.12, "x": 0, "font": {"size": 11}, "traceorder": "normal"},
        "xaxis": {"rangemode": "tozero", "gridcolor": "#e6eaef", "nticks": 6},
        "yaxis": _NAMES,
    }
    return traces, layout


def _bar_style(column: Column, index: int) -> Trace:
    if column.style is SeriesStyle.REFERENCE:
        return {"color": "#c3cad2"}
    return _bar(colours.SERIES[index % len(colours.SERIES)], "", is_complete=column.style is SeriesStyle.PLAIN)


def _funnel(columns: Sequence[Column], rows: Sequence[Row], context: RenderContext) -> tuple[list[Trace], Trace]:
    """Level bars, the share of the first beside each. Pale where a part of the cohort may still come."""
    name, column = columns
    names = [context.value(row[name.name], name) for row in rows]
    pale = [bool(row.get("immature")) and index > 0 for index, row in enumerate(rows)]
    trace = {
        "type": "funnel",
        "y": names,
        "x": [number(row[column.name]) for row in rows],
        "textinfo": "value+percent initial",
        "hovertemplate": "%{y}: %{x:,.0f}<extra></extra>",
        "marker": {
            "color": [colours.SKY if one else colours.BLUE for one in pale],
            "line": {"color": colours.BLUE, "width": 1},
        },
        "connector": {"fillcolor": "#eef2f6"},
    }
    layout = {
        "margin": {"l": 10, "r": 12, "t": 8, "b": 26 if any(pale) else 8},
        "yaxis": {"automargin": True, "ticksuffix": " "},
        "annotations": [_note(context.texts.incomplete)] if any(pale) else [],
    }
    return [trace], layout


def _note(text: str) -> Trace:
    corner = {"x": 0, "y": 0, "xref": "paper", "yref": "paper", "yshift": -22, "xanchor": "left"}
    return {"text": text, "showarrow": False, "font": {"size": 11, "color": "#44505c"}, **corner}


def _heat(columns: Sequence[Column], rows: Sequence[Row], context: RenderContext) -> tuple[list[Trace], Trace]:
    """A row for each name, a cell for each time, the number in it. A gap is a time that is not over."""
    time, name, column = columns
    x = list(dict.fromkeys(row[time.name] for row in rows))
    names = list(dict.fromkeys(str(row[name.name]) for row in rows))
    found = {(row[time.name], str(row[name.name])): number(row[column.name]) for row in rows}
    z = [[found.get((at, label)) for at in x] for label in names]
    moments = [moment(at, context.zone) for at in x]
    days = {at.date() for at in moments if at}
    labels = [at.strftime("%H:00" if len(days) == 1 else "%d.%m %H:00") if at else "" for at in moments]
    scale = [[index / (len(colours.HEAT) - 1), colour] for index, colour in enumerate(colours.HEAT)]
    trace = {
        "type": "heatmap",
        "x": labels,
        "y": names,
        "z": z,
        "zmin": 0,
        "colorscale": scale,
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
        "hovertemplate": "%{y}, %{x}: %{z}<extra></extra>",
        **({"texttemplate": "%{z}"} if len(x) <= 24 else {}),
    }
    layout = {
        "margin": {"l": 10, "r": 12, "t": 8, "b": 32},
        "xaxis": {"type": "category", "nticks": 14},
        "yaxis": _NAMES,
    }
    return [trace], layout


def _local(value: object, context: RenderContext) -> str | None:
    """A moment as the reporting zone's clock shows it: Plotly knows no zones."""
    at = moment(value, context.zone)
    return at.strftime("%Y-%m-%d %H:%M:%S") if at else None


_DrawFigure = Callable[[Sequence[Column], Sequence[Row], RenderContext], tuple[list[Trace], Trace]]

_FORMS: dict[PanelType, _DrawFigure] = {
    PanelType.LINES: lambda columns, rows, context: _over_time(columns, rows, context, bars=False),
    PanelType.COLUMNS: lambda columns, rows, context: _over_time(columns, rows, context, bars=True),
    PanelType.BARS: _bars,
    PanelType.FUNNEL: _funnel,
    PanelType.HEAT: _heat,
}
