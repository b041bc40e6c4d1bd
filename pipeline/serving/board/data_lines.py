"""How far the data can be trusted, in one line for the head of sales: what the board of data quality says in full."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from pipeline.drawing.cells import written
from pipeline.readouts.feeds import freshness, last_call
from pipeline.readouts.numbers import Numbers
from schemas.parameters import Chosen, Department, bind
from schemas.screens.boards import panel
from schemas.screens.panel import Unit, column
from schemas.screens.translations.boards import board_texts
from schemas.screens.translations.page import page_texts

_COVERAGE = column("match_coverage", Unit.RATIO)


def data_lines(numbers: Numbers, department: Department, chosen: Chosen, language: str) -> list[str]:
    """The latest call, the share of calls that are recognised, calls of numbers without a manager, and sources that are
    not well. Raises Transient or Terminal."""
    texts, page = page_texts(language).data, page_texts(language)
    lines = []
    if (last := last_call(numbers).moment) is not None:
        shown = last.astimezone(ZoneInfo(department.zone)).strftime(page.moment)
        lines.append(texts["last_call"].format(moment=shown))
    coverage = _first(numbers, department, chosen, "today_numbers").get("match_coverage")
    if coverage is not None:
        lines.append(texts["coverage"].format(share=written(coverage, _COVERAGE, language)))
    if calls := int(_first(numbers, department, chosen, "health_unassigned").get("of_extensions") or 0):
        lines.append(texts["unassigned"].format(calls=calls))
    states = board_texts(language).values["feed_state"]
    for feed in freshness(numbers, chosen.now):
        if not feed.well:
            lines.append(texts["unwell"].format(source=feed.source, state=states.get(feed.state, feed.state)))
    return lines


def _first(numbers: Numbers, department: Department, chosen: Chosen, id: str) -> dict[str, Any]:
    """The first row of a panel: the number is that of the board."""
    query = panel(id).query
    rows = numbers.rows(query.metric, dict[str, Any], bind(query, department, chosen)) if query else []
    return rows[0] if rows else {}
