"""Sums and dates of tables: any way in which spreadsheets write them is the same value, or a reject."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.reading.cells import amount, count, currency, day, moment, month
from connectors.reading.rejects import Misread
from schemas.plans import Month
from schemas.records import Reason

MOSCOW = ZoneInfo("Europe/Moscow")


@given(
    st.integers(0, 10**12 - 1),
    st.integers(0, 99),
    st.sampled_from([" ", "\u00a0", "\u2009", "\u202f", "'", ""]),
    st.sampled_from([",", "."]),
    st.sampled_from(["", " ₽", " руб.", "руб", " р.", " RUB", " рублей", "$", " EUR", " €", "\u00a0₽"]),
)
def test_sum_is_the_same_in_every_grouping(whole: int, cents: int, group: str, point: str, word: str) -> None:
    written = f"{whole:,}".replace(",", group) + f"{point}{cents:02d}{word}"
    assert amount(written, "amount") == Decimal(whole) + Decimal(cents) / 100


@given(st.integers(1_000_000, 10**12 - 1), st.integers(0, 99))
def test_of_two_separators_the_last_is_the_decimal_one(whole: int, cents: int) -> None:
    grouped = f"{whole:,}"
    assert amount(f"{grouped}.{cents:02d}", "amount") == Decimal(whole) + Decimal(cents) / 100
    assert amount(f"{grouped.replace(',', '.')},{cents:02d}", "amount") == Decimal(whole) + Decimal(cents) / 100
    assert amount(grouped, "amount") == whole
    assert amount(grouped.replace(",", "."), "amount") == whole


@given(st.text(max_size=20))
def test_any_text_is_a_sum_with_two_decimals_or_a_reject(text: str) -> None:
    try:
        found = amount(text, "amount")
    except Misread as misread:
        assert (misread.bad.reason, misread.bad.field) == (Reason.BAD_AMOUNT, "amount")  # noqa: PT017
    else:
        assert 0 <= found < 10**12
        assert found == found.quantize(Decimal("0.01"))


@pytest.mark.parametrize("text", ["1.234", "12,500", "999.999"])
def test_sum_that_may_be_thousands_or_a_fraction_is_asked_about(text: str) -> None:
    with pytest.raises(Misread, match="may be thousands or a fraction: write"):
        amount(text, "amount")


@pytest.mark.parametrize(
    ("cell", "beside", "code"),
    [
        ("", "5", ""), ("", "5 руб.", "RUB"), ("", "$5", "USD"), ("", "5 €", "EUR"), ("rub", "5 $", "RUB"),
        ("₽", "5", "RUB"), ("RUR", "5", "RUB"), ("руб", "5", "RUB"), ("kzt", "5", "KZT"), (" usd ", "5", "USD"),
    ],
)  # fmt: skip
def test_currency_is_a_code_from_its_cell_else_from_beside_the_sum(cell: str, beside: str, code: str) -> None:
    assert currency(cell, beside) == code


@given(st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1)))
def test_date_is_the_same_in_every_form(at: datetime) -> None:
    at = at.replace(microsecond=0, fold=0)  # a text does not say which of two equal hours it means: the first
    expected = at.replace(tzinfo=MOSCOW).astimezone(UTC)
    forms = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S"]
    assert {moment(at.strftime(form), MOSCOW, "at") for form in forms} == {expected}
    assert moment(f"{at:%Y-%m-%dT%H:%M:%S}Z", MOSCOW, "at") == at.replace(tzinfo=UTC)
    assert moment(f"{at:%Y-%m-%dT%H:%M:%S}+0300", UTC, "at") == at.replace(tzinfo=UTC) - (
        datetime(2000, 1, 1, 3) - datetime(2000, 1, 1)
    )
    midnight = at.replace(hour=0, minute=0, second=0).replace(tzinfo=MOSCOW).astimezone(UTC)
    assert moment(f"{at.day}.{at.month}.{at:%Y}", MOSCOW, "at") == midnight


@given(st.text(max_size=25))
def test_any_text_is_a_time_that_can_be_stored_or_a_reject(text: str) -> None:
    try:
        found = moment(text, MOSCOW, "at")
    except Misread as misread:
        assert (misread.bad.reason, misread.bad.field) == (Reason.BAD_TIME, "at")  # noqa: PT017
    else:
        assert 1969 <= found.year <= 2201


@pytest.mark.parametrize(
    "text",
    [
        "", "soon", "2026-13-01", "31.11.2026", "2026-02-30", "1-1-26", "0001-01-01T00:00:00+03:00", "9999-12-31Z",
        "2026-11-02 25:00", "2026-11-02T09:00+25:00", "45963", "02.11",
    ],
)  # fmt: skip
def test_date_of_nobody_is_a_reject(text: str) -> None:
    with pytest.raises(Misread) as misread:
        moment(text, MOSCOW, "changed_at")
    assert (misread.value.bad.reason, misread.value.bad.field) == (Reason.BAD_TIME, "changed_at")


@pytest.mark.parametrize(
    "text",
    [
        *("2026-05", "05.2026", "5.2026", "2026/5", "2026-05-01", "01.05.2026", "1.5.2026 00:00:00", "01.05.26"),
        *("май 2026", "Май 2026 г.", "мая 2026", "май.26", "May-26", "may 2026", " МАЙ, 2026 "),
    ],
)
def test_month_is_the_same_however_it_is_written(text: str) -> None:
    assert month(text, "month") == "2026-05"


@pytest.mark.parametrize(
    ("name", "number"), [("сентября", 9), ("Март", 3), ("август", 8), ("June", 6), ("Sept", 9), ("декабрь", 12)]
)
def test_month_by_its_name(name: str, number: int) -> None:
    assert month(f"{name} 2027", "month") == f"2027-{number:02d}"


@given(st.text(max_size=20))
def test_any_text_is_a_month_that_the_wire_takes_or_a_reject(text: str) -> None:
    try:
        found = month(text, "month")
    except Misread as misread:
        assert (misread.bad.reason, misread.bad.field) == (Reason.BAD_TIME, "month")  # noqa: PT017
    else:
        assert msgspec.convert(found, Month) == found


@pytest.mark.parametrize("text", ["02.05.2026", "2026-05-31", "2026", "май", "13.2026", "0.2026", "1969-12", "2100-01"])
def test_what_is_no_month_says_how_one_looks(text: str) -> None:
    with pytest.raises(Misread, match="is not a month: 2026-11"):
        month(text, "month")


def test_time_beside_a_day_says_nothing() -> None:
    assert day("02.11.2026 23:59:59", "day") == day("2026-11-02T00:00:00+12:00", "day") == date(2026, 11, 2)


@given(st.integers(0, 999_999_999), st.sampled_from(["", " ", "\u00a0", "'"]), st.sampled_from(["", ",0", ".00"]))
def test_count_is_the_same_in_every_grouping(number: int, group: str, point: str) -> None:
    assert count(f"{number:,}".replace(",", group) + point, "calls") == number


@pytest.mark.parametrize("text", ["-1", "2.5", "1e3", "12 34", "1.000", "ten", "1000000000"])
def test_what_is_no_count_is_a_reject(text: str) -> None:
    with pytest.raises(Misread, match="not a whole number of 0 or more"):
        count(text, "calls")


def test_empty_cell_counts_nothing_and_not_zero() -> None:
    assert (count(" ", "calls"), count("0", "calls")) == (None, 0)
