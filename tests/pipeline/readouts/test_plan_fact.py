"""Plan and fact equal a count by hand, on random rosters, calendars, absences and plans."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline.plan_fact import BY, PlanFact, plan_fact
from pipeline.readouts import Period
from pipeline.working_calendar import WorkingCalendar
from tests.pipeline.property.tables import Database
from tests.pipeline.readouts.brute_plan import Asked, Brute
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


def _names(row: PlanFact) -> tuple[str, str, str]:
    return row.month, row.team, row.manager_id


def _about(value: Any) -> Any:
    """Fractions of days, plans and ratios are rounded; whole numbers are equal."""
    if isinstance(value, dict):
        return {name: _about(one) for name, one in value.items()}
    return pytest.approx(value, rel=1e-9, abs=0.0051) if isinstance(value, float) else value
