"""In what language, for which department and with which links something is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.drawing.cells import written
from pipeline.drawing.course import course
from pipeline.readouts.values import moment
from schemas.parameters import Department
from schemas.screens.labels import codes
from schemas.screens.panel import TIMES, Column, Panel, PanelLink, Unit
from schemas.screens.translations.boards import BoardTexts, board_texts
from schemas.screens.translations.page import page_texts


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
        """A value as text: codes looked up, times in the reporting zone. A course is drawn."""
        if column.unit is Unit.COURSE:
            return course(value if isinstance(value, list) else [], self.title(column))
        if column.unit in TIMES:
            at = moment(value, self.zone)
            return at.strftime(self.texts.time_format(column.unit)) if at else written(None, column, self.language)
        if column.unit is Unit.FLAG or column.values:
            code = str(int(value)) if isinstance(value, (bool, int)) else str(value or "")
            return self._codes(column).get(code, code) or written(None, column, self.language)
        return written(value, column, self.language)

    def _codes(self, column: Column) -> dict[str, str]:
        return dict(codes(column, self.department, self.language))
