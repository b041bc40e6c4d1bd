"""What is planted in generated departments is told of, and nobody else. Fifty of them: `python -m bench.alerts`."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from department.anomalies import Anomaly, AnomalyKind
from department.options import DepartmentOptions
from pipeline.alerts.backtest import KnownAnomaly, judge
from pipeline.alerts.evaluate import ask
from pipeline.alerts.replay import replay
from pipeline.readouts.period import Period
from schemas.alerts import RULES, rule
from tests.alerts.department import StoredSimulation, fill
from tests.pipeline.property.tables import SETTINGS, Database

MANAGERS = 8
SEEDS = (1, 2, 3)
HOUR = timedelta(hours=1)
PACE = [one for one in RULES if one.metric == "alert_pace"]


@pytest.fixture(scope="module")
def database(store_dsn: str) -> Database:
    return Database(store_dsn)


@pytest.fixture(scope="module", params=SEEDS)
def stored(request: pytest.FixtureRequest, database: Database) -> StoredSimulation:
    return fill(database, DepartmentOptions(managers=MANAGERS, days=180, seed=request.param))


def anomalies(stored: StoredSimulation, kind: AnomalyKind) -> Anomaly:
    return next(one for one in stored.simulation.anomalies if one.kind is kind)


def test_silent_manager_is_told_of_on_the_first_morning_and_those_on_leave_are_not(
    stored: StoredSimulation, database: Database
) -> None:
    silent, leave = anomalies(stored, AnomalyKind.SILENT), anomalies(stored, AnomalyKind.LEAVE)
    period = Period(silent.first - timedelta(days=7), leave.last + timedelta(days=7), stored.zone)
    found = replay(database.numbers, SETTINGS, period, HOUR, MANAGERS, PACE)
    stories = [
        KnownAnomaly(kind=p.kind, first=p.first, last=p.last, manager_id=p.manager_id)
        for p in stored.simulation.anomalies
    ]
    judged = judge(found, stories, period)
    (alarm,) = [alarm for story, alarm in judged.detected if story.kind == AnomalyKind.SILENT]
    assert alarm is not None
    assert alarm.first.astimezone(stored.zone) <= datetime.combine(silent.first, time(12), stored.zone)
    # It stands over the nights until they call again.
    assert alarm.last.astimezone(stored.zone).date() >= silent.last
    away = {manager.id: manager.away for manager in stored.simulation.managers}
    for one in found:
        assert one.first.astimezone(stored.zone).date() not in away.get(one.manager_id, ())
    wrong = [alarm for alarm, _ in judged.wrong if alarm.manager_id]
    quarters = MANAGERS * (period.last - period.first).days / 91
    assert len(wrong) < quarters


def test_dead_feed_is_one_alert(stored: StoredSimulation, database: Database) -> None:
    dead = anomalies(stored, AnomalyKind.DEAD_FEED)
    period = Period(dead.first, dead.first + timedelta(days=2), stored.zone)
    found = replay(database.numbers, SETTINGS, period, timedelta(minutes=30), MANAGERS, PACE)
    assert [(one.rule.id, one.labels) for one in found] == [("feed_dead", {})]
    since = datetime.combine(dead.first, time(dead.since_hour), stored.zone)
    assert timedelta(0) < found[0].first - since <= timedelta(hours=1)


def test_squeezer_is_named_four_weeks_before_the_revenue_falls(stored: StoredSimulation, database: Database) -> None:
    squeezer = anomalies(stored, AnomalyKind.SQUEEZER)
    mondays = [
        squeezer.first + timedelta(days=n) for n in range(34) if (squeezer.first + timedelta(days=n)).weekday() == 0
    ]
    moments = [datetime.combine(day, time(9), stored.zone) for day in mondays]
    found = [one for one in ask(database.numbers, SETTINGS, moments, [rule("squeeze")]) if one.is_firing]
    assert {one.labels["manager_id"] for one in found} == {squeezer.manager_id}
    revenue_falls = squeezer.last + timedelta(days=1)
    assert revenue_falls - found[0].at.astimezone(stored.zone).date() >= timedelta(weeks=4)
