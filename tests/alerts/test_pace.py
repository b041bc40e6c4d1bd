"""`alert_pace` equals the same worked out by hand, on random departments with everything that makes days differ."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from department.random_streams import over_dispersed
from schemas import metrics
from schemas.alerts import rule
from tests.alerts.by_hand import ALL, ByHand, Verdict, World, believed
from tests.pipeline.property.tables import Database

ZONES = ("Europe/Moscow", "America/New_York", "Asia/Kolkata")
DAYS = 120
PACES = {"ann": 60.0, "bob": 25.0, "cid": 3.0, "dee": 45.0, "eve": 50.0}
"""Calls a day. Cid calls seldom; eve began some weeks ago."""
STEP_S = 300


@pytest.fixture(scope="module")
def database(store_dsn: str) -> Database:
    return Database(store_dsn)


def a_world(random: Random) -> World:
    zone = ZoneInfo(random.choice(ZONES))
    begin = date(2026, random.choice((1, 7)), random.randrange(1, 28))
    days = [begin + timedelta(days=n) for n in range(DAYS)]
    kinds = {day: _kind(random, day) for day in days}
    since = dict.fromkeys(PACES, begin) | {"eve": begin + timedelta(days=DAYS - random.choice((30, 60)))}
    away = {("dee", days[-n]) for n in range(random.randrange(1, 6), 12)} | {("bob", random.choice(days))}
    calls: list[tuple[str, datetime]] = []
    for day in days:
        mood = random.choice((1, 1, 1, 1, 0.6)) * (kinds[day] in ("working", "short", "moved"))
        for manager, pace in PACES.items():
            if since[manager] <= day and (manager, day) not in away:
                today = 0.1 if random.random() < 0.15 and day > days[-10] else 1.0
                for _ in range(over_dispersed(random, pace * mood * today, 12)):
                    calls.append((manager, _moment(random, day, zone)))
        calls += [("", _moment(random, day, zone)) for _ in range(random.randrange(4) if mood else 0)]
    lost = random.choice(days[-40:])
    return World(zone, kinds, since, frozenset(away), [one for one in calls if one[1].astimezone(zone).date() != lost])


def _kind(random: Random, day: date) -> str:
    if day.weekday() >= 5:
        return "moved" if random.random() < 0.05 else "weekend"
    return random.choices(("working", "short", "holiday"), (90, 4, 6))[0]


def _moment(random: Random, day: date, zone: ZoneInfo) -> datetime:
    """Most between half past eight and half past six."""
    seconds = (
        random.randrange(8 * 3600 + 1800, 18 * 3600 + 1800) if random.random() < 0.98 else random.randrange(86_400)
    )
    return (datetime.combine(day, time(), zone) + timedelta(seconds=seconds)).astimezone(UTC)


def store(database: Database, world: World) -> None:
    """Cells, roster, calendar and absences."""
    database.empty()
    cells: dict[tuple[str, int], int] = {}
    for manager, at in world.calls:
        key = manager, int(at.timestamp()) // 300 * 300
        cells[key] = cells.get(key, 0) + 1

    def keep(table: str, rows: list[dict[str, object]]) -> None:
        database.store.keep(table, [json.dumps({**row, "version": 1}).encode() for row in rows])

    keep("manager_activity", [{"manager_id": m, "bucket": b, "calls": n} for (m, b), n in cells.items()])
    keep("calendar_days", [{"day": day.isoformat(), "kind": kind} for day, kind in world.kinds.items()])
    keep("absences", [{"manager_id": m, "first": d.isoformat(), "last": d.isoformat()} for m, d in world.away])
    starts = {m: datetime.combine(day, time(), world.zone).astimezone(UTC) for m, day in world.since.items()}
    keep("managers", [{"manager_id": m, "name": m, "valid_from": at.isoformat()} for m, at in starts.items()])


Row = dict[str, str | float]


def asked(database: Database, world: World, moments: list[datetime]) -> dict[tuple[datetime, str], Row]:
    parameters = {
        **dict(rule("calls_drop").parameters),
        "moments": [int(moment.timestamp()) for moment in moments],
        "zone": world.zone.key,
        "opens_s": 9 * 3600,
        "closes_s": 18 * 3600,
    }
    rows = database.numbers.ask(metrics.text("alert_pace"), dict[str, object], parameters)
    return {
        (datetime.fromtimestamp(int(str(row["moment"])), UTC), str(row["manager_id"])): row  # type: ignore[misc]
        for row in rows
    }


@settings(
    max_examples=8,
    deadline=None,
    print_blob=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 2**32))
def test_pace_equals_what_is_worked_out_by_hand(database: Database, seed: int) -> None:
    random = Random(seed)
    world = a_world(random)
    store(database, world)
    by_hand = ByHand(world)
    last = max(world.kinds)
    days = [last - timedelta(days=n) for n in range(9)]
    moments = sorted(
        (datetime.combine(day, time(random.choice((3, 9, 10, 13, 17, 22)), random.choice((0, 7, 30))), world.zone))
        for day in days
    )
    rows = asked(database, world, moments)
    for moment in moments:
        now, earlier = by_hand.verdicts(moment), by_hand.verdicts(moment - timedelta(seconds=STEP_S))
        present = {manager for manager, since in world.since.items() if since <= moment.date()} | {ALL}
        away = {manager for manager in present if (manager, moment.date()) in world.away}
        low = _low(now, away) & _low(earlier, {m for m in present if (m, moment.date()) in world.away})
        for manager in present:
            row = rows[moment.astimezone(UTC), manager]
            where = f"{moment} {manager} {row}"
            assert bool(row["is_dropping"]) == (manager in low), where
            said = now.get(manager)
            assert (said is not None) == bool(row["is_known"]), where
            if said is not None:
                _equal(said, row, where)
            if manager in away:
                assert row["why"] == "away", where
            elif said is not None and said.is_quiet:
                assert row["why"] in ("silent", "feed_dead"), where


@pytest.mark.parametrize("seed", range(4))
def test_day_off_raises_nothing_that_the_evening_before_did_not(database: Database, seed: int) -> None:
    random = Random(seed)
    world = a_world(random)._replace(away=frozenset())
    store(database, world)
    worked = [day for day in sorted(world.kinds)[-25:] if world.kinds[day] in ("working", "short", "moved")]
    off = [day for day in sorted(world.kinds)[-24:] if world.kinds[day] in ("weekend", "holiday") and day > worked[0]]
    assert off
    evenings = {day: datetime.combine(max(one for one in worked if one < day), time(23), world.zone) for day in off}
    noons = {
        day: datetime.combine(day, time(hour), world.zone) for day, hour in zip(off, (0, 9, 13, 23) * 9, strict=False)
    }
    rows = asked(database, world, sorted({*evenings.values(), *noons.values()}))
    for day in off:
        for manager in (*PACES, ALL):
            if world.since.get(manager, day) <= day:
                before, now = (rows.get((at.astimezone(UTC), manager)) for at in (evenings[day], noons[day]))
                assert now is not None
                assert not now["is_dropping"] or (before and before["is_dropping"]), (day, manager, before, now)


def _low(verdicts: dict[str, Verdict], away: set[str]) -> set[str]:
    """What ended in silence is silence."""
    held = {manager: one for manager, one in verdicts.items() if manager not in away}
    return {manager for manager in believed(held) if not verdicts[manager].ends_quiet}


def _equal(said: Verdict, row: Row, where: str) -> None:
    assert row["frame"] == said.frame, where
    assert int(row["calls"]) == said.calls, where
    assert float(row["expected"]) == pytest.approx(said.expected, abs=0.006), where
    assert float(row["p"]) == pytest.approx(said.p, rel=1e-5), where
