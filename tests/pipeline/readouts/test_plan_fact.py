"""Plan and fact equal a count by hand, on random rosters, calendars, absences and plans."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline.readouts.period import Period
from pipeline.readouts.plan_fact import BY, PlanFact, plan_fact
from pipeline.working_calendar import WorkingCalendar, keep_base_calendar
from schemas.codec import encode
from schemas.parameters import utc
from schemas.plans import Absence, CalendarDay, DayKind, Plan
from schemas.records import Manager
from tests.pipeline.property.tables import Database
from tests.pipeline.readouts.brute_plan import COUNTS, Asked, Brute
from tests.pipeline.readouts.facts import ZONES
from tests.pipeline.readouts.months import BEGINS, DAYS, said, store

QUESTIONS = 6
MOSCOW = ZoneInfo("Europe/Moscow")
RUSSIA = WorkingCalendar(country="RU")


@pytest.fixture(scope="module")
def database(store_dsn: str) -> Database:
    return Database(store_dsn)


def _asked(random: Random, begin: date, zone: ZoneInfo) -> Asked:
    first = begin + timedelta(days=random.randrange(DAYS))
    day = first + timedelta(days=random.randrange(-10, 40))
    clock = time(random.choice((0, 8, 9, 10, 13, 17, 18, 23)), random.choice((0, 30, 59)), random.choice((0, 7)))
    return Asked(
        Period(first, first + timedelta(days=random.choice((1, 20, 40))), zone),
        random.choice(((), ("manager",), ("team",), BY)),
        random.choice(((), (), ("ann",), ("ann", "zoe"))),
        random.choice(((), (), ("south",), ("north", ""))),
        datetime.combine(day, clock, zone),
        WorkingCalendar(country="", opens=time(random.choice((0, 9, 10))), closes=time(18, 30)),
    )


@settings(
    max_examples=15,
    deadline=None,
    print_blob=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32))
def test_plan_fact_equals_a_count_by_hand(database: Database, seed: int) -> None:
    random = Random(seed)
    zone, begin = ZoneInfo(random.choice(ZONES)), random.choice(BEGINS)
    known = said(random, begin, zone)
    store(database, known)
    for _ in range(QUESTIONS):
        asked = _asked(random, begin, zone)
        found = plan_fact(
            database.numbers,
            asked.period,
            asked.calendar,
            asked.now,
            asked.by,
            managers=asked.managers,
            teams=asked.teams,
        )
        expected = Brute(known, asked).answer()
        assert [_names(row) for row in found] == [_names(row) for row in expected], asked
        for one, by_hand in zip(found, expected, strict=True):
            assert one.flat(()) == _about(by_hand.flat(())), asked
        in_period, by_hand_in_period = _in_period(database, asked), Brute(known, asked).in_period()
        nothing = {"days": 0, **dict.fromkeys(COUNTS)}
        assert by_hand_in_period.keys() <= in_period.keys()
        for key, row in in_period.items():
            assert row == _about(by_hand_in_period.get(key, nothing)), (asked, key)


def _in_period(database: Database, asked: Asked) -> dict[tuple[str, str, str], dict[str, Any]]:
    """What of the plan falls on the period, and its working days, by month, manager and team."""
    parameters = {
        **asked.period.parameters, **asked.calendar.hours, "now": utc(asked.now), "by": list(asked.by),
        "managers": list(asked.managers), "teams": list(asked.teams),
    }  # fmt: skip
    rows = database.numbers.rows("plan_fact", dict[str, Any], parameters)
    return {
        (row["month"], row["manager_id"], row["team"]): {
            "days": row["period_working_days"],
            **{name: row[f"{name}_plan_in_period"] for name in COUNTS},
        }
        for row in rows
    }


NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1), MOSCOW)
LATER = datetime(2027, 1, 10, tzinfo=UTC)


def _ann(since: date = date(2020, 1, 1), until: date | None = None, team: str = "north") -> Manager:
    def midnight(day: date) -> datetime:
        return datetime.combine(day, time(), MOSCOW).astimezone(UTC)

    return Manager(
        manager_id="ann",
        name="Ann",
        team=team,
        extensions=[],
        valid_from=midnight(since),
        valid_to=None if until is None else midnight(until),
        version=1,
    )


def _keep(database: Database, *known: Manager | Absence | Plan | CalendarDay) -> None:
    """Russia's calendar, these facts, and nothing else."""
    database.empty()
    keep_base_calendar(database.store, RUSSIA, date(2026, 11, 24))
    tables: dict[type, str] = {Manager: "managers", Absence: "absences", Plan: "plans", CalendarDay: "calendar_days"}
    for record in known:
        database.store.keep(tables[type(record)], [encode(record)])


def _of(database: Database, period: Period, now: datetime, by: tuple[str, ...] = ("manager",)) -> list[PlanFact]:
    return plan_fact(database.numbers, period, RUSSIA, now, by)


def _days(database: Database, period: Period = NOVEMBER, now: datetime = LATER) -> tuple[float, float]:
    (row,) = _of(database, period, now)
    return row.working_days, row.planned_working_days


def test_holiday_is_no_working_day_and_a_moved_saturday_is_one(database: Database) -> None:
    _keep(database, _ann())
    assert _days(database) == (20, 20)  # 21 weekdays, less the 4th
    december = Period(date(2024, 12, 1), date(2025, 1, 1), MOSCOW)
    assert _days(database, december) == (21, 21)  # 22 weekdays, less the 30th and 31st, and Saturday the 28th


