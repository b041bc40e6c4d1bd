"""Warnings in the report: each thing once, and the silent manager of a department by name."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from department.anomalies import AnomalyKind as Planted
from department.options import DepartmentOptions
from pipeline.alerts.evaluate import AlertInstance
from pipeline.readouts.numbers import Numbers
from pipeline.report.fired_alerts import fired_alerts
from pipeline.report.numbers import ReportRequest, warnings
from pipeline.report.periods import PeriodKind, report_period
from pipeline.settings import read_settings
from pipeline.store import connect
from schemas.alerts import rule
from tests.alerts.department import fill
from tests.pipeline.property.tables import Database

MOSCOW = ZoneInfo("Europe/Moscow")


def thing(name: str, day: int, who: str = "m1", *, fires: bool = True, calls: float = 0) -> AlertInstance:
    at = datetime(2026, 3, day, 15, tzinfo=UTC)
    return AlertInstance(rule(name), at, {"manager_id": who}, {"calls": calls}, fires)


def test_a_thing_that_fires_for_days_is_told_once_with_its_last_numbers() -> None:
    things = [thing("calls_drop", 12, calls=3), thing("calls_drop", 11, calls=9), thing("calls_drop", 13, fires=False)]
    (found,) = fired_alerts(things, MOSCOW)
    assert (found.rule, found.days) == ("calls_drop", (date(2026, 3, 11), date(2026, 3, 12)))
    assert found.numbers == {"calls": 3}


def test_each_thing_apart_and_the_longest_of_a_rule_first() -> None:
    things = [
        thing("squeeze", 9, "m3"),
        thing("calls_drop", 9),
        thing("calls_drop", 9, "m2"),
        thing("calls_drop", 10, "m2"),
    ]
    stored = [(one.rule, one.labels["manager_id"]) for one in fired_alerts(things, MOSCOW)]
    assert stored == [("squeeze", "m3"), ("calls_drop", "m2"), ("calls_drop", "m1")]


def test_what_never_fires_is_not_told() -> None:
    assert fired_alerts([thing("squeeze", 9, fires=False)], MOSCOW) == []


@pytest.mark.stack
def test_the_silent_manager_is_named_and_the_one_on_leave_is_not(store_dsn: str) -> None:
    stored = fill(Database(store_dsn), DepartmentOptions(managers=5, days=130, pace=40, seed=3))
    silent, leave = (
        next(one for one in stored.simulation.anomalies if one.kind is kind) for kind in (Planted.SILENT, Planted.LEAVE)
    )
    settings = read_settings({"TZ": stored.zone.key})
    until = silent.last + timedelta(days=1)
    span = report_period(PeriodKind.WEEK, until, datetime.combine(until, datetime.min.time(), stored.zone), stored.zone)
    client = connect(store_dsn)
    try:
        wanted = ReportRequest(report_period=span, language="ru")
        rows = warnings(Numbers(client), settings, wanted)
        others = ReportRequest(report_period=span, language="ru", managers=("m99",))
        assert warnings(Numbers(client), settings, others) == []
    finally:
        client.close()
    names = {one.id: one.name for one in stored.simulation.managers}
    alarms = [row for row in rows if names[silent.manager_id] in row["summary"]]
    assert any(row["warning"] == "Менеджер не звонит" for row in alarms), rows
    assert not [row for row in rows if names[leave.manager_id] in row["summary"]]
    assert all(row["on_days"] <= 5 for row in rows)
