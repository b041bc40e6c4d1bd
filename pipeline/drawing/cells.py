"""How one value is written for people, in the language of a reader."""

from __future__ import annotations

from decimal import Decimal

from pipeline.drawing.languages import number_format
from pipeline.readouts.values import number
from schemas.screens.panel import NUMBERS, ChangeColumn, Column, Unit

NONE = "–"

_TENTHS, _WHOLE = 10, 100
"""From here on a number of any kind has one decimal, or none."""
_DECIMALS = {Unit.COUNT: 0, Unit.DECIMAL: 2, Unit.DAYS: 1, Unit.MONEY: 2}


def written(value: object, column: Column, language: str) -> str:
    """A value of a column as text, units included; codes and times are not looked up here."""
    if column.unit not in NUMBERS:
        return NONE if value is None or value == "" else str(value)
    count = number(value)
    if count is None:
        return NONE
    if column.unit is Unit.SECONDS:
        return _duration(int(count))
    sign = "+" if isinstance(column, ChangeColumn) and count > 0 else ""
    if column.unit is Unit.RATIO:
        return f"{sign}{grouped(count * 100, 1, language)}{number_format(language).percent}"
    return sign + grouped(
        count, _of_any_kind(count) if column.unit is Unit.NUMBER else _DECIMALS[column.unit], language
    )


def _of_any_kind(count: float | Decimal) -> int:
    """Decimals of a number whose neighbours are of other kinds."""
    size = abs(float(count))
    return 0 if size == int(size) or size >= _WHOLE else 1 if size >= _TENTHS else 2


def grouped(count: float | Decimal, decimals: int, language: str) -> str:
    """A number with its thousands apart and a real minus."""
    symbols = number_format(language)
    text = f"{count:,.{decimals}f}"
    if not text.strip("-0.,"):
        text = text.lstrip("-")
    marks = {ord(","): symbols.thousands, ord("."): symbols.point, ord("-"): "\N{MINUS SIGN}"}
    return text.translate(marks)


def _duration(seconds: int) -> str:
    """`3:07:15`, `7:05`."""
    hours, rest = divmod(abs(seconds), 3600)
    sign = "\N{MINUS SIGN}" if seconds < 0 else ""
    return sign + (f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}")
