"""Dialling without talking, missed calls that nobody returns, organisations that are forgotten: as counted by hand."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

import pytest

from pipeline.alerts.evaluate import AlertInstance, ask
from schemas.alerts import RULES, rule
from tests.alerts.by_hand import tail
from tests.alerts.test_triage import ZONE, keep
from tests.pipeline.property.tables import SETTINGS, Database

TODAY = date(2026, 4, 22)
"""A Wednesday."""
EVENING = datetime.combine(TODAY, time(18), ZONE)
PEOPLE = ("ann", "bob", "cid", "dee")
Call = dict[str, Any]


@pytest.fixture(scope="module")
def database(store_dsn: str) -> Database:
    return Database(store_dsn)


def rostered(database: Database) -> None:
    database.empty()
    keep(database, "managers", *({"manager_id": m, "name": m, "valid_from": "2020-01-01T00:00:00Z"} for m in PEOPLE))
    days = [TODAY - timedelta(days=n) for n in range(-7, 90)]
    kinds = ({"day": f"{day}", "kind": "weekend" if day.weekday() >= 5 else "working"} for day in days)
    keep(database, "calendar_days", *kinds)


def call(at: datetime, manager_id: str, **more: Any) -> Call:
    common = {"kind": "call", "direction": "outbound", "disposition": "answered", "source": "office", "talk_s": 60}
    return {**common, "manager_id": manager_id, "at": at.astimezone(UTC), **more}


def store(database: Database, calls: list[Call]) -> None:
    lines = [
        {**one, "activity_id": f"call:office:{n}", "bucket": int(one["at"].timestamp()) // 300 * 300, "version": 1}
        for n, one in enumerate(calls)
    ]
    database.store.keep("activities", [json.dumps(one, default=datetime.isoformat).encode() for one in lines])


def fired(database: Database, *ids: str) -> list[AlertInstance]:
    rules = [rule(one) for one in ids]
    return [one for one in ask(database.numbers, SETTINGS, [EVENING], rules) if one.is_firing]


def dialling(random: Random, *, games: bool) -> list[Call]:
    """Thirty calls a day of everybody, half of them conversations; in the latest week bob's are 3 seconds long."""
    calls = []
    for n in range(1, 64):
        day = TODAY - timedelta(days=n)
        for who in PEOPLE if day.weekday() < 5 else ():
            for _ in range(random.randrange(25, 36)):
                is_game = games and who == "bob" and n <= 7
                at = datetime.combine(day, time(9), ZONE) + timedelta(seconds=random.randrange(32_000))
                talk_s = 3 if is_game and random.random() < 0.9 else random.choice((0, 90))
                contact = f"+7495000000{random.randrange(2 if is_game else 10)}"
                calls.append(call(at, who, talk_s=talk_s, contact=contact))
    return calls


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_who_dials_without_talking_is_told_of_as_counted_by_hand(database: Database, seed: int) -> None:
    rostered(database)
    calls = dialling(Random(seed), games=True)
    store(database, calls)
    (game,) = fired(database, "only_dialling")
    split = EVENING.astimezone(UTC) - timedelta(days=7)
    calls = [one for one in calls if one["at"] >= split - timedelta(days=56)]

    def share(who: set[str], *, recent: bool) -> tuple[int, int]:
        own = [one for one in calls if one["manager_id"] in who and (one["at"] >= split) == recent]
        return sum(one["talk_s"] >= 30 for one in own), len(own)

    others = set(PEOPLE) - {"bob"}
    (now, made), (before, made_before) = share({"bob"}, recent=True), share({"bob"}, recent=False)
    (others_now, others_made), (others_before, others_made_before) = (
        share(others, recent=True),
        share(others, recent=False),
    )
    season = min(1.0, (others_now / others_made) / (others_before / others_made_before))
    expected = made * before / made_before * season
    assert game.labels["manager_id"] == "bob"
    assert (game.numbers["calls"], game.numbers["conversations"]) == (made, now)
    assert game.numbers["expected_conversations"] == pytest.approx(expected, abs=0.006)
    assert tail(now, expected, 0.05 + 1 / before) < 0.001


