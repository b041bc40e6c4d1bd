"""`alert_squeeze` on a department that can be counted on fingers."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pipeline.alerts.evaluate import AlertInstance, ask
from schemas.alerts import rule
from tests.pipeline.property.tables import SETTINGS, Database

ZONE = ZoneInfo("Europe/Moscow")
MONDAY = date(2026, 5, 4)
NOW = datetime.combine(MONDAY, time(8), ZONE)
PEOPLE = ("ann", "bob", "cid")
WEEKS = 16
"""Four that are judged, and twelve before."""


@pytest.fixture(scope="module")
def database(store_dsn: str) -> Database:
    return Database(store_dsn)


class Calls:
    """Each working day: `new[who]` first conversations, `old[who]` calls to ten customers of theirs."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.cells: list[dict[str, Any]] = []

    def week(self, weeks_ago: int, who: str, new: int, old: int, deals: int) -> None:
        for weekday in range(5):
            day = MONDAY - timedelta(weeks=weeks_ago) + timedelta(days=weekday)
            at = datetime.combine(day, time(10), ZONE).astimezone(UTC)
            for n in range(new):
                self._call(at, who, f"{who}-{day}-{n}", "new")
            for n in range(old):
                self._call(at + timedelta(minutes=n), who, f"{who}-old-{(n + 5 * weekday) % 10}", "customer")
            cell = {"bucket": int(at.timestamp()), "manager_id": who, "individual_proposals": deals, "calls": new + old}
            self.cells.append(cell)

    def _call(self, at: datetime, who: str, organisation: str, stage: str) -> None:
        identity = {"activity_id": f"call:{len(self.rows)}", "kind": "call", "bucket": int(at.timestamp()) // 300 * 300}
        of = {"manager_id": who, "at": at.isoformat(), "organisation_id": organisation, "stage": stage}
        self.rows.append({**identity, **of, "direction": "outbound", "disposition": "answered", "talk_s": 60})

    def keep(self, database: Database) -> None:
        database.empty()
        roster = [{"manager_id": one, "name": one.title(), "valid_from": "2020-01-01T00:00:00Z"} for one in PEOPLE]
        for table, rows in (("activities", self.rows), ("manager_activity", self.cells), ("managers", roster)):
            database.store.keep(table, [json.dumps({**row, "version": 1}).encode() for row in rows])


def department(ann: tuple[int, int, int], others: int = 2) -> Calls:
    """Everybody opens two a day and makes ten calls to customers and one deal; ann's latest four weeks are hers."""
    calls = Calls()
    for weeks_ago in range(1, WEEKS + 1):
        recent = weeks_ago <= 4
        calls.week(weeks_ago, "ann", *(ann if recent else (2, 10, 1)))
        for who in ("bob", "cid"):
            calls.week(weeks_ago, who, others if recent else 2, 10, 1)
    return calls


def squeeze(database: Database, calls: Calls) -> dict[str, AlertInstance]:
    calls.keep(database)
    things = ask(database.numbers, SETTINGS, [NOW], [rule("squeeze")])
    return {thing.labels["manager_id"]: thing for thing in things}


def test_who_opens_nothing_and_calls_customers_more_is_named(database: Database) -> None:
    things = squeeze(database, department((0, 20, 2)))
    assert [who for who, thing in things.items() if thing.is_firing] == ["ann"]
    # 2 a day of 60 days, times 20 days. Ten customers are called 50 times a week, then 100 times.
    numbers = things["ann"].numbers
    assert (numbers["new_now"], numbers["expected_new"]) == (0, 40)
    assert (numbers["calls_per_existing_before"], numbers["calls_per_existing_now"]) == (5, 10)


@pytest.mark.parametrize(
    ("why", "ann", "others"),
    [
        ("does less of everything", (0, 5, 1), 2),
        ("sells less", (0, 20, 0), 2),
        ("opens somewhat less", (1, 20, 2), 2),
        ("does as everybody does", (0, 20, 2), 0),
    ],
)
def test_who_is_no_squeezer(database: Database, why: str, ann: tuple[int, int, int], others: int) -> None:
    things = squeeze(database, department(ann, others))
    assert not things["ann"].is_firing, why


def test_leave_is_no_squeeze(database: Database) -> None:
    """Days without any call are not expected to have new organisations."""
    calls = department((2, 10, 1))
    since = (NOW - timedelta(weeks=4)).astimezone(UTC).isoformat()
    last_week = (NOW - timedelta(weeks=1)).astimezone(UTC).isoformat()
    calls.rows = [row for row in calls.rows if row["manager_id"] != "ann" or not since <= row["at"] < last_week]
    numbers = squeeze(database, calls)["ann"].numbers
    assert (numbers["new_now"], numbers["expected_new"]) == (10, 10)


def test_organisation_that_was_spoken_to_before_is_not_new(database: Database) -> None:
    calls = department((0, 20, 2))
    long_ago = datetime.combine(MONDAY - timedelta(weeks=30), time(10), ZONE).astimezone(UTC)
    for row in [row for row in calls.rows if row["organisation_id"].startswith("bob-2026")]:
        calls._call(long_ago, "bob", row["organisation_id"], "new")
    assert squeeze(database, calls)["bob"].numbers["new_now"] == 0
