"""Alarms out of firing things, and alarms against what truly happened."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipeline.alerts.backtest import KnownAnomaly, alarms, anomalies_of, at_closing, days_of, every_day, judge
from pipeline.alerts.evaluate import AlertInstance
from pipeline.readouts.period import Period
from pipeline.working_calendar import WorkingCalendar
from schemas.alerts import Rule, rule
from schemas.errors import Terminal

MOSCOW = ZoneInfo("Europe/Moscow")
DAY = date(2026, 3, 25)
CALENDAR = WorkingCalendar(country="RU")
PERIOD = Period(date(2026, 3, 1), date(2026, 6, 1), MOSCOW)
SILENT, DROP, SQUEEZE, FEED = (rule(name) for name in ("manager_silent", "calls_drop", "squeeze", "feed_dead"))


def thing(of: Rule, at: datetime, fires: bool, manager: str = "ann") -> AlertInstance:
    labels = dict.fromkeys(of.labels, manager)
    return AlertInstance(of, at, labels, dict.fromkeys(of.numbers, 9.0), fires)


def at(hour: float, day: date = DAY) -> datetime:
    return datetime.combine(day, time(), MOSCOW) + timedelta(hours=hour)


def test_alarm_goes_on_while_it_fires_and_over_the_night() -> None:
    days = [DAY, DAY + timedelta(days=1)]
    things = [thing(SILENT, at(hour, day), True) for day in days for hour in (11, 12, 18)]
    (alarm,) = alarms(reversed(things))
    assert (alarm.first, alarm.last, alarm.evaluations) == (at(11), at(18, days[1]), 6)


def test_what_stopped_and_came_back_is_another_alarm_unless_its_rule_keeps_it() -> None:
    fires = {at(11): True, at(12): False, at(13): True}
    assert len(alarms([thing(SILENT, moment, one) for moment, one in fires.items()])) == 2
    assert len(alarms([thing(SQUEEZE, moment, one) for moment, one in fires.items()])) == 1
    late = thing(SQUEEZE, at(13) + timedelta(days=8), False), thing(SQUEEZE, at(13) + timedelta(days=9), True)
    assert len(alarms([thing(SQUEEZE, at(11), True), *late])) == 2


def test_managers_and_rules_have_alarms_of_their_own() -> None:
    things = [thing(of, at(11), True, who) for of in (SILENT, DROP) for who in ("ann", "bob")]
    assert len(alarms(things)) == 4


def test_story_is_told_by_its_rule_and_what_nothing_explains_is_wrong() -> None:
    stories = [
        KnownAnomaly(kind="silent", first=DAY, last=DAY + timedelta(days=2), manager_id="ann"),
        KnownAnomaly(kind="dead_feed", first=DAY + timedelta(days=20), last=DAY + timedelta(days=20)),
        KnownAnomaly(kind="gamer", first=DAY, last=DAY + timedelta(days=9), manager_id="bob"),
        KnownAnomaly(kind="silent", first=date(2026, 2, 1), last=date(2026, 2, 3), manager_id="ann"),
    ]
    things = [
        thing(SILENT, at(10), True),
        thing(DROP, at(11), True),
        thing(DROP, at(12), True, "bob"),
        thing(SILENT, at(9, DAY - timedelta(days=1)), True, "cid"),
        thing(SILENT, at(9, DAY + timedelta(days=30)), True, "ann2"),
    ]
    judged = judge(alarms(things), stories, PERIOD)
    assert [(anomaly.kind, alarm and alarm.first) for anomaly, alarm in judged.detected] == [
        ("silent", at(10)),
        ("dead_feed", None),
        ("gamer", None),
    ]
    assert {(alarm.rule.id, alarm.manager_id, around) for alarm, around in judged.wrong} == {
        ("calls_drop", "bob", "gamer"),
        ("manager_silent", "cid", ""),
        ("manager_silent", "ann2", ""),
    }


def test_alarm_of_another_manager_tells_of_no_story() -> None:
    anomaly = KnownAnomaly(kind="silent", first=DAY, last=DAY, manager_id="ann")
    judged = judge(alarms([thing(SILENT, at(10), True, "bob")]), [anomaly], PERIOD)
    assert judged.detected == [(anomaly, None)]
    assert len(judged.wrong) == 1


def test_moments_are_of_working_hours_on_every_day_and_of_the_local_clock() -> None:
    change = date(2026, 3, 29)
    zone = ZoneInfo("Europe/Berlin")
    moments = every_day([change], zone, CALENDAR, timedelta(hours=3))
    assert [moment.astimezone(UTC).hour for moment in moments] == [10, 13, 16]
    assert [one.hour for one in at_closing(days_of(change, change + timedelta(days=2)), zone, CALENDAR)] == [18, 18]


def test_truth_is_read_and_what_is_none_is_refused() -> None:
    planted = b'{"kind": "silent", "first": "2026-03-25", "last": "2026-03-29", "manager_id": "m03"}'
    said = b'{"knobs": {}, "planted": [' + planted + b"]}"
    assert anomalies_of(said) == [KnownAnomaly(kind="silent", first=DAY, last=date(2026, 3, 29), manager_id="m03")]
    with pytest.raises(Terminal, match=r"truth\.json"):
        anomalies_of(b"[]")
