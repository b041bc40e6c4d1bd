"""The stories hidden in a department can be seen in its true numbers, on their dates and not before."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from department.anomalies import Anomaly, AnomalyKind, plant_anomalies
from department.country import country
from department.options import DepartmentOptions
from department.working_days import calendar
from tests.department.conftest import Truth
from tests.department.legs import rows

Row = dict[str, Any]


def event(truth: Truth, kind: str) -> Row:
    return next(event for event in truth["planted"] if event["kind"] == kind)


def within(truth: Truth, anomaly: Row) -> list[Row]:
    return [
        row
        for row in truth["activity"]
        if row["manager_id"] == anomaly["manager_id"] and anomaly["first"] <= row["day"] <= anomaly["last"]
    ]


def before(truth: Truth, anomaly: Row) -> list[Row]:
    return [
        row for row in truth["activity"] if row["manager_id"] == anomaly["manager_id"] and row["day"] < anomaly["first"]
    ]


def share(rows: Iterable[Row], number: str, of: str) -> float:
    rows = list(rows)
    return float(sum(row[number] for row in rows) / sum(row[of] for row in rows))


def test_squeezer_stops_opening_oversells_and_leaves(truth: Truth, folder: Path) -> None:
    anomaly = event(truth, "squeezer")
    during, earlier = within(truth, anomaly), before(truth, anomaly)
    assert share(during, "calls_to_potential", "conversations") < 0.6 * share(
        earlier, "calls_to_potential", "conversations"
    )
    assert share(during, "individual_proposals", "calls") > 1.5 * share(earlier, "individual_proposals", "calls")
    assert mean(row["calls"] for row in during) > 0.8 * mean(row["calls"] for row in earlier)
    stages = [line.split(";") for line in (folder / "stages.csv").read_text(encoding="utf-8").splitlines()]
    opened = [at for _, stage, at, owner, _ in stages if stage == "new" and owner == anomaly["manager_id"]]
    assert not [at for at in opened if anomaly["first"] <= at[:10] <= anomaly["last"]]
    assert [at for at in opened if "2026-01-12" <= at[:10] < anomaly["first"]]
    assert not [
        row for row in truth["activity"] if row["manager_id"] == anomaly["manager_id"] and row["day"] > anomaly["last"]
    ]


def test_extension_changes_hands_and_is_nobodys_in_between(truth: Truth, folder: Path) -> None:
    left, came = event(truth, "squeezer"), event(truth, "newcomer")
    whose = {manager["manager_id"]: manager["periods"] for manager in truth["managers"]}
    (old,), (new,) = whose[left["manager_id"]], whose[came["manager_id"]]
    assert old["extensions"] == new["extensions"]
    assert old["valid_to"] < new["valid_from"] == came["first"]
    organisations = (folder / "organisations.csv").read_text(encoding="utf-8").splitlines()
    owners = [line.rpartition(";")[2] for line in organisations]
    assert left["manager_id"] not in owners
    assert owners.count(came["manager_id"]) > 100


def test_silent_manager_is_at_work_and_the_one_on_leave_is_not(truth: Truth, folder: Path) -> None:
    silent, leave = event(truth, "silent"), event(truth, "leave")
    assert sum(row["calls"] for row in within(truth, silent)) == 0
    assert sum(row["calls"] for row in within(truth, leave)) == 0
    absences = (folder / "absences.csv").read_text(encoding="utf-8").splitlines()
    assert f"{leave['manager_id']};{leave['first']};{leave['last']};leave" in absences
    away = [line.split(";") for line in absences if line.startswith(silent["manager_id"])]
    assert not [line for line in away if line[1] <= silent["last"] and line[2] >= silent["first"]]


def test_gamer_dials_for_three_seconds_and_again(truth: Truth, folder: Path) -> None:
    anomaly = event(truth, "gamer")
    during, earlier = within(truth, anomaly), before(truth, anomaly)
    assert mean(row["calls"] for row in during) > 1.5 * mean(row["calls"] for row in earlier)
    assert share(during, "conversations", "calls") < 0.7 * share(earlier, "conversations", "calls")
    extension = next(m for m in truth["managers"] if m["manager_id"] == anomaly["manager_id"])["periods"][0][
        "extensions"
    ][0]
    short = [
        leg.row
        for leg in rows(folder / "Master.csv", "asterisk-csv")
        if leg.desk("channel") == extension and leg.trunk("dstchannel") and int(leg.row["duration"]) <= 9
    ]
    inside = [row for row in short if anomaly["first"] <= row["start"][:10] <= anomaly["last"]]
    assert len(inside) > 5 * len([row for row in short if row["start"][:10] < anomaly["first"]]) > 0
    redialled = sum(one["dst"] == next_one["dst"] for one, next_one in pairwise(inside))
    assert redialled > 0.4 * len(inside)


def test_dead_feed_has_no_rows_and_the_truth_says_how_many_were_lost(truth: Truth, folder: Path) -> None:
    anomaly = event(truth, "dead_feed")
    started = [leg.row["start"] for leg in rows(folder / "Master.csv", "asterisk-csv")]
    that_day = [at for at in started if at.startswith(anomaly["first"])]
    assert that_day
    assert max(that_day)[11:] < f"{anomaly['since_hour']}:30"  # a transfer of a call that had begun before
    assert truth["totals"]["lost"][anomaly["first"]] > 100
    assert any(row["general_proposals"] for row in truth["activity"] if row["day"] == anomaly["first"])


def test_low_month_is_everybodys(truth: Truth) -> None:
    anomaly = event(truth, "low_month")
    lower = 0
    steady = ("m01", "m03", "m06", "m07", "m08", "m09", "m10", "m11")
    for manager in steady:
        of = [row for row in truth["activity"] if row["manager_id"] == manager and row["calls"] > 5]
        low = [row["calls"] for row in of if anomaly["first"] <= row["day"] <= anomaly["last"]]
        usual = [row["calls"] for row in of if row["day"] < "2026-04-01"]
        lower += mean(low) < 0.85 * mean(usual)
    assert lower == len(steady)


def anomalies(options: DepartmentOptions) -> list[Anomaly]:
    return plant_anomalies(options, calendar(options, country(options.country).zone))


@pytest.mark.parametrize("managers", range(1, 9))
@pytest.mark.parametrize("days", [1, 9, 14, 30, 59, 60, 120, 400])
def test_no_manager_is_in_two_stories_and_the_first_in_none(managers: int, days: int) -> None:
    found = anomalies(DepartmentOptions(managers=managers, days=days))
    whose = [event.manager_id for event in found if event.manager_id]
    assert len(set(whose)) == len(whose)
    assert "m01" not in whose
    assert all(int(manager_id[1:]) <= managers for manager_id in whose)
    assert all(event.first <= event.last for event in found)


def test_clock_changes_are_named_where_there_are_some() -> None:
    changes = [
        e.first for e in anomalies(DepartmentOptions(country="DE", days=365)) if e.kind is AnomalyKind.CLOCK_CHANGE
    ]
    assert changes == [date(2026, 3, 29), date(2026, 10, 25)]
    assert not [e for e in anomalies(DepartmentOptions(country="RU", days=365)) if e.kind is AnomalyKind.CLOCK_CHANGE]
