"""What a period is held against: examples that can be checked by a calendar, and any period by plain dates."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from grafana.query import grafana_sql
from pipeline.readouts.board_request import PERIODS, moment
from pipeline.readouts.comparison import compared_with, compares, with_before
from schemas.parameters import COMPARED_WITH, Chosen, Department
from schemas.screens.boards import panel
from schemas.stages import default_stages
from tests.grafana.asking import Asker
from tests.pipeline.property.tables import Database

MOSCOW, BERLIN = ZoneInfo("Europe/Moscow"), ZoneInfo("Europe/Berlin")
Span = tuple[datetime, datetime]


@pytest.fixture(scope="module")
def database(store_dsn: str) -> Database:
    return Database(store_dsn)


def department(zone: ZoneInfo) -> Department:
    return Department(zone=zone.key, conversation_s=30, stages=default_stages())


def asked(database: Database, start: datetime, end: datetime, now: datetime, zone: ZoneInfo) -> Span:
    chosen = Chosen(start=start.astimezone(UTC), end=end.astimezone(UTC), now=now.astimezone(UTC))
    found = compared_with(database.numbers, department(zone), chosen)
    return found.before_from.astimezone(zone), found.before_to.astimezone(zone)


def local(text: str, zone: ZoneInfo = MOSCOW) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


FRIDAY = "2026-03-13T15:31:07"


@pytest.mark.parametrize(
    ("period", "now", "first", "end"),
    [
        ("today", FRIDAY, "2026-03-06", "2026-03-06T15:31:07"),
        ("yesterday", FRIDAY, "2026-03-05", "2026-03-06"),
        ("week", FRIDAY, "2026-03-02", "2026-03-06T15:31:07"),
        ("last_week", FRIDAY, "2026-02-23", "2026-03-02"),
        ("7d", FRIDAY, "2026-02-28", "2026-03-06T15:31:07"),
        ("month", FRIDAY, "2026-02-01", "2026-02-13T15:31:07"),
        ("last_month", FRIDAY, "2026-01-01", "2026-02-01"),
        ("quarter", FRIDAY, "2025-10-01", "2025-12-11T15:31:07"),  # the 72nd day of each
        ("last_quarter", FRIDAY, "2025-07-01", "2025-10-01"),
        ("6M", FRIDAY, "2025-02-01", "2025-08-13T15:31:07"),
        ("month", "2026-03-31T12:00:00", "2026-02-01", "2026-03-01"),  # February has no 31st: it counts in whole
        ("quarter", "2026-02-10T12:00:00", "2025-10-01", "2025-11-10T12:00:00"),
        ("year", "2026-11-10T12:00:00", "2025-01-01", "2025-11-10T12:00:00"),
        ("today", "2026-12-01T12:00:00", "2026-11-24", "2026-11-24T12:00:00"),  # a day, not the month that it begins
        ("week", "2026-06-03T12:00:00", "2026-05-25", "2026-05-27T12:00:00"),  # a week that begins with its month
    ],
)
def test_a_period_that_can_be_chosen_is_held_against_the_one_before(
    database: Database, period: str, now: str, first: str, end: str
) -> None:
    at = local(now)
    start, stop = (moment(expression, at, MOSCOW) for expression in PERIODS[period])
    assert asked(database, start, stop, at, MOSCOW) == (local(first), local(end))


def test_hours_of_the_local_clock_stay_over_a_change_of_clocks(database: Database) -> None:
    """Berlin's clock went forward on 29 March: noon is noon, an hour earlier in UTC."""
    start, now = local("2026-04-01", BERLIN), local("2026-04-01T12:00", BERLIN)
    assert asked(database, start, now, now, BERLIN) == (local("2026-03-25", BERLIN), local("2026-03-25T12:00", BERLIN))


def by_hand(start: datetime, end: datetime, now: datetime, zone: ZoneInfo) -> Span:
    """Of whole local days, and of what has begun at a midnight: day by day."""
    first = start.date()
    last = (end - timedelta(seconds=1)).date()
    is_running = end > now or end.timetz().replace(tzinfo=None) != time()
    days = (last - first).days + 1
    touched = (last.year - first.year) * 12 + last.month - first.month + 1
    ends_month = last.day == monthrange(last.year, last.month)[1]
    is_of_months = first.day == 1 and (
        (days > 1 and not (days <= 7 and first.weekday() == 0)) if is_running else ends_month
    )

    def midnight(day: date) -> datetime:
        return datetime.combine(day, time(), zone)

    if is_of_months:
        count = touched
        if is_running and touched > 3 and first.month == 1:
            count = 12
        elif is_running and touched == 2 and first.month in (1, 4, 7, 10):
            count = 3
        before = _months_on(first, -count)
        whole = midnight(_months_on(before, touched))
    else:
        before = first - timedelta(days=7 * -(-days // 7))
        whole = midnight(before + timedelta(days=days))
    if not is_running:
        return midnight(before), whole
    here = min(end, now).astimezone(zone)
    shifted = datetime.combine(here.date() - (first - before), here.time(), zone)
    return midnight(before), min(shifted, whole)


def _months_on(day: date, count: int) -> date:
    months = day.year * 12 + day.month - 1 + count
    return date(months // 12, months % 12 + 1, 1)


@pytest.mark.parametrize("seed", range(3))
def test_any_period_is_held_against_what_a_calendar_says_and_in_grafana_too(
    database: Database, store_dsn: str, seed: int
) -> None:
    random = Random(seed)
    for _ in range(25):
        zone = random.choice((MOSCOW, BERLIN))
        first = date(2025, 1, 1) + timedelta(days=random.randrange(700))
        first = first.replace(day=1) if random.random() < 0.5 else first
        last = first + timedelta(days=random.choice((0, 0, 1, 5, 6, 7, 27, 29, 30, 58, 88, 89, 300)))
        end = datetime.combine(last + timedelta(days=1), time(), zone)
        now = end + timedelta(hours=random.choice((-30, -13, -9, 0, 40)))
        start = datetime.combine(first, time(), zone)
        if now <= start:
            continue
        end = random.choice((end, min(end, now)))
        wanted = by_hand(start, end, now, zone)
        assert asked(database, start, end, now, zone) == wanted, (start, end, now)
        asker = Asker(store_dsn, department(zone))
        chosen = Chosen(start=start.astimezone(UTC), end=end.astimezone(UTC), now=now.astimezone(UTC))
        (row,) = asker.as_grafana(COMPARED_WITH, chosen)
        found = tuple(datetime.fromisoformat(f"{row[name]}+00:00") for name in ("before_from", "before_to"))
        assert found == wanted, (start, end, now)


def test_who_compares_is_asked_with_it_and_grafana_has_it_in_the_question(database: Database) -> None:
    people, sums = panel("today_people").query, panel("today_silent").query
    assert people is not None
    assert sums is not None
    assert compares(people)
    assert not compares(sums)
    now = local(FRIDAY)
    chosen = Chosen(start=local("2026-03-13").astimezone(UTC), end=now.astimezone(UTC), now=now.astimezone(UTC))
    values = with_before(database.numbers, department(MOSCOW), chosen).values
    assert values == {"before_from": "2026-03-05 21:00:00", "before_to": "2026-03-06 12:31:07"}
    assert "{before_from" not in grafana_sql(people, department(MOSCOW), ())
