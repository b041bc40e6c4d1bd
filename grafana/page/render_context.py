"""In what language, for which department and with which links something is drawn."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

import grafana.translations
from grafana.fields import codes
from grafana.page.cells import moment, written
from grafana.panel import TIMES, Column, Panel, PanelLink, Unit
from grafana.query import Department
from grafana.translations import BoardTexts, board_texts


class PageTexts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a page says beside the texts of its panels."""

    product: str
    nothing: str
    rows: str
    """How many rows a table has, where it is longer than its box."""
    rows_more: str
    """The same where its query stopped at so many."""
    loads_now: str
    failed: str
    busy: str
    periods: dict[str, str]
    periods_head: str
    own_period: str
    first: str
    last: str
    show: str
    all_of_them: str
    as_of: str
    as_of_last_call: str
    to_now: str
    no_calls: str
    data_end: str
    lost: str
    """Above what the store has lost."""
    refreshed: str
    every: str
    incomplete: str
    paused: str
    language: str
    login_title: str
    login: str
    wrong_address: str
    not_found: str
    own_call: str
    date: str
    """strftime of a day."""
    moment: str
    moment_s: str
    axis_date: str
    """d3 format of a day on an axis."""


@cache
def page_texts(language: str) -> PageTexts:
    """The texts of `ru` or `en`."""
    path = Path(grafana.translations.__file__).with_name(f"page_{language}.toml")
    return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), PageTexts)


class RenderContext:
    """What a panel is rendered with: titles, values and links in the reader's language."""

    def __init__(
        self,
        language: str,
        department: Department,
        *,
        values: Mapping[str, str] | None = None,
        href: Callable[[PanelLink, Mapping[str, Any]], str] = lambda link, row: "",
        columns: Mapping[str, str] | None = None,
    ) -> None:
        """`values` are what was chosen, for titles; `href` gives a link's address, "" for none; `columns` are titles
        that are not among those of the boards."""
        self.language = language
        self.department = department
        self.zone = ZoneInfo(department.zone)
        self.texts = page_texts(language)
        self.href = href
        self._values = values or {}
        self._columns = columns or {}

    @cached_property
    def boards(self) -> BoardTexts:
        return board_texts(self.language)

    def title(self, column: Column) -> str:
        """A column's head."""
        title = self._columns.get(column.title) or self.boards.columns[column.title]
        return title.replace("{N}", str(self.department.conversation_s))

    def panel_title(self, panel: Panel) -> str:
        return self._with_choices(self.boards.panels[panel.id].title)

    def panel_description(self, panel: Panel) -> str:
        return self._with_choices(self.boards.panels[panel.id].description)

    def nothing(self, panel: Panel) -> str:
        """What is shown when there is no row."""
        return (self.boards.panels[panel.id].nothing if panel.id in self.boards.panels else "") or self.texts.nothing

    def _with_choices(self, text: str) -> str:
        """With the reader's choices where a Grafana board has its variables."""
        text = text.replace("{N}", str(self.department.conversation_s))
        for name, value in self._values.items():
            text = text.replace(f"${{{name}}}", value).replace(f"${{{name}:text}}", value)
        return text

    def value(self, value: object, column: Column) -> str:
        """A value as text: codes looked up, times in the reporting zone."""
        if column.unit in TIMES:
            at = moment(value, self.zone)
            return at.strftime(self._date_format(column.unit)) if at else written(None, column, self.language)
        if column.unit is Unit.FLAG or column.values:
            code = str(int(value)) if isinstance(value, (bool, int)) else str(value or "")
            return self._codes(column).get(code, code) or written(None, column, self.language)
        return written(value, column, self.language)

    def _date_format(self, unit: Unit) -> str:
        return {Unit.DAY: self.texts.date, Unit.TIME_S: self.texts.moment_s}.get(unit, self.texts.moment)

    def _codes(self, column: Column) -> dict[str, str]:
        return dict(codes(column, self.department, self.language))
