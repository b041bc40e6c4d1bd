"""`demo --once`: equal to the truth is 0, and one wrong number is named and is 1."""

from __future__ import annotations

import contextlib
import copy
import re
import signal
from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from department.anomalies import Anomaly, AnomalyKind
from pipeline.cli import cli, demo
from pipeline.demo.department import LoadedDepartment
from pipeline.demo.planted_anomalies import stories
from pipeline.readouts.activity import ActivityNumbers, ActivityRow

pytestmark = pytest.mark.stack


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """The command listens to signals; the tests go on as before."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def once(monkeypatch: pytest.MonkeyPatch, department: LoadedDepartment, truth: dict[str, Any]) -> Result:
    """The command on a department that is loaded already, with that truth."""
    there = msgspec.structs.replace(department, truth=truth)
    monkeypatch.setattr(demo, "loaded", lambda folder, options: contextlib.nullcontext(there))
    return CliRunner().invoke(cli, ["demo", "--once"])


def test_loaded_department_equals_its_truth(monkeypatch: pytest.MonkeyPatch, small: LoadedDepartment) -> None:
    result = once(monkeypatch, small, small.truth)
    assert result.exit_code == 0, result.output
    found = re.search(r"equal to the truth: ([\d,]+) numbers", result.output)
    assert found
    counted = len(small.truth["activity"]) + len(small.truth["nobody"])
    calls = sum(len(row["ids"].split()) for row in small.truth["calls"])
    assert int(found[1].replace(",", "")) > 14 * counted + calls
    assert "Funnel, cohort, 2026-01-12 to 2026-02-01" in result.output
    for name in (one["name"] for one in small.truth["managers"]):
        assert name in result.output


def test_department_of_oddities_equals_its_truth(monkeypatch: pytest.MonkeyPatch, odd: LoadedDepartment) -> None:
    result = once(monkeypatch, odd, odd.truth)
    assert result.exit_code == 0, result.output
    assert re.search(r"equal to the truth: [\d,]+ numbers", result.output)


@pytest.mark.parametrize(
    ("part", "number"), [("activity", "talk_s"), ("nobody", "calls"), ("funnel_flow", "entered"), ("calls", "ids")]
)
def test_spoiled_truth_is_named(
    monkeypatch: pytest.MonkeyPatch, small: LoadedDepartment, part: str, number: str
) -> None:
    truth = copy.deepcopy(small.truth)
    spoiled = truth[part][-1]
    if number == "ids":
        spoiled[number] += " 17.5"
        said = r"call 17\.5: missing"
    else:
        spoiled[number] += 1
        said = rf"{number}: {spoiled[number] - 1}, true is {spoiled[number]}"
    result = once(monkeypatch, small, truth)
    assert result.exit_code == 1
    assert re.search(r"\n[1-9] of [\d,]+ numbers differ from the truth", result.output)
    assert re.search(said, result.output)


def row(manager_id: str, day: int, calls: int, talks: int = 0) -> ActivityRow:
    numbers = ActivityNumbers(calls=calls, conversations=talks, calls_to_potential=talks // 2)
    return ActivityRow({"manager_id": manager_id, "day": f"2026-03-{day:02d}"}, numbers)


def test_stories_are_told_in_averages_of_days_that_were_worked() -> None:
    rows = [row("m01", day, 50, 25) for day in range(2, 14)]
    rows += [row("m02", day, 10, 5) for day in range(2, 7)]
    rows += [row("m01", 14, 1)]  # a Saturday: nobody works, and no average is of it
    anomalies = [
        Anomaly(kind=AnomalyKind.SILENT, first=_march(9), last=_march(13), manager_id="m02"),
        Anomaly(kind=AnomalyKind.DEAD_FEED, first=_march(13), last=_march(13)),
        Anomaly(kind=AnomalyKind.CLOCK_CHANGE, first=_march(10), last=_march(10)),
    ]
    silent, dead = stories(anomalies, rows, {"m02": "Vera Stone"})
    assert " ".join(silent.split()).startswith("09 Mar to 13 Mar Vera Stone (m02): 7 calls a day, then 0:")
    assert " ".join(dead.split()).startswith("13 Mar everybody: 55 calls a day, then 50:")


def _march(day: int) -> date:
    return date(2026, 3, day)
