"""Which days a report is of, and which it is held against. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from pipeline.readouts.period import Period


class PeriodKind(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class ReportPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """A period, the one before it, and as of when they are reported."""

    kind: PeriodKind
    period: Period
    before: Period
    now: datetime

    @property
    def is_over(self) -> bool:
        return self.now >= self.period.end

    @property
    def as_of(self) -> datetime:
        """The end of the period, or now when that is earlier."""
        return min(self.now, self.period.end)

    @property
    def before_end(self) -> datetime:
        """Of an unfinished period the earlier one counts up to the same day and clock time."""
        if self.is_over:
            return self.before.end
        zone = self.period.zone
        here = self.now.astimezone(zone)
        day = self.before.first + (here.date() - self.period.first)
        return min(datetime.combine(day, here.time(), zone), self.before.end)

    @property
    def month(self) -> date:
        """First day of the month of the period's last day, or of today when that is earlier."""
        last = min(self.period.last - timedelta(days=1), self.now.astimezone(self.period.zone).date())
        return max(last, self.period.first).replace(day=1)


def report_period(kind: PeriodKind, last: date | None, now: datetime, zone: ZoneInfo) -> ReportPeriod:
    """The period that ends before `last`; by default the latest one that is over.

    A day is held against the same day a week before: the day before is often a day off. A month that does not begin
    with a calendar month is the days since the same day of the month before.
    """
    today = now.astimezone(zone).date()
    if last is None:
        last = {
            PeriodKind.DAY: today,
            PeriodKind.WEEK: today - timedelta(days=today.weekday()),
            PeriodKind.MONTH: today.replace(day=1),
        }[kind]
    if kind is PeriodKind.MONTH:
        first, before = month_before(last), month_before(month_before(last))
        return ReportPeriod(kind=kind, period=Period(first, last, zone), before=Period(before, first, zone), now=now)
    length = timedelta(days=1 if kind is PeriodKind.DAY else 7)
    week = timedelta(days=7)
    period = Period(last - length, last, zone)
    return ReportPeriod(kind=kind, period=period, before=Period(period.first - week, period.last - week, zone), now=now)


def month_before(day: date) -> date:
    """The same day a month earlier, or that month's last."""
    last_of_before = day.replace(day=1) - timedelta(days=1)
    return last_of_before.replace(day=min(day.day, last_of_before.day))


def months_before(day: date, count: int) -> date:
    """First day of the month so many months before that of `day`."""
    months = day.year * 12 + day.month - 1 - count
    return date(months // 12, months % 12 + 1, 1)
