"""`verify` names every planted difference, and nothing else."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from zoneinfo import ZoneInfo

import msgspec
import pytest

from pipeline.readouts.period import Period
from pipeline.readouts.verify import Difference, verify
from schemas.codec import encode
from schemas.records import Activity, ActivityKind, Direction, Disposition, ManagerActivity
from tests.pipeline.property.brute import cells
from tests.pipeline.property.tables import SETTINGS, Database
from tests.pipeline.readouts.facts import activities, keep

ZONE = ZoneInfo("Asia/Kolkata")
BEGIN = date(2026, 11, 2)
PERIOD = Period(BEGIN, BEGIN + timedelta(days=3), ZONE)
MORNING = PERIOD.start + timedelta(hours=9, minutes=2)
BUCKET = "2026-11-02 09:00:00"
"""In the reporting zone, as it is shown."""


@pytest.fixture(scope="module")
def database(store_dsn: str) -> Database:
    return Database(store_dsn)


def _call(number: int, manager_id: str = "ann", talk_s: int = 60) -> Activity:
    return Activity(
        activity_id=f"call:office:17.{number}",
        kind=ActivityKind.CALL,
        bucket=int(MORNING.timestamp()) // 300 * 300,
        manager_id=manager_id,
        team="north",
        at=MORNING,
        organisation_id="o1",
        stage="new",
        contact="+74950000001",
        direction=Direction.OUTBOUND,
        disposition=Disposition.ANSWERED,
        talk_s=talk_s,
        version=1,
    )


CALLS = [_call(1), _call(2), _call(3, "bob")]


def _again(database: Database, table: str, row: Activity | ManagerActivity, **changes: object) -> None:
    database.store.keep(table, [encode(msgspec.structs.replace(row, version=2, **changes))])


def _differences(database: Database) -> list[Difference]:
    return verify(database.numbers, PERIOD, SETTINGS)[1]


def test_nothing_differs_in_a_random_department(database: Database) -> None:
    for seed in range(5):
        facts = activities(Random(seed), BEGIN, ZONE)
        keep(database, facts, [])
        looked, found = verify(database.numbers, PERIOD, SETTINGS)
        days = {fact.activity_id for fact in facts if PERIOD.start <= fact.at < PERIOD.end}
        expected = cells(fact for fact in facts if fact.activity_id in days)
        assert (looked, found) == (len(expected), [])


def test_cell_that_is_gone_is_named_with_all_its_numbers(database: Database) -> None:
    keep(database, CALLS, [])
    cell = cells(CALLS)[CALLS[0].bucket, "ann"]
    _again(database, "manager_activity", cell, retracted=1)
    found = {one.number: (one.bucket, one.manager_id, one.counted, one.recounted) for one in _differences(database)}
    assert found["calls"] == (BUCKET, "ann", "-", "2")
    assert found["talk_s"] == (BUCKET, "ann", "-", "120")
    assert found["contacts"] == (BUCKET, "ann", "-", "['+74950000001']")
    assert {manager_id for _, manager_id, _, _ in found.values()} == {"ann"}


@pytest.mark.parametrize(
    ("changes", "number", "counted", "recounted"),
    [
        ({"calls": 3}, "calls", "3", "2"),
        ({"conversations": 1}, "conversations", "1", "2"),
        ({"calls_to_potential": 0}, "calls_to_potential", "0", "2"),
        ({"organisations": ["o1", "o2"]}, "organisations", "['o1','o2']", "['o1']"),
        ({"team": "south"}, "team", "south", "north"),
        ({"currencies": ["RUB"], "amounts": [0]}, "amounts", "{'RUB':0}", "{}"),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
def test_changed_number_is_named_alone(
    database: Database, changes: dict[str, object], number: str, counted: str, recounted: str
) -> None:
    keep(database, CALLS, [])
    _again(database, "manager_activity", cells(CALLS)[CALLS[0].bucket, "ann"], **changes)
    assert _differences(database) == [Difference(BUCKET, "ann", number, counted, recounted)]


def test_cell_of_nothing_is_named(database: Database) -> None:
    keep(database, CALLS, [])
    invented = msgspec.structs.replace(cells(CALLS)[CALLS[0].bucket, "ann"], manager_id="kim")
    database.store.keep("manager_activity", [encode(invented)])
    found = {one.number: (one.manager_id, one.counted, one.recounted) for one in _differences(database)}
    assert found["calls"] == ("kim", "2", "-")


def test_fact_that_nobody_decided_is_named(database: Database) -> None:
    keep(database, CALLS, [])
    stray = _call(9, "kim", talk_s=0)
    database.store.keep("activities", [encode(stray)])
    database.store.keep("manager_activity", [encode(cell) for cell in cells([stray]).values()])
    assert _differences(database) == [Difference(BUCKET, "kim", "call:office:17.9", "among the facts, not decided", "")]


def test_decided_fact_that_did_not_arrive_is_named(database: Database) -> None:
    keep(database, CALLS, [])
    database.store.keep("placements", [encode(_call(9, "kim"))])
    assert _differences(database) == [Difference(BUCKET, "kim", "call:office:17.9", "decided, not among the facts", "")]


def test_fact_that_differs_from_what_was_decided_is_named(database: Database) -> None:
    """The same cell, another content: counted as it stands among the facts, but nobody decided that."""
    keep(database, CALLS, [])
    changed = msgspec.structs.replace(CALLS[2], talk_s=600, version=2)
    database.store.keep("activities", [encode(changed)])
    cell = cells([changed])[changed.bucket, "bob"]
    _again(database, "manager_activity", cell)
    assert _differences(database) == [
        Difference(BUCKET, "bob", "call:office:17.3", "decided otherwise than it is among the facts", "")
    ]


def test_dropped_fact_is_missed_by_its_cell_and_its_decision(database: Database) -> None:
    keep(database, CALLS, [])
    _again(database, "activities", CALLS[0], retracted=1)
    found = {one.number: (one.manager_id, one.counted, one.recounted) for one in _differences(database)}
    assert found["calls"] == ("ann", "2", "1")
    assert found["talk_s"] == ("ann", "120", "60")
    assert found["call:office:17.1"] == ("ann", "decided, not among the facts", "")


def test_what_is_outside_of_the_days_is_not_looked_at(database: Database) -> None:
    keep(database, CALLS, [])
    later = msgspec.structs.replace(_call(9), at=PERIOD.end, bucket=int(PERIOD.end.timestamp()))
    database.store.keep("activities", [encode(later)])
    assert _differences(database) == []
    _, found = verify(database.numbers, Period(PERIOD.first, PERIOD.last + timedelta(days=1), ZONE), SETTINGS)
    assert {one.bucket for one in found} == {"2026-11-05 00:00:00"}
