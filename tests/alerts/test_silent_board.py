"""Who is silent and why: the Today board says of each manager what the warnings say on the same data."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from pipeline.alerts.evaluate import ask
from schemas import metrics
from schemas.alerts import rule
from schemas.parameters import Chosen, Department, bind
from schemas.screens.boards.today import TODAY as BOARD
from tests.alerts.test_triage import NOON, OFTEN, TODAY, ZONE, keep
from tests.alerts.test_triage import Department as World
from tests.pipeline.property.tables import SETTINGS, Database

PANEL = next(panel.query for panel in BOARD.panels if panel.id == "today_silent")
MORNING = datetime.combine(TODAY, time(), ZONE)
RULES = {"silent": "manager_silent", "moved": "extension_moved"}
HOUSE = Department(zone=ZONE.key, conversation_s=30, stages=SETTINGS.stages)


@pytest.fixture(scope="module")
def database(store_dsn: str) -> Database:
    return Database(store_dsn)


def whys(database: Database, moment: datetime) -> dict[str, str]:
    """Manager -> why, after a look at the warnings: both say the same of who is silent, and who has moved."""
    assert PANEL is not None
    chosen = Chosen(start=MORNING, end=MORNING + timedelta(days=9), now=moment)
    rows = database.client.query(metrics.text(PANEL.metric), parameters=bind(PANEL, HOUSE, chosen)).named_results()
    said = {row["manager_id"]: row["why"] for row in rows}
    things = list(ask(database.numbers, SETTINGS, [moment], OFTEN))
    for why, name in RULES.items():
        told = {one.labels["manager_id"] for one in things if one.rule == rule(name) and one.is_firing}
        assert told == {manager_id for manager_id, here in said.items() if here == why}, (why, moment)
    is_dead = next(one.is_firing for one in things if one.rule.id == "feed_dead")
    assert not is_dead or "feed_dead" in said.values()
    return said


def test_board_and_warnings_say_the_same_of_each_manager(database: Database) -> None:
    there = World()
    there.since["eve"] = TODAY - timedelta(days=30)
    there.away = {("bob", TODAY)}
    there.without(["ann", "bob", "cid", "eve"], MORNING)
    there.without(["dee"], datetime.combine(TODAY, time(11, 50), ZONE), NOON)
    fill(database, there)
    _stray_calls(database, "cid")
    noon = {"ann": "silent", "bob": "away", "cid": "moved", "dee": "working", "eve": "quiet"}
    assert whys(database, NOON) == noon
    # At ten too little was to be expected of anybody.
    assert whys(database, MORNING + timedelta(hours=10, minutes=5)) == noon | {"ann": "quiet", "cid": "quiet"}
    # A warning stands over night, on the board too; of the others it is closed then.
    assert whys(database, MORNING + timedelta(hours=22)) == noon | {"dee": "closed", "eve": "closed"}


def test_dead_feed_is_the_whole_boards_and_a_day_off_is_nobodys(database: Database) -> None:
    there = World()
    there.without([*there.since], datetime.combine(TODAY, time(10), ZONE))
    fill(database, there)
    assert set(whys(database, NOON).values()) == {"feed_dead"}
    there.kinds[TODAY] = "holiday"
    fill(database, there)
    assert set(whys(database, NOON).values()) == {"day_off"}


def test_silence_behind_a_dead_door_is_the_doors(database: Database) -> None:
    there = World()
    there.without(["ann"], MORNING)
    fill(database, there)
    before = (NOON - timedelta(minutes=20)).astimezone(UTC).isoformat()
    keep(
        database,
        "feeds",
        {"source": "office", "door": "ami", "state": "live", "started_at": before, "heartbeat_at": before},
    )
    assert whys(database, NOON) == dict.fromkeys(there.since, "working") | {"ann": "feed_dead"}


def fill(database: Database, there: World) -> None:
    """The counted cells of weeks, and the calls of today."""
    there.fill(database)
    calls = [(who, at) for who, at in there.calls if at >= MORNING]
    keep(database, "activities", *(_call(n, at, manager_id=who) for n, (who, at) in enumerate(calls)))


def _stray_calls(database: Database, owner: str) -> None:
    keep(database, "organisations", {"organisation_id": "o1", "name": "One", "manager_id": owner, "phones": []})
    moments = [NOON - timedelta(minutes=150 - n) for n in range(3)]
    strays = [_call(1_000 + n, at, extension="199", organisation_id="o1") for n, at in enumerate(moments)]
    keep(database, "activities", *strays)


def _call(number: int, at: datetime, **said: str) -> dict[str, Any]:
    of = {"bucket": int(at.timestamp()) // 300 * 300, "at": at.astimezone(UTC).isoformat(), "source": "office"}
    return {"activity_id": f"call:office:{number}", "kind": "call", "direction": "outbound", **of, **said}
