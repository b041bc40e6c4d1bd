"""Time without data equals what is worked out by hand, and is in no comparison."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from random import Random

import msgspec
import pytest

from schemas.parameters import Chosen, Department
from schemas.plans import DayKind
from schemas.records import Direction, FeedState
from schemas.screens.panel import query
from tests.grafana import by_hand
from tests.grafana.asking import Asker
from tests.grafana.by_hand import Question
from tests.grafana.lost_by_hand import LAST, Exchanges, Lost, exchanges, lost_days
from tests.grafana.test_by_hand import same_rows
from tests.grafana.worlds import STAGES
from tests.pipeline.property.tables import Database

pytestmark = pytest.mark.stack

WORLDS = 4


@pytest.fixture(scope="module")
def database(store_dsn: str) -> Database:
    return Database(store_dsn)


def question(random: Random, there: Exchanges) -> Question:
    """A period that ends with the last day, or within it, or a week before."""
    world = there.world
    day = LAST - timedelta(days=random.choice((0, 0, 1, 7)))
    now = world.midnight(LAST) + timedelta(seconds=random.choice((86_400, 57_660)))
    start = world.midnight(day - timedelta(days=random.choice((0, 0, 2, 6, 27))))
    return Question(
        world=world,
        start=start,
        end=world.midnight(day + timedelta(days=1)),
        now=now,
        conversation_s=random.choice((30, 60)),
    )


def lost_of(there: Exchanges, q: Question, days_before: int = 0) -> dict[tuple[str, date], Lost]:
    return lost_days(there, there.world.day(q.start) - timedelta(days=days_before), q.until)


@pytest.mark.parametrize("seed", range(WORLDS))
def test_lost_time_and_what_is_held_against_it_equal_a_count_by_hand(
    database: Database, store_dsn: str, seed: int
) -> None:
    random = Random(seed)
    there = exchanges(random)
    there.keep(database)
    asker = Asker(store_dsn, Department(zone=there.world.zone.key, conversation_s=30, stages=STAGES))
    for _ in range(2):
        q = question(random, there)
        chosen = Chosen(start=q.start, end=q.end, now=q.now, values={"conversation_s": q.conversation_s})
        first = there.world.day(q.start)
        told = asker.natively(query("missing_calls"), chosen)
        found = {
            (row["source"], datetime.fromisoformat(row["local_day"]).date()): (
                row["missing"],
                row["since"],
                row["until"],
            )
            for row in told
        }
        expected = {
            key: (one.missing, f"{one.since:%F %T}", f"{one.until:%F %T}")
            for key, one in lost_of(there, q).items()
            if key[1] >= first
        }
        assert found == expected, (q.start, q.end, q.now)
        assert told == asker.as_grafana(query("missing_calls"), chosen)
        for name, days_before, count in (
            ("own_baseline", _stretches(q), by_hand.own_baseline),
            ("hours", 0, by_hand.hours),
            ("trend", (first - first.replace(day=1)).days, by_hand.course),
        ):
            steps = {(day, step) for (_, day), one in lost_of(there, q, days_before).items() for step in one.steps}
            case = _with(q, steps)
            same_rows(name, count(case), asker.natively(query(name), chosen), case)


def _stretches(q: Question) -> int:
    """How far back the usual looks."""
    days = (q.world.day(q.until - timedelta(seconds=1)) - q.world.day(q.start)).days + 1
    stretch = -(-days // 7) * 7
    return stretch * max(1, 56 // stretch)


def _with(q: Question, steps: set[tuple[date, int]]) -> Question:
    return Question(
        world=q.world, start=q.start, end=q.end, now=q.now, conversation_s=q.conversation_s, lost=frozenset(steps)
    )


def test_worlds_lose_time_in_every_way() -> None:
    """The test above would hold of worlds that lose nothing, too."""
    said = silence = trailing = 0
    for seed in range(WORLDS):
        there = exchanges(Random(seed))
        for (source, day), one in lost_days(
            there, LAST - timedelta(days=27), there.world.midnight(LAST) + timedelta(days=1)
        ).items():
            gap = there.gaps[0][1]
            if source == "office" and gap.since < one.until and one.since < gap.until:
                said += 1
            elif day == LAST:
                trailing += 1
            else:
                silence += 1
    assert said >= WORLDS
    assert silence >= WORLDS // 2
    assert trailing >= WORLDS // 2


def test_day_beside_a_dead_afternoon_is_held_against_its_known_hours(database: Database, store_dsn: str) -> None:
    """Ten calls an hour, five days a week; on a Tuesday the exchange died at one, and lived again the next day."""
    there = exchanges(Random(1))
    zone, dead, days = there.world.zone, LAST - timedelta(days=7), [LAST - timedelta(days=n) for n in range(120)]
    moments = [
        datetime.combine(day, time(9), zone) + timedelta(minutes=minute)
        for day in days
        if day.weekday() < 5
        for minute in range(0, 240 if day == dead else 540, 6)
    ]
    call = msgspec.structs.replace(
        there.world.facts[0], source="office", manager_id="ann", direction=Direction.OUTBOUND
    )
    facts = [
        msgspec.structs.replace(
            call, activity_id=f"call:office:{n}", at=at.astimezone(UTC), bucket=int(at.timestamp()) // 300 * 300
        )
        for n, at in enumerate(moments)
    ]
    kinds = (DayKind.WORKING, DayKind.WEEKEND)
    calendar = [msgspec.structs.replace(one, kind=kinds[one.day.weekday() >= 5]) for one in there.world.calendar]
    world = msgspec.structs.replace(there.world, facts=facts, calendar=calendar)
    live = msgspec.structs.replace(
        there.feeds[0], state=FeedState.LIVE, heartbeat_at=world.midnight(LAST + timedelta(days=1))
    )
    Exchanges(world, [live], []).keep(database)
    asker = Asker(store_dsn, Department(zone=zone.key, conversation_s=30, stages=STAGES))

    def held(day: date) -> tuple[int, int, int]:
        start, end = world.midnight(day), world.midnight(day + timedelta(days=1))
        week = timedelta(days=7)
        before = {"before_from": f"{start - week:%F %T}", "before_to": f"{end - week:%F %T}"}
        (row,) = asker.natively(
            query("period_over_period", by=()), Chosen(start=start, end=end, now=end, values=before)
        )
        return int(row["calls"]), int(row["calls_before"]), int(row["calls_change"])

    assert held(dead) == (40, 40, 0)
    assert held(LAST) == (90, 40, 0)
    assert held(LAST - timedelta(days=1)) == (90, 90, 0)
    chosen = Chosen(start=world.midnight(dead), end=world.midnight(LAST), now=world.midnight(LAST))
    (missing,) = asker.natively(query("missing_calls"), chosen)
    assert (missing["missing"], missing["goes_on"], missing["since"]) == (
        50,
        0,
        f"{world.midnight(dead) + timedelta(hours=12, minutes=55):%F %T}",
    )
