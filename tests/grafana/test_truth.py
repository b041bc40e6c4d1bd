"""What boards show of the department is its truth, to the last digit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from department.comparison import Comparison
from pipeline.readouts.department import department_of
from schemas.parameters import Chosen, Query, Value
from schemas.screens.boards import panel
from tests.grafana.asking import NOW, Asker, Row
from tests.grafana.conftest import StoredDepartment

pytestmark = pytest.mark.stack

Truth = Mapping[str, Any]
COUNTED = ("calls", "attempts", "answered", "conversations", "calls_to_potential", "talk_s")


@pytest.fixture(scope="module")
def asker(stored_department: StoredDepartment) -> Asker:
    return Asker(stored_department.reader, department_of(stored_department.settings))


def _rows(asker: Asker, id: str, first: date, last: date, **values: Value) -> list[Row]:
    """What a panel shows of local days [first, last)."""
    shown = panel(id).query
    assert isinstance(shown, Query)
    start, end = (datetime.combine(day, datetime.min.time(), asker.zone) for day in (first, last))
    return asker.as_grafana(shown, Chosen(start=start, end=end, now=NOW, values=values))


def _days(truth: Truth) -> Iterator[date]:
    first = date.fromisoformat(truth["knobs"]["first"])
    return (first + timedelta(days=n) for n in range(truth["knobs"]["days"]))


def _flat(row: Row, manager_id: str, day: date) -> Row:
    """A row of `activity` as the comparison wants it."""
    amounts = dict(zip(row["currencies"], row["amounts"], strict=True))
    return row | {"manager_id": manager_id, "day": day.isoformat(), "individual_amount": amounts}


def test_numbers_of_every_manager_and_day_are_the_true_ones(asker: Asker, stored_department: StoredDepartment) -> None:
    people = [one["manager_id"] for one in stored_department.truth["managers"]]
    # Each manager on every sixth day, so that every day is somebody's.
    found = [
        _flat(row, manager_id, day)
        for n, day in enumerate(_days(stored_department.truth))
        for manager_id in people[n % len(people) :: 6]
        for row in _rows(asker, "manager_numbers", day, day + timedelta(days=1), managers=(manager_id,))
    ]
    keys = {(row["manager_id"], row["day"]) for row in found}
    expected = [row for row in stored_department.truth["activity"] if (row["manager_id"], row["day"]) in keys]
    assert len(expected) > 80
    compared = Comparison({"activity": expected})
    compared.activity(found)
    assert compared.differences == []


def test_talks_and_depth_of_the_default_threshold_are_the_truth_added_up(
    asker: Asker, stored_department: StoredDepartment
) -> None:
    first, last = date(2026, 2, 1), date(2026, 5, 1)
    wanted: dict[str, dict[str, int]] = {}
    for row in stored_department.truth["activity"]:
        if first.isoformat() <= row["day"] < last.isoformat():
            of = wanted.setdefault(row["manager_id"], dict.fromkeys((*COUNTED, "known"), 0))
            for name in COUNTED:
                of[name] += row[name]
            of["known"] += row["calls"] - row["unknown_calls"]
    found = {row["manager_id"]: row for row in _rows(asker, "today_talks", first, last)}
    depth = {row["manager_id"]: row for row in _rows(asker, "manager_depth", first, last)}
    assert found.keys() == depth.keys() >= wanted.keys()
    for manager_id, of in wanted.items():
        assert {name: int(found[manager_id][name]) for name in COUNTED} == {name: of[name] for name in COUNTED}
        assert int(depth[manager_id]["calls"]) == of["known"]


def test_hours_of_a_day_add_up_to_the_day(asker: Asker, stored_department: StoredDepartment) -> None:
    for day in list(_days(stored_department.truth))[::10]:
        counted: dict[str, int] = {}
        for row in _rows(asker, "today_hours", day, day + timedelta(days=1)):
            # Hours of the day on which the exchange died stand apart.
            calls = row["calls_so_far"] if row["calls"] is None else row["calls"]
            counted[row["manager_id"]] = counted.get(row["manager_id"], 0) + int(calls)
        for true in stored_department.truth["activity"]:
            if true["day"] == day.isoformat():
                assert counted[true["manager_id"]] == true["calls"]


@pytest.mark.parametrize(
    ("id", "clock"),
    [("funnel_cohort_table", "cohort"), ("funnel_flow", "flow"), ("funnel_snapshot", "snapshot")],
)
def test_funnel_of_a_month_is_the_true_one(
    asker: Asker, stored_department: StoredDepartment, id: str, clock: str
) -> None:
    steps = stored_department.truth[f"funnel_{clock}"]
    for month in sorted({step["month"] for step in steps})[-6::2]:
        first = date.fromisoformat(f"{month}-01")
        last = (first + timedelta(days=32)).replace(day=1)
        compared = Comparison(stored_department.truth)
        compared.funnel(_rows(asker, id, first, last), clock, month)
        assert compared.numbers
        assert compared.differences == []


def test_conversion_by_manager_is_the_true_one(asker: Asker, stored_department: StoredDepartment) -> None:
    steps = [step for step in stored_department.truth["funnel_cohort"] if step["manager_id"]]
    for month in ("2026-01", "2026-02", "2026-03"):
        first = date.fromisoformat(f"{month}-01")
        last = (first + timedelta(days=32)).replace(day=1)
        found = {(row["who"], row["stage"]): row for row in _rows(asker, "funnel_by_manager", first, last)}
        wanted = {
            (step["manager_id"], step["stage"]): step
            for step in steps
            if step["month"] == month and step["overall_conversion"] is not None
        }
        assert wanted
        assert found.keys() == wanted.keys()
        for key, step in wanted.items():
            assert found[key]["reached"] == step["reached"]
            assert found[key]["overall_conversion"] == pytest.approx(step["overall_conversion"], abs=1e-12)


def test_calls_list_holds_the_true_calls(asker: Asker, stored_department: StoredDepartment) -> None:
    rows = [
        row
        for row in stored_department.truth["calls"]
        if row["manager_id"] and "2026-03-01" <= row["day"] < "2026-04-01"
    ]
    found = _rows(asker, "manager_calls", date(2026, 3, 1), date(2026, 4, 1))
    assert len(found) > 300
    compared = Comparison({"calls": rows})
    compared.calls(found)
    assert compared.differences == []


def test_no_cell_differs_from_its_facts(asker: Asker) -> None:
    (row,) = _rows(asker, "health_drift", date(2026, 1, 1), date(2026, 7, 1))
    assert (int(row["differing"]), int(row["cells"]) > 1000) == (0, True)


def test_leave_is_leave_and_of_six_calls_a_day_three_days_without_are_quiet(
    asker: Asker, stored_department: StoredDepartment
) -> None:
    """Neither warning nor board speaks of so few calls. That both name who calls more: tests/demo, tests/alerts."""
    anomalies = {event["kind"]: event for event in stored_department.truth["planted"]}
    query = panel("today_silent").query
    assert query
    for day in (date(2026, 3, 13), date(2026, 3, 16), date(2026, 3, 17)):
        start = datetime.combine(day, datetime.min.time(), asker.zone)
        # Five minutes after a colleague's call: the exchange records.
        calls = _rows(asker, "manager_calls", day, day + timedelta(days=1), managers=("m01",))
        called = next(call["local_time"] for call in calls if call["local_time"][11:] > "10")
        moment = datetime.fromisoformat(called).replace(tzinfo=asker.zone) + timedelta(minutes=5)
        rows = asker.as_grafana(query, Chosen(start=start, end=moment, now=moment))
        why = {row["manager_id"]: row["why"] for row in rows}
        assert why.keys() == {"m01", "m02", "m03", "m04", "m05"}
        assert (why["m01"], why[anomalies["silent"]["manager_id"]]) == ("working", "quiet")
        assert (why[anomalies["leave"]["manager_id"]] == "away") == (day >= date(2026, 3, 16))


def test_plan_is_the_department_s_plan(asker: Asker, stored_department: StoredDepartment) -> None:
    rows = _rows(asker, "today_month", date(2026, 2, 10), date(2026, 3, 31))
    assert {row["month"] for row in rows} == {"2026-03"}, "that of the period's end"
    plans = [plan for plan in stored_department.plans if plan.month == "2026-03"]
    wanted = {
        name: sum(getattr(plan, name) for plan in plans)
        for name in ("calls_to_potential", "general_proposals", "individual_proposals")
    }
    planned = {row["indicator"]: row["plan"] for row in rows if row["indicator"] in wanted}
    assert planned == pytest.approx(wanted)
    assert {row["currency"] for row in rows if row["indicator"] == "individual_amount"} == {"RUB"}
