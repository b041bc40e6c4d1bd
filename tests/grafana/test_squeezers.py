"""The squeeze of the Early warning board: a count by hand on busy random departments, and the alert's own numbers."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any

import msgspec
import pytest

from pipeline.alerts.evaluate import ask
from schemas.alerts import rule
from schemas.parameters import Chosen, Department
from schemas.records import Activity, ActivityKind, Direction, Disposition
from schemas.screens.boards.warning import WARNING
from tests.grafana.asking import Asker
from tests.grafana.by_hand import Question
from tests.grafana.squeeze_by_hand import squeezers
from tests.grafana.worlds import IDS, STAGES, World, world
from tests.pipeline.property.tables import SETTINGS, Database

pytestmark = pytest.mark.stack

SEEDS = range(8)
DAYS = 125
"""The sixteen weeks, and some days before them."""
PANEL = next(panel.query for panel in WARNING.panels if panel.id == "warning_squeeze")


@pytest.fixture(scope="module")
def database(store_dsn: str) -> Database:
    return Database(store_dsn)


def busy(random: Random) -> World:
    """Bob, and sometimes others, open nobody new for the last weeks and call their customers all the more."""
    quiet = world(random)
    stop = {"ann": random.choice((28, 60, 0)), "bob": 28, "eve": random.choice((0, 0, 28))}
    facts: list[Activity] = []
    for ago in range(DAYS, 0, -1):
        morning = datetime.combine(quiet.last - timedelta(days=ago - 1), time(9), quiet.zone).astimezone(UTC)
        for who, since in stop.items():
            if random.random() < 0.8:
                facts += _day(random, morning, who, squeezes=ago <= since, number=len(facts))
    # Whoever was spoken to a year ago is not new.
    long_ago = [one for one in facts if one.stage == "new" and random.random() < 0.03]
    facts += [
        msgspec.structs.replace(
            one,
            activity_id=f"{one.activity_id}:before",
            at=one.at - _YEAR,
            bucket=one.bucket - int(_YEAR.total_seconds()),
        )
        for one in long_ago
    ]
    return msgspec.structs.replace(quiet, facts=facts)


_YEAR = timedelta(days=365)


def _day(random: Random, morning: datetime, who: str, *, squeezes: bool, number: int) -> list[Activity]:
    opened = [("new", f"{who}-{number}-{n}") for n in range(0 if squeezes else random.choice((0, 1, 1, 2)))]
    known = [("customer", f"{who}-old-{random.randrange(4)}") for _ in range(random.choice((2, 3)) + 2 * squeezes)]
    made = []
    for n, (stage, organisation) in enumerate(opened + known):
        at = morning + timedelta(seconds=random.randrange(30_000), milliseconds=random.choice((0, 999)))
        common: dict[str, Any] = {
            "manager_id": who,
            "team": "north",
            "at": at,
            "bucket": int(at.timestamp()) // 300 * 300,
            "version": 1,
        }
        made.append(
            Activity(
                activity_id=f"call:office:{number + n}",
                kind=ActivityKind.CALL,
                organisation_id=organisation,
                stage=stage,
                direction=Direction.OUTBOUND,
                disposition=Disposition.ANSWERED,
                talk_s=random.choice((29, 30, 60, 90)),
                **common,
            )
        )
        if n == 0 and random.random() < 0.4:
            proposal = f"proposal:{number}"
            made.append(
                Activity(
                    activity_id=proposal, kind=ActivityKind.INDIVIDUAL, organisation_id=organisation, stage="", **common
                )
            )
    return made


def test_board_names_the_squeezer_by_a_count_by_hand_and_says_what_the_alert_says(
    database: Database, store_dsn: str
) -> None:
    assert PANEL is not None
    named: set[str] = set()
    for seed in SEEDS:
        random = Random(seed)
        there = busy(random)
        there.keep(database)
        moment = there.midnight(there.last + timedelta(days=1))
        start = moment - timedelta(days=30)
        # The threshold is that of the settings, whatever a reader chooses; the others still make the season.
        managers = random.choice(((), IDS[:2]))
        chosen = Chosen(start=start, end=moment, now=moment, values={"conversation_s": 90, "managers": managers})
        asker = Asker(store_dsn, Department(zone=there.zone.key, conversation_s=30, stages=STAGES))
        rows = asker.as_grafana(PANEL, chosen, WARNING.all_variables)
        found = {row["manager_id"]: row for row in rows}
        question = Question(world=there, start=start, end=moment, now=moment, managers=managers)
        expected = squeezers(question)
        assert sorted(found) == [row["manager_id"] for row in expected]
        for wanted in expected:
            row = found[wanted["manager_id"]]
            assert {name: row[name] for name in wanted} == pytest.approx(wanted, abs=0.0101), (seed, wanted)
        settings = msgspec.structs.replace(SETTINGS, time_zone=there.zone)
        # A period that is over is shown as at its closing hour.
        for thing in ask(database.numbers, settings, [question.moment], [rule("squeeze")]):
            if row := found.get(thing.labels["manager_id"], {}):
                assert thing.is_firing == bool(row["is_squeezing"])
                assert thing.numbers == {name: row[name] or 0 for name in thing.numbers}
        named |= {f"{row['manager_id']} {seed}" for row in expected if row["is_squeezing"]}
        assert [row["is_squeezing"] for row in rows] == sorted((row["is_squeezing"] for row in rows), reverse=True)
    assert len(named) >= 3
