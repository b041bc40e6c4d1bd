"""How Grafana shows a column: unit, labels for codes, colours, links to what is behind a number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

from grafana_foundation_sdk.models import dashboard as model

from schemas.parameters import Department
from schemas.screens import colours
from schemas.screens.labels import codes
from schemas.screens.panel import NUMBERS, TIMES, Column, PanelLink, PanelType, SeriesStyle, Unit
from schemas.screens.translations.boards import board_texts
from schemas.screens.translations.page import page_texts

Property = model.DynamicConfigValue
Override = model.DashboardFieldConfigSourceOverrides

_UNITS = {
    Unit.COUNT: ("none", 0),
    Unit.RATIO: ("percentunit", 1),
    Unit.DECIMAL: ("none", 2),
    # Hours, minutes and seconds: "s" would say "1 days" of 28 hours, in English.
    Unit.SECONDS: ("dthms", 0),
    Unit.DAYS: ("none", 1),
    Unit.MONEY: ("none", 2),
    Unit.NUMBER: ("none", None),
}
"""Grafana's unit, and decimals."""
_AS_MOMENT_JS = {"%Y": "YYYY", "%m": "MM", "%d": "DD", "%b": "MMM", "%H": "HH", "%M": "mm", "%S": "ss"}

_NAMED_BY_ROW = (PanelType.BARS, PanelType.FUNNEL, PanelType.HEAT)
_OVER_TIME = (PanelType.LINES, PanelType.COLUMNS)


def overrides(
    columns: tuple[Column, ...], panel_type: PanelType, department: Department, language: str
) -> list[Override]:
    """One for each column."""
    if panel_type is PanelType.MATRIX:
        return _matrix(columns, department, language)
    series = 0
    found = []
    for column in columns:
        properties = list(_properties(column, department, language))
        if panel_type in _NAMED_BY_ROW and column.unit not in (Unit.TIME, Unit.TEXT):
            # A title would stand instead of the row's own name.
            properties = [one for one in properties if one.id_val != "displayName"]
        if panel_type in _OVER_TIME and column.unit not in (Unit.TIME, Unit.TEXT):
            properties += _series_properties(column, panel_type, series)
            series += column.style is SeriesStyle.PLAIN
        elif panel_type in (PanelType.TABLE, PanelType.INCIDENTS):
            properties += _in_table(column, _title(column, department, language))
        found.append(Override(matcher=model.MatcherConfig("byName", column.name), properties=properties))
    return found


def _matrix(columns: tuple[Column, ...], department: Department, language: str) -> list[Override]:
    """Its columns are named by the codes of the second column; the first is called `row\\across`."""
    row, across, number = columns
    title = Property("displayName", board_texts(language).columns[row.title])
    found = [Override(matcher=model.MatcherConfig("byName", f"{row.name}\\{across.name}"), properties=[title])]
    for code, word in codes(across, department, language):
        shown = [Property("displayName", word), *list(_properties(number, department, language))[1:]]
        found.append(Override(matcher=model.MatcherConfig("byName", code), properties=shown))
    return found


def _properties(column: Column, department: Department, language: str) -> Iterator[Property]:
    yield Property("displayName", _title(column, department, language))
    if column.unit in TIMES:
        yield Property("unit", f"time:{_time_format(column.unit, language)}")
    elif column.unit in _UNITS:
        unit, decimals = _UNITS[column.unit]
        yield Property("unit", unit)
        if decimals is not None:
            yield Property("decimals", decimals)
    if mapping := codes(column, department, language):
        yield Property("mappings", [model.ValueMap({code: _result(word, n) for n, (code, word) in enumerate(mapping)})])
    if column.thresholds:
        steps = [model.Threshold(one.at, colours.STATE[one.what]) for one in column.thresholds]
        yield Property("thresholds", model.ThresholdsConfig(steps=[model.Threshold(None, colours.GREY), *steps]))
        yield Property("color", model.FieldColor(model.FieldColorModeId.THRESHOLDS))
    if column.link is not None and (address := _link(column.link, department, language)):
        yield Property("links", [address])


def _time_format(unit: Unit, language: str) -> str:
    """As the board page writes times, in the words of moment.js."""
    return re.sub(r"%\w", lambda found: _AS_MOMENT_JS[found[0]], page_texts(language).time_format(unit))


