"""Report, board page and commands agree to the last digit, and with the department's truth."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pipeline.readouts.activity import activity
from pipeline.readouts.numbers import Numbers
from pipeline.readouts.period import Period
from pipeline.serving.board.screens import BoardScreens
from pipeline.store import connect
from tests.grafana.conftest import StoredDepartment
from tests.serving.board.conftest import WEEK, Commands

pytestmark = pytest.mark.stack
NUMBERS = (
    "calls_to_potential",
    "calls_per_organisation",
    "general_proposals",
    "individual_proposals",
    "calls",
    "conversations",
    "organisations",
)
PERIODS = [("day", "2026-03-13"), ("week", WEEK[1]), ("month", "2026-04-01"), ("month", "2026-06-01")]
DIED_BEFORE = "2026-06-01"
"""On an afternoon of April the exchange recorded nothing: these hours are left out of the comparison with May.
`tests/grafana/test_lost_time.py` counts what is left."""
Parts = dict[str, list[dict[str, Any]]]


_TOLD: dict[tuple[str, ...], Parts] = {}
"""Reports by what was asked: the department does not change, and each takes a second."""


def parts(commands: Commands, *arguments: str) -> Parts:
    if arguments not in _TOLD:
        _TOLD[arguments] = {one["part"]: one["rows"] for one in commands.json("report", *arguments)}
    return _TOLD[arguments]


def spans(kind: str, to: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """The period and the one before, by plain arithmetic."""
    last = date.fromisoformat(to)
    if kind == "month":
        first = (last - timedelta(days=1)).replace(day=1)
        return (f"{first}", f"{last}"), (f"{(first - timedelta(days=1)).replace(day=1)}", f"{first}")
    first = last - timedelta(days=1 if kind == "day" else 7)
    week = timedelta(days=7)
    return (f"{first}", f"{last}"), (f"{first - week}", f"{last - week}")


@pytest.mark.parametrize(("kind", "to"), PERIODS)
@pytest.mark.parametrize(("by", "part"), [("manager", "report_managers"), ("team", "report_teams")])
def test_every_number_is_the_command_s(commands: Commands, kind: str, to: str, by: str, part: str) -> None:
    key = "manager_id" if by == "manager" else "team"
    now, before = (
        {row[key]: row for row in commands.json("activity", "--from", first, "--to", last, "--by", by)}
        for first, last in spans(kind, to)
    )
    rows = parts(commands, "--period", kind, "--to", to)[part]
    assert len(rows) >= 1
    assert {row[key] for row in rows} >= now.keys()
    for row in rows:
        mine, earlier = now.get(row[key], {}), before.get(row[key], {})
        for name in NUMBERS:
            empty = None if name == "calls_per_organisation" else 0
            assert row[name] == mine.get(name, empty)
            if to == DIED_BEFORE and name not in ("general_proposals", "individual_proposals"):
                assert (row[f"{name}_before"] or 0) <= (earlier.get(name) or 0) or name == "calls_per_organisation"
                continue
            assert row[f"{name}_before"] == earlier.get(name, empty)
            if row[name] is not None and row[f"{name}_before"] is not None:
                assert row[f"{name}_change"] == pytest.approx(row[name] - row[f"{name}_before"], abs=1e-9)
        sums = mine.get("individual_amount", {})
        found = {name[7:]: Decimal(value) for name, value in row.items() if name.startswith("amount:")}
        assert {currency: amount for currency, amount in found.items() if amount} == {
            currency: Decimal(str(amount)) for currency, amount in sums.items() if amount
        }


@pytest.mark.parametrize(("kind", "to"), PERIODS)
def test_a_and_the_calls_are_the_true_ones(
    commands: Commands, stored_department: StoredDepartment, kind: str, to: str
) -> None:
    (first, last), _ = spans(kind, to)
    true = [row for row in stored_department.truth["activity"] if first <= row["day"] < last]
    assert true
    (department,) = parts(commands, "--period", kind, "--to", to)["report_department"]
    for name in ("calls", "conversations", "calls_to_potential", "general_proposals", "individual_proposals"):
        assert department[name] == sum(row[name] for row in true)
    amounts = sum(Decimal(str(row["individual_amount"].get("RUB", 0))) for row in true)
    assert Decimal(department["amount:RUB"]) == amounts


def test_team_and_manager_filter_as_the_commands_do(commands: Commands) -> None:
    rows = parts(commands, "--period", "week", "--to", WEEK[1], "--manager", "m01", "--manager", "m05")[
        "report_managers"
    ]
    assert [row["manager_id"] for row in rows] == ["m01", "m05"]
    (none,) = parts(commands, "--period", "week", "--to", "2020-03-02", "--manager", "m01")["report_department"]
    assert (none["calls"], none["calls_per_organisation"]) == (0, None)


@pytest.mark.parametrize("command", ["report", "activity", "plan", "funnel", "calls"])
def test_who_is_nobody_is_refused_by_every_command(commands: Commands, command: str) -> None:
    for option, stranger in (("--team", "none such"), ("--manager", "m99")):
        refused = commands(command, option, stranger)
        assert f"{option} {stranger}: " in str(refused.exception)


def test_plan_funnel_and_losses_are_the_commands(commands: Commands) -> None:
    found = parts(commands, "--period", "month", "--to", "2026-04-01")
    plan = {row["manager_id"]: row for row in commands.json("plan", "--month", "2026-03")}
    assert {row["manager_id"] for row in found["report_plan_managers"]} == plan.keys()
    for row in found["report_plan_managers"]:
        for name in ("calls_to_potential", "calls_to_potential_plan", "calls_to_potential_ratio", "working_days"):
            assert row[name] == plan[row["manager_id"]][name]
    flow = commands.json("funnel", "--clock", "flow", "--from", "2026-03-01", "--to", "2026-04-01")
    counted = [(row["stage"], row["entered"], row["reached"]) for row in found["funnel_flow"]]
    assert counted == [(row["stage"], row["entered"], row["reached"]) for row in flow]
    steps = {row["stage"]: row["reached"] for row in found["funnel_cohort_table"]}
    losses = found["funnel_loss"]
    assert [row["lost"] for row in losses] == sorted((row["lost"] for row in losses), reverse=True)
    for row in losses:
        assert row["lost"] + row["in_work"] == steps[row["from_stage"]] - steps[row["stage"]]
        assert row["lost"] == row["refused"] + row["stuck"]


def test_an_old_period_is_told_as_it_stood_then(commands: Commands) -> None:
    """No cohort of the past is mature because of what happened since."""
    early = parts(commands, "--period", "week", "--to", "2026-02-02")["funnel_cohort_table"]
    assert early[0]["immature"] > 0
    reached = parts(commands, "--period", "week", "--to", "2026-05-04")["funnel_cohort_table"]
    assert reached != early


def test_board_page_report_and_command_say_the_same(commands: Commands, stored_department: StoredDepartment) -> None:
    client = connect(stored_department.reader)
    try:
        numbers = Numbers(client)
        screens = BoardScreens(numbers, stored_department.settings)
        days = [("first", "2026-03-09"), ("last", "2026-03-15")]
        shown = screens.panel("today", "today_numbers", days, "ru").decode()
        on_page = dict(re.findall(r'data-k=\\"(\w+)\\" data-v=\\"([^\\]+)\\"', shown))
        (department,) = parts(commands, "--period", "week", "--to", WEEK[1])["report_department"]
        period = Period(date(2026, 3, 9), date(2026, 3, 16), stored_department.settings.time_zone)
        (row,) = activity(numbers, period, ())
    finally:
        client.close()
    assert len(on_page) == 8
    for name, value in on_page.items():
        assert value == str(department[name]) == str(getattr(row.numbers, name)), name


def test_the_board_page_can_be_asked_as_of_the_last_call(
    commands: Commands, stored_department: StoredDepartment
) -> None:
    client = connect(stored_department.reader)
    try:
        screens = BoardScreens(Numbers(client), stored_department.settings)
        html = screens.page("today", [("now", "last")], "en")
        shown = screens.panel("today", "today_talks", [("now", "last")], "en").decode()
    finally:
        client.close()
    last = max(row["day"] for row in stored_department.truth["activity"] if row["calls"])
    assert f"As of {datetime.fromisoformat(last).replace(tzinfo=UTC):%d %b %Y}" in html
    calls = sum(int(value) for value in re.findall(r'data-k=\\"calls\\" data-v=\\"(\d+)\\"', shown))
    true = [row["calls"] for row in stored_department.truth["activity"] if row["day"] == last]
    assert calls == sum(true) > 0