def test_loaded_day_wins_over_the_countrys_even_when_that_is_written_later(database: Database) -> None:
    wednesday, saturday, monday = date(2026, 11, 4), date(2026, 11, 14), date(2026, 11, 16)
    _keep(
        database,
        _ann(),
        CalendarDay(day=wednesday, kind=DayKind.WORKING, version=1),
        CalendarDay(day=saturday, kind=DayKind.MOVED, version=1),
        CalendarDay(day=monday, kind=DayKind.HOLIDAY, version=1),
    )
    assert _days(database) == (21, 21)
    keep_base_calendar(database.store, WorkingCalendar(country="DE"), date(2026, 11, 24))
    assert _days(database) == (21, 21)


def test_half_a_month_on_the_roster_is_half_a_plan_of_days(database: Database) -> None:
    _keep(database, _ann(since=date(2026, 11, 16)))
    assert _days(database) == (11, 11)
    _keep(database, _ann(until=date(2026, 11, 16)))
    assert _days(database) == (9, 9)


def test_absence_counts_both_ends_once_and_only_on_working_days(database: Database) -> None:
    def away(first: int, last: int, withdrawn: int = 0) -> Absence:
        days = date(2026, 11, first), date(2026, 11, last)
        return Absence(manager_id="ann", first=days[0], last=days[1], withdrawn=withdrawn, version=1)

    _keep(database, _ann(), away(6, 9))  # Friday to Monday
    assert _days(database) == (18, 20)
    _keep(database, _ann(), away(6, 9), away(9, 10), away(23, 27, withdrawn=1))
    assert _days(database) == (17, 20)


def test_leave_is_no_drop(database: Database) -> None:
    """Ten of twenty days away: half of the plan is due at the end of the month."""
    leave = Absence(manager_id="ann", first=date(2026, 11, 16), last=date(2026, 11, 29), version=1)
    _keep(database, _ann(), leave, Plan(manager_id="ann", month="2026-11", calls_to_potential=200, version=1))
    (row,) = _of(database, NOVEMBER, LATER)
    assert (row.calls_to_potential.plan, row.calls_to_potential.plan_to_date) == (200, 100)


@pytest.mark.parametrize(
    ("clock", "days"),
    [("00:00", 14), ("09:00", 14), ("11:15", 14.25), ("13:30", 14.5), ("18:00", 15), ("23:59", 15)],
)
def test_today_counts_as_the_part_of_its_hours_that_is_over(database: Database, clock: str, days: float) -> None:
    _keep(database, _ann(), Plan(manager_id="ann", month="2026-11", working_days=20, calls_to_potential=200, version=1))
    now = datetime.combine(date(2026, 11, 23), time.fromisoformat(clock), MOSCOW)
    (row,) = _of(database, NOVEMBER, now)
    assert (row.working_days, row.calls_to_potential.plan_to_date) == (days, days * 10)


def test_day_off_is_no_part_of_a_day(database: Database) -> None:
    _keep(database, _ann())
    for day in (21, 22):  # Saturday, Sunday
        now = datetime(2026, 11, day, 13, 30, tzinfo=MOSCOW)
        assert _days(database, now=now) == (14, 20)


def test_plan_to_date_is_never_more_than_the_plan(database: Database) -> None:
    _keep(database, _ann(), Plan(manager_id="ann", month="2026-11", working_days=10, calls_to_potential=200, version=1))
    (row,) = _of(database, NOVEMBER, LATER)
    assert (row.working_days, row.planned_working_days, row.calls_to_potential.plan_to_date) == (20, 10, 200)


def test_plan_goes_along_with_whoever_changes_the_team(database: Database) -> None:
    """Nine working days in the north, eleven in the south."""
    noon = datetime(2026, 11, 17, tzinfo=MOSCOW)
    _keep(
        database,
        _ann(until=date(2026, 11, 16)),
        _ann(since=date(2026, 11, 16), team="south"),
        Plan(manager_id="ann", month="2026-11", calls_to_potential=200, version=1),
    )
    north, south = _of(database, NOVEMBER, noon, ("team",))
    assert (north.team, north.calls_to_potential.plan, north.calls_to_potential.plan_to_date) == ("north", 90, 90)
    assert (south.team, south.calls_to_potential.plan, south.calls_to_potential.plan_to_date) == ("south", 110, 10)


def test_plan_of_nobody_on_the_roster_is_a_row_and_days_without_a_calendar_are_told(database: Database) -> None:
    database.empty()
    database.store.keep("managers", [encode(_ann())])
    plan = Plan(manager_id="zoe", month="2026-11", calls_to_potential=200, version=1)
    database.store.keep("plans", [encode(plan)])
    ann, zoe = sorted(_of(database, NOVEMBER, LATER), key=lambda row: row.manager_id)
    assert (ann.working_days, ann.unknown_days, ann.without_plan) == (0, 30, 0)
    assert (zoe.calls_to_potential.plan, zoe.calls_to_potential.ratio, zoe.unknown_days) == (200, None, 0)


def _names(row: PlanFact) -> tuple[str, str, str]:
    return row.month, row.team, row.manager_id


def _about(value: Any) -> Any:
    """Fractions of days, plans and ratios are rounded; whole numbers are equal."""
    if isinstance(value, dict):
        return {name: _about(one) for name, one in value.items()}
    return pytest.approx(value, rel=1e-9, abs=0.0051) if isinstance(value, float) else value
