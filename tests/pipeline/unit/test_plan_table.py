"""`callfunnel plan` for people and for programs."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import click
import msgspec
import pytest
from rich.console import Console

from pipeline.cli.plan import footnotes, month_of, plan_table
from pipeline.readouts.activity import RosterManager
from pipeline.readouts.plan_fact import Measure, PlanFact
from pipeline.settings import read_settings
from pipeline.terminal.options import Month

MOSCOW = ZoneInfo("Europe/Moscow")
ROW = PlanFact(
    month="2026-11",
    manager_id="m1",
    team="north",
    working_days=15.6389,
    planned_working_days=20,
    calls_to_potential=Measure(fact=163, plan=200, plan_to_date=156.39, ratio=1.0423),
    general_proposals=Measure(fact=14),
    individual_proposals=Measure(fact=0, plan=0, plan_to_date=0),
    individual_amount={
        "EUR": Measure(fact=Decimal("1200.50")),
        "RUB": Measure(fact=Decimal(0), plan=800_000, plan_to_date=625_556.0, ratio=0),
    },
    without_plan=0,
    unknown_days=0,
)
ANNA = {"m1": RosterManager("m1", "Анна", "north")}


def lines(row: PlanFact, by: tuple[str, ...], *, width: int) -> list[list[str]]:
    """The table's rows, its columns split at two spaces."""
    console = Console(width=width, no_color=True, force_terminal=False)
    with console.capture() as captured:
        console.print(plan_table([row], by, ANNA, wide=width > 120))
    shown = [line.strip() for line in captured.get().splitlines() if line.strip()]
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in shown]


def test_wide_table_says_fact_due_plan_and_ratio() -> None:
    title, heads, _, row = lines(ROW, ("manager", "team"), width=200)
    assert title == ["Plan and fact, 2026-11"]
    four = ["due", "plan", "%"]
    assert heads == ["manager", "team", "days", "A", *four, "C", *four, "D", *four, "sum of D", *four]
    assert row == [
        *("Анна (m1)", "north", "15.6 of 20", "163", "156.4", "200", "104%"),
        *("14", "-", "-", "-", "0", "0.0", "0", "-"),
        *("1 200 EUR, 0 RUB", "625 556", "800 000", "0%"),
    ]


def test_narrow_table_fits_eighty_columns() -> None:
    _, heads, _, row = lines(ROW, ("manager",), width=80)
    assert heads == ["manager", "days", "A", "%", "C", "%", "D", "%", "sum of D", "%"]
    assert row == ["Анна (m1)", "15.6/20", "163", "104%", "14", "-", "0", "-", "1 200 EUR, 0 RUB", "0%"]


def test_object_names_each_number_and_what_the_row_is_of() -> None:
    flat = ROW.flat(("team",))
    assert list(flat)[:4] == ["month", "team", "working_days", "planned_working_days"]
    assert {name: flat[name] for name in flat if name.startswith("calls")} == {
        "calls_to_potential": 163,
        "calls_to_potential_plan": 200,
        "calls_to_potential_plan_to_date": 156.39,
        "calls_to_potential_ratio": 1.0423,
    }
    assert flat["individual_amount"] == {"EUR": Decimal("1200.50"), "RUB": 0}
    assert flat["individual_amount_plan"] == {"EUR": None, "RUB": 800_000}
    assert flat["individual_amount_ratio"] == {"EUR": None, "RUB": 0}


def test_footnotes_tell_what_the_ratios_do_not_know() -> None:
    settings = read_settings({"TZ": "Europe/Moscow"})
    now = datetime(2026, 11, 24, 14, 43, tzinfo=MOSCOW)
    (when,) = footnotes([ROW], settings, now, None)
    assert when.startswith("As of 2026-11-24 14:43, Europe/Moscow; today's part of 09:00 to 18:00 counts.")
    lacking = msgspec.structs.replace(ROW, without_plan=1, unknown_days=3)
    last = datetime(2026, 11, 23, 15, 31, 11, tzinfo=UTC)
    _, until, plans, days = footnotes([lacking, msgspec.structs.replace(lacking, team="south")], settings, now, last)
    assert until == "Data until 2026-11-23 18:31: what is due goes on after it."
    assert plans.startswith("1 of the roster have no plan")  # one manager in two teams
    assert days.startswith("Some days are in no calendar")


@pytest.mark.parametrize(("said", "last"), [("2026-11", date(2026, 12, 1)), ("12.2026", date(2027, 1, 1))])
def test_month_is_whole(said: str, last: date) -> None:
    first = Month().convert(said, None, None)
    period = month_of(first.replace(day=17), MOSCOW)
    assert (period.first, period.last) == (first, last)


@pytest.mark.parametrize("said", ["2026-13", "2026", "november", "2026-11-02"])
def test_what_is_no_month_says_how_one_looks(said: str) -> None:
    with pytest.raises(click.BadParameter, match="is not a month: write 2026-11 or 11"):
        Month().convert(said, None, None)