def _title(column: Column, department: Department, language: str) -> str:
    return board_texts(language).columns[column.title].replace("{N}", str(department.conversation_s))


def _result(word: str, index: int) -> model.ValueMappingResult:
    return model.ValueMappingResult(text=word, index=index)


def _link(link: PanelLink, department: Department, language: str) -> dict[str, object] | None:
    """To another board of the same language and period. Grafana puts the row's values in, percent-encoded. None where
    no address of the board page is known."""
    if link.on_page:
        title, url = board_texts(language).links[link.title_id], f"{department.page}/{link.board}?lang={language}"
        return {"title": title, "url": url, "targetBlank": True} if department.page else None
    if link.url:
        return {"title": board_texts(language).links[link.title_id], "url": link.url, "targetBlank": True}
    variables = [f"var-{name}=${{__data.fields.{column}:percentencode}}" for name, column in link.variables]
    fixed = [f"var-{name}={quote(value)}" for name, value in link.fixed]
    period = "${__url_time_range}"
    if link.days is not None:
        first, last = link.days
        # Local time of the board's zone, to the end of the last day.
        period = f"from=${{__data.fields.{first}}}T00:00:00.000&to=${{__data.fields.{last}}}T23:59:59.999"
    url = f"/d/{uid(link.board, language)}?" + "&".join([*variables, *fixed, period])
    return {"title": board_texts(language).links[link.title_id], "url": url, "targetBlank": False}


def uid(board: str, language: str) -> str:
    """A dashboard's uid: the same for ever, at most 40 characters."""
    return f"callfunnel-{board.replace('_', '-')}-{language}"


def _series_properties(column: Column, panel_type: PanelType, series: int) -> list[Property]:
    """A series: colour and line. What is not over yet is pale and dashed; what it is held against is thin and grey."""
    if column.style is SeriesStyle.REFERENCE:
        return [
            Property("color", model.FieldColor(model.FieldColorModeId.FIXED, colours.GREY)),
            Property("custom.drawStyle", "line"),
            Property("custom.lineStyle", {"fill": "dash", "dash": [6, 4]}),
            Property("custom.fillOpacity", 0),
            Property("custom.stacking", {"mode": "none", "group": "A"}),
        ]
    unfinished = column.style is SeriesStyle.UNFINISHED
    # The unfinished part has the colour of the series before it.
    colour = colours.SERIES[max(0, series - unfinished) % len(colours.SERIES)]
    dashes = {"fill": "dash", "dash": [2, 4]} if unfinished else {"fill": "solid"}
    found = [
        Property("color", model.FieldColor(model.FieldColorModeId.FIXED, colour)),
        Property("custom.lineStyle", dashes),
    ]
    if panel_type is PanelType.COLUMNS:
        found.append(Property("custom.fillOpacity", 15 if unfinished else 80))
    elif unfinished:
        found.append(Property("custom.showPoints", "always"))
    return found


_WIDTHS = {
    Unit.COUNT: 56,
    Unit.RATIO: 80,
    Unit.DECIMAL: 72,
    Unit.NUMBER: 72,
    Unit.SECONDS: 84,
    Unit.DAYS: 64,
    Unit.MONEY: 104,
    Unit.TIME: 145,
    Unit.TIME_S: 170,
    Unit.DAY: 100,
}
"""Pixels that the longest number of a unit takes with its cell's edges: a number is cut at its left otherwise."""
_TEXT_WIDTH = 80
_PER_LETTER, _EDGES = 7.5, 20
"""Pixels of a letter of a heading, and of the edges and the mark of the order beside it."""


def least_width(column: Column, title: str) -> int:
    """Pixels that a column of a table takes at least: its numbers, and the longest word of its heading."""
    longest = max((len(word) for word in title.split()), default=0)
    return max(_WIDTHS.get(column.unit, _TEXT_WIDTH), round(longest * _PER_LETTER) + _EDGES)


def _in_table(column: Column, title: str) -> Iterator[Property]:
    if column.hidden or column.once:  # what is the same in every row the page says below, once
        yield Property("custom.hideFrom", {"viz": True, "legend": False, "tooltip": False})
    if column.width:
        yield Property("custom.width", column.width)
    else:
        yield Property("custom.minWidth", least_width(column, title))
    if column.unit in NUMBERS:
        yield Property("custom.align", "right")
    if column.thresholds:
        yield Property("custom.cellOptions", {"type": "color-text"})
