"""Working days: public holidays, moved working Saturdays, short days before a holiday."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

import holidays

from department.options import DepartmentOptions


class WorkDayKind(StrEnum):
    WORKING = "working"
    SHORT = "short"
    """The last working day before a holiday."""
    MOVED = "moved"
    """A Saturday that is worked for a bridged holiday."""
    WEEKEND = "weekend"
    HOLIDAY = "holiday"


class WorkDay(NamedTuple):
    """One day of the calendar. `midnight` is its first second, `length_s` 23, 24 or 25 hours."""

    date: date
    kind: WorkDayKind
    title: str
    midnight: int
    length_s: int

    @property
    def is_working(self) -> bool:
        return self.kind in (WorkDayKind.WORKING, WorkDayKind.SHORT, WorkDayKind.MOVED)

    @property
    def weight(self) -> float:
        """How much of an ordinary day's work is done: the week's shape."""
        share = _WEEK[self.date.weekday()]
        return share * {WorkDayKind.SHORT: 0.8, WorkDayKind.MOVED: 0.6}.get(self.kind, 1.0) if self.is_working else 0.0


_WEEK = (0.95, 1.08, 1.1, 1.05, 0.82, 1.0, 1.0)
_SEASON = (0.88, 1.0, 1.08, 1.05, 0.9, 0.97, 0.86, 0.83, 1.05, 1.1, 1.1, 1.0)


def season(day: date) -> float:
    """How much business there is at this time of the year: weak summers, strong autumns."""
    return _SEASON[day.month - 1]


def midnight(day: date, zone: ZoneInfo) -> int:
    """The epoch second at which a day begins."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


def calendar(options: DepartmentOptions, zone: ZoneInfo) -> list[WorkDay]:
    """The days of the period."""
    years = range(options.first.year, options.last.year + 1)
    free = holidays.country_holidays(options.country.upper(), years=list(years), language="en_US")
    days = []
    for n in range(options.days):
        day = options.first + timedelta(days=n)
        tomorrow = day + timedelta(days=1)
        starts = midnight(day, zone)
        days.append(
            WorkDay(day, _kind(day, tomorrow, free), free.get(day, ""), starts, midnight(tomorrow, zone) - starts)
        )
    return days


def is_worked(country: str) -> Callable[[date], bool]:
    """Of any day, of the period or around it."""
    free = holidays.country_holidays(country.upper(), language="en_US")

    def worked(day: date) -> bool:
        is_free = day in free  # and its year is known from here on
        return day in free.weekend_workdays or (not is_free and day.weekday() < 5)

    return worked


def _kind(day: date, tomorrow: date, free: holidays.HolidayBase) -> WorkDayKind:
    if day in free.weekend_workdays:
        return WorkDayKind.MOVED
    if day in free:
        return WorkDayKind.HOLIDAY
    if day.weekday() >= 5:
        return WorkDayKind.WEEKEND
    return WorkDayKind.SHORT if tomorrow in free and tomorrow.weekday() < 5 else WorkDayKind.WORKING