def test_nobody_games_where_everybody_talks_or_calls_less(database: Database) -> None:
    rostered(database)
    store(database, dialling(Random(4), games=False))
    assert fired(database, "only_dialling") == []
    rostered(database)
    # Half of the conversations, of half of the calls: that is few calls, and another rule's.
    calls = dialling(Random(5), games=True)
    week = EVENING.astimezone(UTC) - timedelta(days=7)
    store(database, [one for n, one in enumerate(calls) if one["manager_id"] != "bob" or one["at"] < week or n % 3])
    assert fired(database, "only_dialling") == []


def test_missed_calls_are_told_of_when_their_time_is_over(database: Database) -> None:
    rostered(database)
    owners = (("o1", "ann"), ("o2", "bob"))
    keep(
        database,
        "organisations",
        *({"organisation_id": o, "name": o, "manager_id": m, "phones": []} for o, m in owners),
    )
    missed = {"direction": "inbound", "disposition": "no_answer", "talk_s": 0, "wait_s": 20}
    monday = datetime.combine(TODAY - timedelta(days=2), time(10), ZONE)

    def of(hour: int, organisation: str, contact: int) -> Call:
        at = monday + timedelta(hours=hour, minutes=contact)
        return call(at, "", organisation_id=organisation, contact=f"+7495000010{contact}", **missed)

    calls = [of(0, "o1", n) for n in range(4)] + [of(1, "o2", n) for n in (5, 6, 7)] + [of(2, "", n) for n in (8, 9)]
    # Two of bob's were returned in time; of today nothing is overdue yet.
    calls += [call(monday + timedelta(hours=2), "bob", contact=f"+7495000010{n}") for n in (5, 6)]
    calls += [of(53, "o2", n) for n in (1, 2, 3)]
    store(database, calls)
    told = fired(database, "missed_not_returned", "missed_without_manager")
    assert [(one.rule.id, one.labels["manager_id"], one.numbers) for one in told] == [
        ("missed_not_returned", "ann", {"missed": 4, "overdue": 4})
    ]
    store(database, [*calls, *(of(3, "", n) for n in range(20, 24))])
    told = fired(database, "missed_not_returned", "missed_without_manager")
    assert {(one.rule.id, one.numbers["overdue"]) for one in told} == {
        ("missed_not_returned", 4),
        ("missed_without_manager", 6),
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_forgotten_organisations_equal_a_count_by_hand(database: Database, seed: int) -> None:
    random = Random(seed)
    rostered(database)
    organisations = {f"o{n}": random.choice(PEOPLE) for n in range(200)}
    since = {one: 80 if who == "dee" else random.choice((10, 29, 31, 80)) for one, who in organisations.items()}
    stages = {one: random.choice(("new", "active", "customer", "disqualified")) for one in organisations}
    talked = {
        one: random.choice((1, 29, 31, 60)) if who != "dee" or random.random() < 0.2 else 50
        for one, who in organisations.items()
    }
    rows = ({"organisation_id": o, "name": o, "manager_id": m, "phones": []} for o, m in organisations.items())
    keep(database, "organisations", *rows)
    before = {n: (EVENING - timedelta(days=n)).astimezone(UTC).isoformat() for n in (10, 29, 31, 80)}
    changes = ({"organisation_id": o, "stage": stages[o], "changed_at": before[since[o]]} for o in organisations)
    keep(database, "stage_changes", *changes)
    store(database, [call(EVENING - timedelta(days=n), "ann", organisation_id=one) for one, n in talked.items()])
    worked = [one for one in organisations if stages[one] != "disqualified"]
    forgotten = [one for one in worked if since[one] > 30 and talked[one] > 30]
    found = {
        one.labels["manager_id"]: one
        for one in ask(database.numbers, SETTINGS, [EVENING], [rule("organisations_forgotten")])
    }
    for who in PEOPLE:
        own, lost = (sum(organisations[one] == who for one in of) for of in (worked, forgotten))
        numbers = found[who].numbers
        assert (numbers["organisations"], numbers["forgotten"]) == (own, lost)
        others, others_lost = len(worked) - own, len(forgotten) - lost
        is_forgetful = lost >= 10 and lost >= own / 5 and lost / own >= 1.5 * others_lost / others
        assert found[who].is_firing == is_forgetful
    assert found["dee"].is_firing


def test_habits_are_asked_of_the_past_too() -> None:
    ids = {"only_dialling", "missed_not_returned", "missed_without_manager", "organisations_forgotten"}
    assert {one.id for one in RULES if one.replayable} >= ids
