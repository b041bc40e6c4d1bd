"""Periods of whole days."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from pipeline.readouts.period import Period

MOSCOW = ZoneInfo("Europe/Moscow")


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.integers(0, 400))
def test_weeks_of_a_period_are_its_days_each_once(first: date, days: int) -> None:
    weeks = list(Period(first, first + timedelta(days=days), MOSCOW).weeks())
    told = [week.first + timedelta(days=n) for week in weeks for n in range((week.last - week.first).days)]
    assert told == [first + timedelta(days=n) for n in range(days)]
    assert all(timedelta(0) < week.last - week.first <= timedelta(days=7) for week in weeks)
