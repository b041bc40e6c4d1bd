"""What is planted in generated departments is told of, and nobody else. Fifty of them: `python -m bench.alerts`."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from department.anomalies import Anomaly, AnomalyKind
from department.options import DepartmentOptions
from pipeline.alerts.backtest import KnownAnomaly, judge
from pipeline.alerts.evaluate import ask
from pipeline.alerts.replay import replay
from pipeline.readouts import Period
from schemas.alerts import RULES, rule
from tests.alerts.department import Told, fill
from tests.pipeline.property.tables import SETTINGS, Database

MANAGERS = 8
SEEDS = (1, 2, 3)
HOUR = timedelta(hours=1)
PACE = [one for one in RULES if one.metric == "alert_pace"]


@pytest.fixture(scope="module")
def database(store_dsn: str) -> Database:
    return Database(store_dsn)


@pytest.fixture(scope="module", params=SEEDS)
def told(request: pytest.FixtureRequest, database: Database) -> Told:
    return fill(database, DepartmentOptions(managers=MANAGERS, days=180, seed=request.param))


def anomalies(told: Told, kind: AnomalyKind) -> Anomaly:
    return next(one for one in told.simulation.anomalies if one.kind is kind)


def test_silent_manager_is_told_of_on_the_first_morning_and_those_on_leave_are_not(
    told: Told, database: Database
) -> None:
    silent, leave = anomalies(told, AnomalyKind.SILENT), anomalies(told, AnomalyKind.LEAVE)
    period = Period(silent.first - timedelta(days=7), leave.last + timedelta(days=7), told.zone)
    found = replay(database.numbers, SETTINGS, period, HOUR, MANAGERS, PACE)
    stories = [
        KnownAnomaly(kind=p.kind, first=p.first, last=p.last, manager_id=p.manager_id)
        for p in told.simulation.anomalies
    ]
    judged = judge(found, stories, period)
    (alarm,) = [alarm for story, alarm in judged.detected if story.kind == AnomalyKind.SILENT]
    assert alarm is not None
    assert alarm.first.astimezone(told.zone) <= datetime.combine(silent.first, time(12), told.zone)
    # It stands over the nights until they call again.
    assert alarm.last.astimezone(told.zone).date() >= silent.last
    away = {manager.id: manager.away for manager in told.simulation.managers}
    for one in found:
        assert one.first.astimezone(told.zone).date() not in away.get(one.manager_id, ())
    wrong = [alarm for alarm, _ in judged.wrong if alarm.manager_id]
    quarters = MANAGERS * (period.last - period.first).days / 91
    assert len(wrong) < quarters


def test_dead_feed_is_one_alert(told: Told, database: Database) -> None:
    dead = anomalies(told, AnomalyKind.DEAD_FEED)
    period = Period(dead.first, dead.first + timedelta(days=2), told.zone)
    found = replay(database.numbers, SETTINGS, period, timedelta(minutes=30), MANAGERS, PACE)
    assert [(one.rule.id, one.labels) for one in found] == [("feed_dead", {})]
    since = datetime.combine(dead.first, time(dead.since_hour), told.zone)
    assert timedelta(0) < found[0].first - since <= timedelta(hours=1)


def test_squeezer_is_named_four_weeks_before_the_revenue_falls(told: Told, database: Database) -> None:
    squeezer = anomalies(told, AnomalyKind.SQUEEZER)
    mondays = [
        squeezer.first + timedelta(days=n) for n in range(34) if (squeezer.first + timedelta(days=n)).weekday() == 0
    ]
    moments = [datetime.combine(day, time(9), told.zone) for day in mondays]
    found = [one for one in ask(database.numbers, SETTINGS, moments, [rule("squeeze")]) if one.is_firing]
    assert {one.labels["manager_id"] for one in found} == {squeezer.manager_id}
    revenue_falls = squeezer.last + timedelta(days=1)
    assert revenue_falls - found[0].at.astimezone(told.zone).date() >= timedelta(weeks=4)
