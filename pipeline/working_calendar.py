"""The country's calendar as a table: every worker sees to it when it starts, and SQL finds it there.

What the department says of a day (`calendar_days`) is a table of its own and wins, whichever was written later.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, time, timedelta

import holidays
import msgspec

from pipeline.clock import Clock, wall_clock
from pipeline.store import Store
from schemas.errors import Terminal
from schemas.plans import DayKind

FIRST_YEAR = 2000
YEARS_AHEAD = 2
"""A plan is made for the next year; a worker that is not started for a year still knows the days."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class WorkingCalendar(msgspec.Struct, frozen=True, kw_only=True):
    """Which days are worked where nobody says otherwise, and from when to when."""

    country: str
    """ISO 3166; "" has no holidays."""
    subdivision: str = ""
    weekend: frozenset[int] | None = None
    """Monday is 0; None: the country's."""
    opens: time = time(9)
    closes: time = time(18)

    @property
    def hours(self) -> dict[str, int]:
        """`opens_s` and `closes_s` of a metric: seconds of the local clock."""
        return {"opens_s": _seconds(self.opens), "closes_s": _seconds(self.closes)}


class BaseDay(msgspec.Struct, frozen=True):
    """A day of the country's calendar."""

    day: date
    kind: DayKind
    title: str = ""


def _seconds(clock: time) -> int:
    return clock.hour * 3600 + clock.minute * 60 + clock.second


def check_country(country: str, subdivision: str, where: str) -> None:
    """Raises Terminal when its holidays are not known."""
    known = holidays.list_supported_countries()
    if country and country not in known:
        raise Terminal(
            f"{where}.country: no holidays of {country!r} are known; a code such as RU or DE, or '' for none"
        )
    parts = known.get(country, [])
    if subdivision and subdivision not in parts:
        accepted = f"accepted: {', '.join(parts)}" if parts else "leave it out"
        raise Terminal(f"{where}.subdivision: {country!r} has no {subdivision!r}; {accepted}")


def base_days(calendar: WorkingCalendar, years: Iterable[int]) -> list[BaseDay]:
    """Every day of these years, in order. A day of the weekend that is worked for a bridged holiday is MOVED."""
    wanted = sorted(years)
    free = _holidays(calendar, wanted)
    weekend = free.weekend if calendar.weekend is None else calendar.weekend
    days = (date(year, 1, 1) + timedelta(days=n) for year in wanted for n in range(_days_of(year)))
    return [_base_day(day, free, weekend) for day in days]


def _holidays(calendar: WorkingCalendar, years: list[int]) -> holidays.HolidayBase:
    if not calendar.country:
        return holidays.HolidayBase()
    # Named, or else it is that of the machine's locale: two workers would rewrite each other's titles.
    language = holidays.country_holidays(calendar.country).default_language
    return holidays.country_holidays(
        calendar.country, subdiv=calendar.subdivision or None, years=years, language=language
    )


def _base_day(day: date, free: holidays.HolidayBase, weekend: Iterable[int]) -> BaseDay:
    if day in free.weekend_workdays:
        return BaseDay(day, DayKind.MOVED)
    if title := free.get(day):
        return BaseDay(day, DayKind.HOLIDAY, title)
    return BaseDay(day, DayKind.WEEKEND if day.weekday() in weekend else DayKind.WORKING)


def _days_of(year: int) -> int:
    return (date(year + 1, 1, 1) - date(year, 1, 1)).days


def keep_base_calendar(store: Store, calendar: WorkingCalendar, today: date, clock: Clock = wall_clock) -> int:
    """Make the table what the settings say; the days that were not so. Repeating it changes nothing.

    Raises Transient or Terminal.
    """
    rows = store.rows(msgspec.json.Decoder(BaseDay), "SELECT day, kind, title FROM base_calendar FINAL")
    known = {row.day: row for row in rows}
    wanted = base_days(calendar, range(FIRST_YEAR, today.year + YEARS_AHEAD + 1))
    new = [one for one in wanted if known.get(one.day) != one]
    version = clock()
    store.keep(
        "base_calendar", [msgspec.json.encode({**msgspec.structs.asdict(one), "version": version}) for one in new]
    )
    return len(new)
