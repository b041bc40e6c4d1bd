"""How values are written: both languages, both signs, nothing made up."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.drawing.cells import written
from pipeline.readouts.values import moment, number
from schemas.screens.panel import ChangeColumn, Column, Unit

_NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("value", "unit", "russian", "english"),
    [
        (1234567, Unit.COUNT, f"1{_NBSP}234{_NBSP}567", "1,234,567"),
        ("1234", Unit.COUNT, f"1{_NBSP}234", "1,234"),
        (0, Unit.COUNT, "0", "0"),
        (0.8854, Unit.RATIO, f"88,5{_NBSP}%", "88.5%"),
        (2.2449, Unit.DECIMAL, "2,24", "2.24"),
        ("-136401.05", Unit.MONEY, f"−136{_NBSP}401,05", "−136,401.05"),
        (-0.001, Unit.DECIMAL, "0,00", "0.00"),
        (59, Unit.SECONDS, "0:59", "0:59"),
        (11025, Unit.SECONDS, "3:03:45", "3:03:45"),
        (None, Unit.COUNT, "–", "–"),
        ("", Unit.TEXT, "–", "–"),
        ("Петров", Unit.TEXT, "Петров", "Петров"),
    ],
)
def test_value_in_both_languages(value: object, unit: Unit, russian: str, english: str) -> None:
    column = Column(name="x", unit=unit)
    assert (written(value, column, "ru"), written(value, column, "en")) == (russian, english)


@pytest.mark.parametrize(("value", "said"), [(3, "+3"), (0, "0"), (-3, "−3"), (None, "–")])
def test_change_has_its_sign(value: object, said: str) -> None:
    assert written(value, ChangeColumn(name="x"), "en") == said


def test_times_are_those_of_the_reporting_zone() -> None:
    at = moment("2026-03-12 21:30:00", ZoneInfo("Europe/Moscow"))
    assert at is not None
    assert f"{at:%F %T}" == "2026-03-13 00:30:00"
    assert at == moment("2026-03-12T21:30:00Z", ZoneInfo("UTC"))
    assert at.astimezone(UTC).hour == 21


@given(st.integers(-(10**12), 10**12))
def test_a_count_can_be_read_back(count: int) -> None:
    for language, thousands in (("ru", _NBSP), ("en", ",")):
        said = written(str(count), Column(name="x"), language)
        assert int(said.replace(thousands, "").replace("−", "-")) == count


@given(st.decimals(-(10**9), 10**9, places=2))
def test_a_sum_keeps_its_cents(amount: Decimal) -> None:
    said = written(str(amount), Column(name="x", unit=Unit.MONEY), "en")
    assert Decimal(said.replace(",", "").replace("−", "-")) == amount
    assert number(str(amount)) == amount
