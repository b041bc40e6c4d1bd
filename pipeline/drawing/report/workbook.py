"""The report as an Excel workbook: a sheet for each part, numbers as numbers, times as times."""

from __future__ import annotations

import io
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.format import Format  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from pipeline.drawing.report.text import ReportText
from pipeline.drawing.tables import distinct_heads
from pipeline.readouts.report_data import PartData
from pipeline.readouts.values import moment, number
from schemas.screens.panel import NUMBERS, ChangeColumn, Column, Unit

_FORMATS = {
    Unit.COUNT: "#,##0",
    Unit.DECIMAL: "#,##0.00",
    Unit.RATIO: "0.0%",
    Unit.DAYS: "#,##0.0",
    Unit.MONEY: "#,##0.00",
    Unit.SECONDS: "[h]:mm:ss",
    Unit.TIME: "yyyy-mm-dd hh:mm",
}
_DAY_S = 86_400
_WIDEST = 60
_LONGEST_NAME = 31
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", " ") | {"'": "\N{RIGHT SINGLE QUOTATION MARK}"})
"""An apostrophe is forbidden at both ends only; its better self nowhere."""


def workbook(text: ReportText) -> bytes:
    """The bytes of the .xlsx file."""
    content = io.BytesIO()
    # Texts are texts: what begins with = or looks like an address is neither a formula nor a link.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(content, options) as book:
        book.set_properties({"title": text.subject, "comments": text.made})
        book.set_calc_mode("auto")
        writer = _Writer(book, text)
        writer.first_sheet()
        for one in text.report.parts():
            writer.sheet(one)
    return content.getvalue()


class _Writer:
    def __init__(self, book: xlsxwriter.Workbook, text: ReportText) -> None:
        self._book = book
        self._text = text
        self._names: set[str] = set()
        self._head = book.add_format(
            {"bold": True, "bg_color": "#E8EDF2", "border": 1, "text_wrap": True, "valign": "top"}
        )
        self._plain = book.add_format({"text_wrap": True, "valign": "top"})
        self._title = book.add_format({"bold": True, "font_size": 16})
        self._alarm = book.add_format({"bold": True, "font_color": "#C44F00", "text_wrap": True})
        self._formats: dict[tuple[Unit, bool], Format] = {}

    def first_sheet(self) -> None:
        """What it is of, whether it can be trusted, and what each number means."""
        text = self._text
        sheet = self._sheet(text.texts.sections["summary"])
        sheet.set_column(0, 0, 110)
        sheet.write_string(0, 0, text.texts.title, self._title)
        row = 1
        stale = [text.texts.stale, *text.report.heading.stale] if text.report.heading.stale else []
        for line in stale:
            sheet.write_string(row, 0, line, self._alarm)
            row += 1
        summary = [
            *text.lines,
            "",
            *text.headlines,
            "",
            text.texts.definitions_title,
            *text.definitions,
            "",
            text.made,
        ]
        for line in summary:
            sheet.write_string(row, 0, line, self._plain)
            row += 1

    def sheet(self, one: PartData) -> None:
        """A part: heads, frozen and filtered, and its rows."""
        text = self._text
        sheet = self._sheet(text.titled(one.part).title)
        columns = [column for column in one.columns if not column.hidden]
        heads = distinct_heads([text.context.title(column) for column in columns])
        for index, (column, head) in enumerate(zip(columns, heads, strict=True)):
            sheet.write_string(0, index, head, self._head)
            sheet.set_column(index, index, _width(column, head, one, text))
        for line, row in enumerate(one.rows, start=1):
            for index, column in enumerate(columns):
                self._write(sheet, line, index, row.get(column.name), column)
        sheet.freeze_panes(1, 1)
        if one.rows:
            sheet.autofilter(0, 0, len(one.rows), len(columns) - 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)

    def _write(self, sheet: Worksheet, line: int, index: int, value: Any, column: Column) -> None:
        if column.unit is Unit.TIME:
            at = moment(value, self._text.context.zone)
            if at is not None:
                # Excel knows no zones: the clock of the reporting zone, which the first sheet names.
                sheet.write_datetime(line, index, at.replace(tzinfo=None), self._format(column))
        elif column.unit in NUMBERS:
            count = number(value)
            if count is not None:
                seconds = column.unit is Unit.SECONDS
                sheet.write_number(line, index, float(count) / (_DAY_S if seconds else 1), self._format(column))
        elif value not in (None, ""):
            sheet.write_string(line, index, self._text.context.value(value, column), self._plain)

    def _format(self, column: Column) -> Format:
        key = (column.unit, isinstance(column, ChangeColumn))
        if key not in self._formats:
            number_format = _FORMATS[column.unit]
            self._formats[key] = self._book.add_format(
                {"num_format": f"+{number_format};-{number_format};0" if key[1] else number_format}
            )
        return self._formats[key]

    def _sheet(self, title: str) -> Worksheet:
        """A sheet whose name no other has."""
        name, number = sheet_name(title), 1
        while name.casefold() in self._names:
            number += 1
            name = f"{sheet_name(title, _LONGEST_NAME - 4)} {number}"
        self._names.add(name.casefold())
        return self._book.add_worksheet(name)


def sheet_name(title: str, most: int = _LONGEST_NAME) -> str:
    """A title as Excel takes it: some characters are forbidden, and of a longer one what stands before a comma, a
    bracket, a colon, or so many whole words."""
    for end in (", ", " (", ": "):
        if len(title) > most:
            title = title.split(end)[0]
    sheet_title = " ".join(title.translate(_FORBIDDEN).split())
    if len(sheet_title) > most:
        sheet_title = sheet_title[: most + 1].rpartition(" ")[0] or sheet_title[:most]
    return sheet_title


def _width(column: Column, head: str, one: PartData, text: ReportText) -> float:
    values = [text.context.value(row.get(column.name), column) for row in one.rows[:200]]
    longest = max((len(word) for word in values), default=0)
    return min(_WIDEST, max(9, longest + 2, max(map(len, head.split()), default=0) + 3))
