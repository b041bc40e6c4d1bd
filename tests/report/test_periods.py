"""Which days a report is of, and which it is held against."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.periods import PeriodKind, month_before, months_before, report_period

MOSCOW = ZoneInfo("Europe/Moscow")
NOW = datetime(2026, 3, 13, 12, 30, tzinfo=UTC)
"""A Friday, 15:30 in Moscow."""


@pytest.mark.parametrize(
    ("kind", "last", "period", "before"),
    [
        (PeriodKind.DAY, None, ("2026-03-12", "2026-03-13"), ("2026-03-05", "2026-03-06")),
        (PeriodKind.WEEK, None, ("2026-03-02", "2026-03-09"), ("2026-02-23", "2026-03-02")),
        (PeriodKind.MONTH, None, ("2026-02-01", "2026-03-01"), ("2026-01-01", "2026-02-01")),
        (PeriodKind.DAY, "2026-03-10", ("2026-03-09", "2026-03-10"), ("2026-03-02", "2026-03-03")),
        (PeriodKind.WEEK, "2026-03-16", ("2026-03-09", "2026-03-16"), ("2026-03-02", "2026-03-09")),
        (PeriodKind.MONTH, "2026-04-01", ("2026-03-01", "2026-04-01"), ("2026-02-01", "2026-03-01")),
        (PeriodKind.MONTH, "2026-03-31", ("2026-02-28", "2026-03-31"), ("2026-01-28", "2026-02-28")),
    ],
)
def test_period_and_the_one_before(
    kind: PeriodKind, last: str | None, period: tuple[str, str], before: tuple[str, str]
) -> None:
    found = report_period(kind, (last and date.fromisoformat(last)) or None, NOW, MOSCOW)
    assert (str(found.period.first), str(found.period.last)) == period
    assert (str(found.before.first), str(found.before.last)) == before


def test_by_default_it_is_over_and_told_as_of_its_end() -> None:
    for kind in PeriodKind:
        found = report_period(kind, None, NOW, MOSCOW)
        assert found.is_over
        assert (found.as_of, found.before_end) == (found.period.end, found.before.end)


def test_an_unfinished_week_is_held_against_the_same_part_of_the_week_before() -> None:
    found = report_period(PeriodKind.WEEK, date(2026, 3, 16), NOW, MOSCOW)
    assert not found.is_over
    assert found.as_of == NOW
    assert found.before_end == datetime(2026, 3, 6, 15, 30, tzinfo=MOSCOW)


def test_an_unfinished_month_never_reaches_into_itself() -> None:
    at = datetime(2026, 3, 31, 12, tzinfo=UTC)
    found = report_period(PeriodKind.MONTH, date(2026, 4, 1), at, MOSCOW)
    assert found.before_end == found.before.end == found.period.start


def test_the_plan_is_of_the_month_that_has_come() -> None:
    assert report_period(PeriodKind.WEEK, date(2026, 3, 3), datetime(2026, 3, 10, tzinfo=UTC), MOSCOW).month == date(
        2026, 3, 1
    )
    begun = report_period(PeriodKind.WEEK, date(2026, 3, 5), datetime(2026, 2, 27, 12, tzinfo=UTC), MOSCOW)
    assert begun.month == date(2026, 2, 1), "today is still in February"


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.sampled_from(PeriodKind))
def test_the_earlier_period_is_before_and_as_long(last: date, kind: PeriodKind) -> None:
    found = report_period(kind, last, datetime(2091, 1, 1, tzinfo=UTC), MOSCOW)
    assert found.period.last == last
    assert found.before.last <= found.period.first or (kind is PeriodKind.DAY and found.before.last < found.period.last)
    lengths = {(one.last - one.first) for one in (found.period, found.before)}
    assert lengths == {timedelta(days=7 if kind is PeriodKind.WEEK else 1)} or kind is PeriodKind.MONTH
    if kind is not PeriodKind.MONTH:
        assert found.before.first.weekday() == found.period.first.weekday()


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_a_month_earlier_is_in_the_month_before(day: date) -> None:
    earlier = month_before(day)
    assert earlier.replace(day=1) == months_before(day, 1)
    assert earlier.day == day.day or (earlier + timedelta(days=1)).day == 1
