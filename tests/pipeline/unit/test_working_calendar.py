"""The country's days: holidays, moved days, weekends; and the table of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import msgspec
import pytest

from pipeline.store import Store, connect
from pipeline.working_calendar import FIRST_YEAR, YEARS_AHEAD, BaseDay, WorkingCalendar, base_days, keep_base_calendar
from schemas.plans import DayKind

RUSSIA = WorkingCalendar(country="RU")
TODAY = date(2026, 11, 24)


def kinds(calendar: WorkingCalendar, year: int) -> dict[date, DayKind]:
    return {one.day: one.kind for one in base_days(calendar, [year])}


def test_working_days_of_russia_are_those_of_the_production_calendar() -> None:
    """Published by the government each year; 2024 and 2025 have working Saturdays."""
    for year, working in ((2023, 247), (2024, 248), (2025, 247), (2026, 247)):
        assert sum(kind.is_working for kind in kinds(RUSSIA, year).values()) == working


def test_saturday_that_is_worked_for_a_bridged_holiday() -> None:
    year = kinds(RUSSIA, 2024)
    assert (year[date(2024, 12, 28)], year[date(2024, 12, 30)]) == (DayKind.MOVED, DayKind.HOLIDAY)
    assert [day for day, kind in year.items() if kind is DayKind.MOVED] == [
        *(date(2024, 4, 27), date(2024, 11, 2), date(2024, 12, 28))
    ]


def test_holiday_says_its_name_and_goes_before_the_weekend() -> None:
    days = {one.day: one for one in base_days(RUSSIA, [2026])}
    assert days[date(2026, 11, 4)] == BaseDay(date(2026, 11, 4), DayKind.HOLIDAY, "День народного единства")
    assert days[date(2026, 3, 8)].kind is DayKind.HOLIDAY  # a Sunday
    assert days[date(2026, 11, 7)] == BaseDay(date(2026, 11, 7), DayKind.WEEKEND)


def test_every_day_of_the_years_is_there_once_and_in_order() -> None:
    days = [one.day for one in base_days(RUSSIA, [2025, 2024])]
    assert days == sorted(set(days))
    assert (days[0], days[-1], len(days)) == (date(2024, 1, 1), date(2025, 12, 31), 366 + 365)


def test_weekend_is_the_countrys_unless_it_is_named() -> None:
    friday, sunday = date(2026, 11, 13), date(2026, 11, 15)
    israel = kinds(WorkingCalendar(country="IL"), 2026)
    assert (israel[friday], israel[sunday]) == (DayKind.WEEKEND, DayKind.WORKING)
    named = kinds(WorkingCalendar(country="IL", weekend=frozenset({6})), 2026)
    assert (named[friday], named[sunday]) == (DayKind.WORKING, DayKind.WEEKEND)


def test_holiday_of_a_part_of_the_country() -> None:
    epiphany = date(2026, 1, 6)
    assert kinds(WorkingCalendar(country="DE"), 2026)[epiphany] is DayKind.WORKING
    assert kinds(WorkingCalendar(country="DE", subdivision="BY"), 2026)[epiphany] is DayKind.HOLIDAY


def test_no_country_has_weekends_alone() -> None:
    year = kinds(WorkingCalendar(country=""), 2026)
    assert set(year.values()) == {DayKind.WORKING, DayKind.WEEKEND}
    assert year[date(2026, 1, 1)] is DayKind.WORKING


@pytest.fixture
def store(store_dsn: str) -> Iterator[Store]:
    client = connect(store_dsn)
    client.command("TRUNCATE TABLE base_calendar")
    yield Store(client)
    client.command("TRUNCATE TABLE base_calendar")


def rows(store: Store) -> list[BaseDay]:
    return store.rows(msgspec.json.Decoder(BaseDay), "SELECT day, kind, title FROM base_calendar FINAL ORDER BY day")


def test_table_holds_what_the_settings_say_and_a_second_start_changes_nothing(store: Store) -> None:
    days = base_days(RUSSIA, range(FIRST_YEAR, TODAY.year + YEARS_AHEAD + 1))
    assert keep_base_calendar(store, RUSSIA, TODAY) == len(days)
    assert rows(store) == days
    assert keep_base_calendar(store, RUSSIA, TODAY) == 0


def test_new_country_replaces_the_days_that_differ_and_a_new_year_adds_its_own(store: Store) -> None:
    keep_base_calendar(store, RUSSIA, TODAY)
    germany = WorkingCalendar(country="DE")
    changed = keep_base_calendar(store, germany, TODAY)
    assert rows(store) == base_days(germany, range(FIRST_YEAR, TODAY.year + YEARS_AHEAD + 1))
    assert 0 < changed < len(rows(store)) / 5
    assert keep_base_calendar(store, germany, date(2027, 1, 1)) == 365
