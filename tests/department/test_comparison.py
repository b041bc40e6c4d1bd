"""The comparison finds what differs, and nothing else: the truth against itself, and against each spoiled number."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from department.comparison import COUNTS, Comparison
from tests.department.conftest import Truth

Rows = list[dict[str, Any]]


def activity_differences(rows: Rows, truth: Truth) -> list[str]:
    compared = Comparison(truth)
    compared.activity(rows)
    assert compared.numbers >= len(rows) * len(COUNTS)
    return compared.differences


def calls_differences(rows: Rows, truth: Truth) -> list[str]:
    compared = Comparison(truth)
    compared.calls(rows)
    assert compared.numbers >= len(rows)
    return compared.differences


def funnel_differences(rows: Rows, truth: Truth, clock: str, month: str) -> list[str]:
    compared = Comparison(truth)
    compared.funnel(rows, clock, month)
    assert compared.numbers >= 4 * len(rows)
    return compared.differences


@pytest.fixture
def rows(truth: Truth) -> Rows:
    """What the product prints when it is right."""
    copied: Rows = copy.deepcopy(truth["activity"])
    return copied


def test_right_numbers_differ_in_nothing(truth: Truth, rows: Rows) -> None:
    assert activity_differences(rows, truth) == []
    assert activity_differences(rows + truth["nobody"], truth) == []


@pytest.mark.parametrize("name", COUNTS)
def test_one_wrong_number_is_named(truth: Truth, rows: Rows, name: str) -> None:
    row = rows[40]
    true = row[name]
    row[name] += 1
    assert activity_differences(rows, truth) == [f"{row['manager_id']} {row['day']} {name}: {true + 1}, true is {true}"]


def test_ratios_are_compared_to_their_last_decimal(truth: Truth, rows: Rows) -> None:
    row = next(row for row in rows if row["match_coverage"] not in (None, 1.0))
    row["match_coverage"] = round(row["match_coverage"] + 0.0002, 4)
    assert len(activity_differences(rows, truth)) == 1
    row["match_coverage"] = None
    assert len(activity_differences(rows, truth)) == 1


def test_sums_are_compared_to_the_cent(truth: Truth, rows: Rows) -> None:
    row = next(row for row in rows if row["individual_amount"])
    (currency,) = row["individual_amount"]
    row["individual_amount"] = {currency: row["individual_amount"][currency] + 0.01}
    assert len(activity_differences(rows, truth)) == 1
    row["individual_amount"] = {}
    assert len(activity_differences(rows, truth)) == 1


def test_missing_and_surplus_rows_are_named_unless_they_are_zeros(truth: Truth, rows: Rows) -> None:
    gone = rows.pop()
    assert {line.split()[0] for line in activity_differences(rows, truth)} == {gone["manager_id"]}
    rows.append(gone)
    surplus = {"manager_id": "m99", "day": "2026-01-13", "individual_amount": {"RUB": 0}}
    assert activity_differences([*rows, surplus], truth) == []
    assert activity_differences([*rows, surplus | {"calls": 1}], truth) == ["m99 2026-01-13 calls: 1, true is 0"]


def test_calls_of_nobody_are_compared_when_they_are_shown(truth: Truth, rows: Rows) -> None:
    shown = rows + copy.deepcopy(truth["nobody"])
    shown[-1]["calls"] += 1
    assert len(activity_differences(shown, truth)) == 1


def test_a_call_that_is_somebody_elses_is_named(truth: Truth) -> None:
    right = [
        {"call_id": call, "manager_id": row["manager_id"], "local_time": f"{row['day']} 10:00:00"}
        for row in truth["calls"]
        for call in row["ids"].split()
    ]
    assert calls_differences(right, truth) == []
    assert calls_differences([row for row in right if row["manager_id"]], truth) == []
    right[7]["manager_id"] = "m99"
    missing = right.pop()
    assert len(calls_differences(right, truth)) == 2
    assert any(missing["call_id"] in line for line in calls_differences(right, truth))


@pytest.mark.parametrize("clock", ["cohort", "flow", "snapshot"])
def test_funnels_are_compared_step_by_step(truth: Truth, clock: str) -> None:
    steps = [step for step in truth[f"funnel_{clock}"] if step["month"] == "2026-02"]
    whole = [{k: v for k, v in step.items() if k != "manager_id"} for step in steps if step["manager_id"] == ""]
    assert funnel_differences(whole, truth, clock, "2026-02") == []
    by_manager = [step for step in steps if step["manager_id"]]
    assert len({step["manager_id"] for step in by_manager}) > 9
    assert funnel_differences(by_manager, truth, clock, "2026-02") == []
    whole[1] = whole[1] | {"reached": whole[1]["reached"] + 1}
    assert len(funnel_differences(whole, truth, clock, "2026-02")) == 1
