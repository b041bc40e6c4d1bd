"""The funnel's SQL equals a brute-force count in plain Python on random histories."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline.readouts.funnel import Clock, Question, StageConversion, funnel, unknown_stages
from pipeline.readouts.period import Period
from schemas.codec import encode
from schemas.plans import CalendarDay, DayKind
from schemas.records import StageChange
from tests.pipeline.property.tables import Database
from tests.pipeline.readouts.brute_funnel import Brute, kaplan_meier, window_end
from tests.pipeline.readouts.histories import (
    BEGINS,
    DAYS,
    NOT_CONFIGURED,
    STAGES,
    ZONES,
    Histories,
    histories,
    question,
)

QUESTIONS = 5
"""Asked of each example's histories."""


@pytest.fixture(scope="module")
def database(store_dsn: str) -> Database:
    return Database(store_dsn)


def keep(database: Database, said: Histories) -> None:
    """Have these histories and nothing else in the store."""
    database.empty()
    database.store.keep("managers", [encode(one) for one in said.managers])
    database.store.keep("organisations", [encode(one) for one in said.organisations])
    database.store.keep("stage_changes", [encode(one) for one in said.changes])
    for table, days in (("base_calendar", said.base), ("calendar_days", said.loaded)):
        database.store.keep(table, [encode(CalendarDay(day=day, kind=kind, version=1)) for day, kind in days.items()])


@pytest.mark.parametrize("clock", list(Clock))
@settings(
    max_examples=12,
    deadline=None,
    print_blob=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32))
def test_funnel_equals_a_count_by_hand(database: Database, clock: Clock, seed: int) -> None:
    random = Random(seed)
    zone, begin = ZoneInfo(random.choice(ZONES)), random.choice(BEGINS)
    # Often in the middle of the histories, so that windows are open.
    now = datetime(begin.year, begin.month, begin.day, 12, 30, tzinfo=UTC) + timedelta(days=random.randint(3, DAYS + 9))
    said = histories(random, begin, zone, now)
    keep(database, said)
    for _ in range(QUESTIONS):
        asked = question(random, clock, begin, zone, now)
        assert rounded(funnel(database.numbers, asked)) == rounded(Brute(said, asked).answer()), asked


def rounded(steps: list[StageConversion]) -> list[tuple[object, ...]]:
    """Steps as tuples; ratios and days to the ninth place."""
    rows = [msgspec.structs.astuple(step) for step in steps]
    return [tuple(round(value, 9) if isinstance(value, float) else value for value in row) for row in rows]


def test_kaplan_meier_of_the_freireich_trial() -> None:
    """6-MP weeks of remission (Freireich 1963): the curve ends at 0.4482, and half have relapsed after 23 weeks."""
    relapsed = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    waits = [(timedelta(weeks=w), True) for w in relapsed] + [(timedelta(weeks=w), False) for w in censored]
    estimate, median = kaplan_meier(waits)
    assert estimate is not None
    assert round(1 - float(estimate), 4) == 0.4482
    assert median == timedelta(weeks=23)


@pytest.mark.parametrize(
    ("entered", "window", "ends"),
    [
        ("2026-11-02T09:00", 0, "2026-11-03"),  # Monday: the day itself, whole
        ("2026-11-02T09:00", 5, "2026-11-10"),  # to the next Monday's end
        ("2026-10-30T23:59", 0, "2026-11-02"),  # Friday: the weekend is still day 0
        ("2026-10-31T12:00", 1, "2026-11-03"),  # Saturday: Monday is day 1
        ("2026-03-06T12:00", 1, "2026-03-10"),  # New York's clocks go on in between
    ],
)
def test_window_of_working_days_ends_where_the_next_one_begins(entered: str, window: int, ends: str) -> None:
    zone = ZoneInfo("America/New_York")
    at = datetime.fromisoformat(entered).replace(tzinfo=zone)
    assert window_end(at, window, zone).astimezone(zone) == datetime.fromisoformat(ends).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("zone", "arrives", "came"),
    [
        # Two working days after Wednesday 29 April: the 30th, and the Saturday that is worked for Friday 1 May.
        ("Europe/Moscow", "2026-05-02T23:59:59", 1),
        # Sunday is still the Saturday's; the next working day is no more.
        ("Europe/Moscow", "2026-05-03T23:59:59", 1),
        ("Europe/Moscow", "2026-05-04T00:00:00", 0),
        ("America/New_York", "2026-05-03T23:59:59", 1),
        ("America/New_York", "2026-05-04T00:00:00", 0),
    ],
)
def test_holiday_does_not_count_and_a_moved_saturday_does(
    database: Database, zone: str, arrives: str, came: int
) -> None:
    local = ZoneInfo(zone)
    stages = {"new": datetime(2026, 4, 29, 12, tzinfo=local), "active": datetime.fromisoformat(arrives + ".999")}
    changes = [
        StageChange(organisation_id="o1", stage=stage, changed_at=at.replace(tzinfo=local).astimezone(UTC), version=1)
        for stage, at in stages.items()
    ]
    country = {date(2026, 5, 1): DayKind.HOLIDAY, date(2026, 5, 2): DayKind.WEEKEND, date(2026, 5, 4): DayKind.WORKING}
    # The department's own calendar wins over the country's.
    keep(database, Histories([], [], changes, base=country, loaded={date(2026, 5, 2): DayKind.MOVED}))
    asked = Question(
        period=Period(date(2026, 4, 1), date(2026, 5, 1), local),
        stages=STAGES,
        now=datetime(2026, 5, 20, tzinfo=UTC),
        clock=Clock.COHORT,
        window=2,
    )
    steps = {step.stage: step for step in funnel(database.numbers, asked)}
    assert (steps["new"].reached, steps["active"].reached, steps["new"].immature) == (1, came, 0)


def test_stages_that_are_not_configured_are_named_and_counted(database: Database) -> None:
    now = datetime(2026, 3, 20, tzinfo=UTC)
    said = histories(Random(3), BEGINS[0], ZoneInfo("UTC"), now)
    keep(database, said)
    left_out = sum(change.stage == NOT_CONFIGURED for change in said.changes)
    assert left_out > 0
    assert unknown_stages(database.numbers, STAGES) == {NOT_CONFIGURED: left_out}
