"""When the data does not cover the period, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest

from pipeline.directory import Directory
from pipeline.enrich import enrich_call
from pipeline.readouts.feeds import Freshness
from pipeline.readouts.period import Period
from pipeline.report.numbers import called, closed
from pipeline.report.periods import PeriodKind, report_period
from pipeline.report.staleness import Stale, Why, closings, staleness, without_calls
from pipeline.stitch import stitch
from pipeline.working_calendar import WorkingCalendar
from schemas.codec import encode
from schemas.plans import CalendarDay, DayKind
from schemas.stages import default_stages
from tests.pipeline.property.tables import SETTINGS, Database
from tests.pipeline.unit.making import leg

MOSCOW = ZoneInfo("Europe/Moscow")
RUSSIA = WorkingCalendar(country="RU")
WEEK = Period(date(2026, 3, 9), date(2026, 3, 16), MOSCOW)
"""Monday is a day off for 8 March."""
CLOSED = datetime(2026, 3, 13, 18, tzinfo=MOSCOW)
MONDAY = datetime(2026, 3, 16, 8, tzinfo=MOSCOW)


def door(door: str, seen: datetime | None, *, state: str = "", source: str = "pbx") -> Freshness:
    return Freshness(
        source=source,
        door=door,
        state=state or ("stored" if door.startswith("file:") else "live"),
        detail="",
        last_seen=None if seen is None else f"{seen.astimezone(UTC):%FT%TZ}",
        last_event=None,
        last_heartbeat=f"{MONDAY:%FT%TZ}",
        age_s=0,
        records=1,
        rejects=0,
        gaps=0,
        waiting=0,
        lag_ms=0,
    )


def needed_by(now: datetime, told: Mapping[date, bool]) -> datetime | None:
    return max(closings(WEEK, now, RUSSIA, told), default=None)


def reasons(
    *doors: Freshness,
    last_call: datetime | None = CLOSED,
    now: datetime = MONDAY,
    told: Mapping[date, bool] = MappingProxyType({}),
) -> list[Stale]:
    return staleness(doors, last_call, WEEK, now, needed_by(now, told))


@pytest.mark.parametrize(
    ("now", "needed"),
    [
        ("2026-03-16T08:00", "2026-03-13T18:00"),
        ("2026-03-13T18:00", "2026-03-13T18:00"),
        ("2026-03-13T17:59", "2026-03-12T18:00"),
        ("2026-03-10T12:00", None),
    ],
)
def test_needed_is_the_last_closing_time_of_a_working_day(now: str, needed: str | None) -> None:
    found = needed_by(datetime.fromisoformat(now).replace(tzinfo=MOSCOW), {})
    assert found == (None if needed is None else datetime.fromisoformat(needed).replace(tzinfo=MOSCOW))


FRIDAY, SATURDAY = date(2026, 3, 13), date(2026, 3, 14)


def test_a_day_that_the_loaded_calendar_makes_free_makes_nothing_stale() -> None:
    thursday = CLOSED - timedelta(days=1)
    doors = [door("file:calls", thursday)]
    assert [one.why for one in reasons(*doors, last_call=thursday)] == [Why.LATE]
    assert reasons(*doors, last_call=thursday, told={FRIDAY: False}) == []


def test_a_saturday_that_the_loaded_calendar_makes_worked_is_waited_for() -> None:
    (found,) = reasons(door("file:calls", CLOSED), told={SATURDAY: True})
    assert (found.why, found.needed) == (Why.LATE, CLOSED + timedelta(days=1))


def test_report_knows_the_days_of_the_store(store_dsn: str) -> None:
    database = Database(store_dsn)
    database.empty()
    country = {FRIDAY: DayKind.WORKING, SATURDAY: DayKind.WEEKEND, date(2026, 3, 9): DayKind.WORKING}
    for table, days in (("base_calendar", country), ("calendar_days", {FRIDAY: DayKind.HOLIDAY})):
        database.store.keep(table, [encode(CalendarDay(day=day, kind=kind, version=1)) for day, kind in days.items()])
    week = report_period(PeriodKind.WEEK, WEEK.last, MONDAY, MOSCOW)
    # Monday is worked as the store says, whatever the settings' country does; of days it does not know they say.
    assert [f"{moment:%a %d %H}" for moment in closed(database.numbers, SETTINGS, week)] == [
        *("Mon 09 18", "Tue 10 18", "Wed 11 18", "Thu 12 18"),
    ]


def test_exports_of_the_last_evening_cover_the_week() -> None:
    evening = CLOSED + timedelta(minutes=1)
    doors = [door(f"file:{what}", evening) for what in ("calls", "stages", "proposals")]
    assert reasons(*doors) == []


@pytest.mark.parametrize("what", ["calls", "stages", "proposals"])
def test_an_export_that_is_too_early_is_named_with_both_moments(what: str) -> None:
    thursday = CLOSED - timedelta(days=1)
    (found,) = reasons(door(f"file:{what}", thursday), door("file:organisations", thursday))
    assert (found.why, found.source, found.what, found.seen, found.needed) == (Why.LATE, "pbx", what, thursday, CLOSED)


def test_of_two_doors_to_one_exchange_the_later_counts() -> None:
    assert reasons(door("file:calls", CLOSED - timedelta(days=9)), door("ami", MONDAY)) == []


def test_one_exchange_that_is_late_is_not_covered_by_another() -> None:
    (found,) = reasons(door("ami", MONDAY), door("ami", CLOSED - timedelta(hours=3), source="branch"))
    assert (found.source, found.what) == ("branch", "calls")


def test_roster_plan_and_calendar_are_told_when_they_change() -> None:
    old = CLOSED - timedelta(days=60)
    assert reasons(door("ami", MONDAY), *(door(f"file:{kind}", old) for kind in ("managers", "plan", "calendar"))) == []


def test_a_source_that_is_not_used_any_more_does_not_spoil_every_report() -> None:
    assert reasons(door("ami", MONDAY), door("file:calls", CLOSED - timedelta(days=91), source="old")) == []


def test_a_door_that_never_saw_its_source_is_told() -> None:
    (found,) = reasons(door("sql", None, state="connecting"))
    assert (found.why, found.seen) == (Why.LATE, None)


@pytest.mark.parametrize("state", ["away", "silent", "failed"])
def test_a_live_source_that_is_away_now_spoils_an_unfinished_period_only(state: str) -> None:
    friday = datetime(2026, 3, 13, 12, tzinfo=MOSCOW)
    away = door("ami", friday - timedelta(hours=1), state=state)
    (found,) = reasons(away, last_call=friday, now=friday)
    assert (found.why, found.state) == (Why.DEAD, state)
    assert reasons(door("ami", MONDAY, state=state)) == [], "it was there until the week had ended"


def test_a_file_loaded_today_that_ends_days_before_covers_nothing() -> None:
    wednesday = datetime(2026, 3, 11, 17, tzinfo=MOSCOW)
    (found,) = reasons(door("file:calls", MONDAY), last_call=wednesday)
    assert (found.why, found.seen) == (Why.NO_CALLS_SINCE, wednesday)


def test_an_empty_store_is_said_to_be_empty() -> None:
    assert [one.why for one in reasons(last_call=None)] == [Why.NOTHING]


def test_a_working_day_without_a_call_before_the_last_call_is_named() -> None:
    """Wednesday's export was left out; Monday is a day off, and what is after the last call is told elsewhere."""
    closed = closings(WEEK, MONDAY, RUSSIA, {})
    tuesday, wednesday, thursday, friday = (date(2026, 3, day) for day in (10, 11, 12, 13))
    (found,) = without_calls(closed, {tuesday, thursday, friday}, MONDAY)
    assert (found.why, list(found.days)) == (Why.NO_CALLS_ON, [wednesday])
    assert without_calls(closed, {tuesday, wednesday, thursday, friday}, MONDAY) == []
    assert without_calls(closed, {tuesday, wednesday}, CLOSED - timedelta(days=2)) == []
    assert without_calls(closed, set(), None) == []


def test_a_period_before_the_first_call_has_no_day_with_data() -> None:
    closed = closings(WEEK, MONDAY, RUSSIA, {})
    (found,) = without_calls(closed, set(), MONDAY + timedelta(days=300))
    assert len(found.days) == 4


def test_a_day_with_a_call_is_one_of_the_reporting_zone(store_dsn: str) -> None:
    database = Database(store_dsn)
    database.empty()
    times = (datetime(2026, 3, 8, 20, 59), datetime(2026, 3, 8, 21), datetime(2026, 3, 11, 21, 30))
    legs = [leg(f"{n}", started_at=at.replace(tzinfo=UTC)) for n, at in enumerate(times)]
    nobody = Directory(default_stages())
    calls = [enrich_call(stitch([one]), nobody, cause="", caused_at=0, version=1) for one in legs]
    database.store.keep("activities", [encode(call) for call in calls])
    assert called(database.numbers, WEEK) == {date(2026, 3, 9), date(2026, 3, 12)}
