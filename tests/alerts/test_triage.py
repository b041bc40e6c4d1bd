"""Who is told of what: one thing goes wrong in a department that is otherwise the same every day."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pipeline.alerts.evaluate import AlertInstance, ask
from schemas.alerts import RULES
from tests.alerts.by_hand import World
from tests.alerts.test_pace import store
from tests.pipeline.property.tables import SETTINGS, Database

ZONE = ZoneInfo("Europe/Moscow")
TODAY = date(2026, 4, 22)
"""A Wednesday; the days before it are 13 weeks."""
PEOPLE = ("ann", "bob", "cid", "dee", "eve")
NOON = datetime.combine(TODAY, time(12), ZONE)
OFTEN = [rule for rule in RULES if rule.metric == "alert_pace"]


@pytest.fixture(scope="module")
def database(store_dsn: str) -> Database:
    return Database(store_dsn)


class Department:
    """Everybody calls every quarter of an hour from nine to six, and once more on some days."""

    def __init__(self) -> None:
        days = [TODAY - timedelta(days=n) for n in range(92)] + [TODAY + timedelta(days=n) for n in (1, 2)]
        self.kinds = {day: "weekend" if day.weekday() >= 5 else "working" for day in days}
        self.since = dict.fromkeys(PEOPLE, min(days))
        self.away: set[tuple[str, date]] = set()
        self.calls = [
            (who, datetime.combine(day, time(9), ZONE) + timedelta(minutes=15 * n + (day.day + 5 * place) % 13))
            for day in days
            for place, who in enumerate(PEOPLE)
            for n in range(36)
            if self.kinds[day] == "working" and (n + day.day + place) % 7
        ]

    def without(self, who: Sequence[str], since: datetime, until: datetime | None = None) -> None:
        until = until or since + timedelta(days=9)
        self.calls = [one for one in self.calls if one[0] not in who or not since <= one[1] < until]

    def fill(self, database: Database) -> None:
        store(database, World(ZONE, self.kinds, self.since, frozenset(self.away), self.calls))


@pytest.fixture
def department() -> Department:
    return Department()


def keep(database: Database, table: str, *rows: dict[str, Any]) -> None:
    database.store.keep(table, [json.dumps({**row, "version": 1}).encode() for row in rows])


def firing(database: Database, *moments: datetime) -> list[AlertInstance]:
    return [thing for thing in ask(database.numbers, SETTINGS, list(moments or (NOON,)), OFTEN) if thing.is_firing]


def told(things: Sequence[AlertInstance]) -> list[tuple[str, str]]:
    return [(thing.rule.id, thing.labels.get("manager_id", "")) for thing in things]


def test_nothing_fires_on_a_day_like_others_and_everybody_has_a_row(database: Database, department: Department) -> None:
    department.fill(database)
    things = list(ask(database.numbers, SETTINGS, [NOON], OFTEN))
    assert not any(thing.is_firing for thing in things)
    people = [thing.labels["manager_id"] for thing in things if thing.rule.id == "calls_drop"]
    assert people == sorted(PEOPLE)


def test_silent_manager_is_told_of_once_and_until_something_else_is_known(
    database: Database, department: Department
) -> None:
    opening = datetime.combine(TODAY, time(9), ZONE)
    department.without(["ann"], opening, opening + timedelta(days=1))
    department.fill(database)
    moments = [opening + timedelta(minutes=5 * n) for n in range(1, 109)]
    fired = {thing.at: thing for thing in firing(database, *moments)}
    assert {(one.rule.id, one.labels["manager_id"]) for one in fired.values()} == {("manager_silent", "ann")}
    first = min(fired)
    # At once when eight calls are missing, which are 2.3 hours of theirs, and at every evaluation from then on.
    assert fired[first].numbers["quiet_expected"] >= 8
    assert first - opening <= timedelta(hours=2, minutes=40)
    assert sorted(fired) == [moment.astimezone(UTC) for moment in moments if moment >= first]
    night = [opening + timedelta(hours=hours) for hours in (13, 18, 24)]
    assert told(firing(database, *night)) == [("manager_silent", "ann")] * 3
    called_again = [opening + timedelta(hours=24.5), opening + timedelta(hours=27)]
    assert told(firing(database, *called_again)) == []


def test_manager_on_leave_is_not_told_of(database: Database, department: Department) -> None:
    department.without(["ann"], datetime.combine(TODAY, time(), ZONE))
    department.away = {("ann", TODAY)}
    department.fill(database)
    assert told(firing(database)) == []


@pytest.mark.parametrize("kind", ["holiday", "weekend", "moved", "short"])
def test_day_that_is_no_full_working_day_is_nobodys_silence(
    database: Database, department: Department, kind: str
) -> None:
    department.without(PEOPLE, datetime.combine(TODAY, time(), ZONE))
    department.kinds[TODAY] = kind
    department.fill(database)
    assert told(firing(database)) == []
    # Nor is the day after it, when they call again.
    assert told(firing(database, NOON - timedelta(days=1))) == []


def test_moved_saturday_has_no_saturdays_to_be_held_against(database: Database, department: Department) -> None:
    saturday = TODAY + timedelta(days=3)
    department.kinds[saturday] = "moved"
    department.fill(database)
    assert told(firing(database, datetime.combine(saturday, time(14), ZONE))) == []


def test_dead_feed_is_one_alert_and_nobody_else_is_told_of(database: Database, department: Department) -> None:
    department.without(PEOPLE, datetime.combine(TODAY, time(10), ZONE))
    department.fill(database)
    later = [NOON + timedelta(hours=hours) for hours in (0, 3, 6, 10, 21.2)]
    assert told(firing(database, *later)) == [("feed_dead", "")] * 5


def test_silence_behind_a_dead_door_is_the_doors(database: Database, department: Department) -> None:
    department.without(["ann"], datetime.combine(TODAY, time(), ZONE))
    department.fill(database)
    assert told(firing(database)) == [("manager_silent", "ann")]
    before = (NOON - timedelta(minutes=20)).astimezone(UTC).isoformat()
    door = {"source": "office", "door": "ami", "state": "live", "started_at": before, "heartbeat_at": before}
    keep(database, "feeds", door)
    assert told(firing(database)) == []
    (stale,) = [one for one in ask(database.numbers, SETTINGS, [NOON]) if one.rule.id == "stale_data"]
    assert (stale.is_firing, stale.labels) == (True, {"source": "office", "door": "ami"})


def test_dead_afternoon_is_nobodys_drop_on_that_day_or_later(database: Database, department: Department) -> None:
    """The exchange died at noon, and lived again the next morning: nobody called less."""
    yesterday = TODAY - timedelta(days=1)
    department.without(PEOPLE, datetime.combine(yesterday, time(12), ZONE), datetime.combine(yesterday, time(18), ZONE))
    department.without(["ann"], datetime.combine(TODAY, time(9), ZONE), datetime.combine(TODAY, time(10), ZONE))
    department.fill(database)
    keep(
        database,
        "activities",
        *(
            {
                "activity_id": f"call:office:{n}", "kind": "call", "direction": "outbound", "source": "office",
                "manager_id": who, "bucket": int(at.timestamp()) // 300 * 300, "at": at.astimezone(UTC).isoformat(),
            }
            for n, (who, at) in enumerate(department.calls)
        ),
    )  # fmt: skip
    live = {"source": "office", "door": "ami", "state": "live", "started_at": "2026-01-01T00:00:00Z"}
    keep(database, "feeds", {**live, "heartbeat_at": "2026-04-23T00:00:00Z", "seen_at": "2026-04-23T00:00:00Z"})
    evening = datetime.combine(yesterday, time(17, 30), ZONE)
    assert told(firing(database, evening)) == [("feed_dead", "")]
    later = [datetime.combine(TODAY, time(hour), ZONE) for hour in (7, 9, 11, 15)]
    assert told(firing(database, *later)) == []


def test_extension_that_moved_is_told_to_operations(database: Database, department: Department) -> None:
    department.without(["ann"], datetime.combine(TODAY, time(), ZONE))
    department.fill(database)
    keep(database, "organisations", {"organisation_id": "o1", "name": "One", "manager_id": "ann", "phones": []})
    for n in range(3):
        assert told(firing(database)) == [("manager_silent", "ann")]
        at = (NOON - timedelta(minutes=90 - n)).astimezone(UTC)
        call = {"activity_id": f"call:office:{n}", "kind": "call", "direction": "outbound", "extension": "199"}
        of = {"organisation_id": "o1", "bucket": int(at.timestamp()) // 300 * 300, "at": at.isoformat()}
        keep(database, "activities", {**call, **of, "source": "office"})
    (moved,) = firing(database)
    assert told([moved]) == [("extension_moved", "ann")]
    assert moved.rule.urgency == "operations"


def test_day_after_leave_tells_nothing_of_the_time_before_it(database: Database, department: Department) -> None:
    """Ann left at noon of the day before her leave: that was told then, if at all."""
    before, days = TODAY - timedelta(days=2), [TODAY - timedelta(days=1)]
    department.without(["ann"], datetime.combine(before, time(10), ZONE), datetime.combine(TODAY, time(11), ZONE))
    department.fill(database)
    morning = datetime.combine(TODAY, time(9, 5), ZONE)
    assert ("manager_silent", "ann") in told(firing(database, morning))
    department.away = {("ann", day) for day in days}
    department.fill(database)
    assert told(firing(database, morning, datetime.combine(TODAY, time(10), ZONE))) == []


def test_newcomer_is_held_against_nothing(database: Database, department: Department) -> None:
    department.since["ann"] = TODAY - timedelta(days=30)
    department.without(["ann"], datetime.combine(TODAY, time(), ZONE))
    department.fill(database)
    assert told(firing(database)) == []


def test_drop_must_be_seen_twice(database: Database, department: Department) -> None:
    department.without(["ann"], datetime.combine(TODAY, time(9, 20), ZONE), datetime.combine(TODAY, time(16, 30), ZONE))
    department.without(["ann"], datetime.combine(TODAY, time(16, 45), ZONE))
    department.fill(database)
    afternoon = [datetime.combine(TODAY, time(16, 40), ZONE) + timedelta(minutes=5 * n) for n in range(4)]
    things = [one for one in ask(database.numbers, SETTINGS, afternoon, OFTEN) if one.labels.get("manager_id") == "ann"]
    drops = [one for one in things if one.rule.id == "calls_drop"]
    assert all(one.is_firing for one in drops[1:])
    assert drops[-1].numbers["calls"] < drops[-1].numbers["low"] < drops[-1].numbers["expected"]


def test_quiet_day_of_everybody_is_the_departments(database: Database, department: Department) -> None:
    morning = datetime.combine(TODAY, time(), ZONE)
    department.calls = [one for n, one in enumerate(department.calls) if one[1] < morning or n % 2]
    department.fill(database)
    evening = datetime.combine(TODAY, time(17), ZONE)
    assert told(firing(database, evening)) == [("department_drop", "")]
