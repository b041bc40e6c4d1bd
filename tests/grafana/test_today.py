"""Today's own numbers: people, teams and the department are those of commands, plan and usual; the worst first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from pipeline.readouts.activity import activity
from pipeline.readouts.comparison import with_before
from pipeline.readouts.department import department_of
from pipeline.readouts.numbers import Numbers
from pipeline.readouts.period import Period
from pipeline.readouts.plan_fact import plan_fact
from pipeline.store import connect
from schemas.codec import encode
from schemas.parameters import Chosen, Department, Query
from schemas.plans import Plan
from schemas.records import Activity, ActivityKind
from schemas.screens.boards import panel
from schemas.screens.panel import query
from schemas.stages import default_stages
from tests.grafana.asking import Asker, Row
from tests.grafana.conftest import StoredDepartment
from tests.grafana.example import ZONE, at, call, keep
from tests.pipeline.property.tables import Database

pytestmark = pytest.mark.stack

LETTERS = ("calls_to_potential", "calls_per_organisation", "general_proposals", "individual_proposals")
PERIODS = {
    "day": (date(2026, 3, 12), date(2026, 3, 13)),
    "week": (date(2026, 3, 9), date(2026, 3, 16)),
    "over two months": (date(2026, 3, 23), date(2026, 4, 6)),
    "month": (date(2026, 3, 1), date(2026, 4, 1)),
}


@pytest.fixture(scope="module")
def asker(stored_department: StoredDepartment) -> Asker:
    return Asker(stored_department.reader, department_of(stored_department.settings))


@pytest.fixture(scope="module")
def numbers(stored_department: StoredDepartment) -> Numbers:
    return Numbers(connect(stored_department.reader))


class Asked:
    """A period of the department, asked once it was over."""

    def __init__(self, asker: Asker, numbers: Numbers, name: str) -> None:
        first, last = PERIODS[name]
        self.asker, self.numbers = asker, numbers
        self.period = Period(first, last, asker.zone)
        self.now = self.period.end.astimezone(UTC) + timedelta(hours=2)
        self.chosen = Chosen(start=self.period.start, end=self.period.end, now=self.now)

    def rows(self, of: str | Query) -> list[Row]:
        wanted = panel(of).query if isinstance(of, str) else of
        assert wanted is not None
        return self.asker.natively(wanted, self.chosen)

    def before(self) -> Period:
        values = with_before(self.numbers, self.asker.department, self.chosen).values
        first, last = (datetime.fromisoformat(f"{values[name]}+00:00") for name in ("before_from", "before_to"))
        return Period(
            first.astimezone(self.asker.zone).date(), last.astimezone(self.asker.zone).date(), self.asker.zone
        )


@pytest.fixture(params=PERIODS)
def asked(asker: Asker, numbers: Numbers, request: pytest.FixtureRequest) -> Asked:
    return Asked(asker, numbers, request.param)


def sent(number: int, amount: int, currency: str) -> Activity:
    """An individual proposal of Ann's, on the Monday."""
    fields = {"activity_id": f"proposal:{number}", "kind": ActivityKind.INDIVIDUAL, "talk_s": 0}
    return msgspec.structs.replace(call(number, at(0)), amount=Decimal(amount), currency=currency, **fields)


def _by(rows: list[Row], key: str) -> dict[str, Row]:
    found = {str(row[key]): row for row in rows}
    assert len(found) == len(rows)
    return found


@pytest.mark.parametrize(
    ("id", "by", "key"), [("today_people", "manager", "manager_id"), ("today_teams", "team", "team")]
)
def test_letters_are_the_commands_and_the_earlier_ones_the_reports(asked: Asked, id: str, by: str, key: str) -> None:
    shown = _by(asked.rows(id), key)
    now = {row.of[key]: row.numbers for row in activity(asked.numbers, asked.period, (by,))}
    compared = _by(asked.rows(query("period_over_period", by=(by,))), key)
    assert shown.keys() == compared.keys() >= now.keys()
    assert now
    for one, row in shown.items():
        for name in LETTERS:
            zero = None if name == "calls_per_organisation" else 0
            assert row[name] == (getattr(now[one], name) if one in now else zero)
            for what in (f"{name}_before", f"{name}_change"):
                assert row[what] == compared[one][what]


def test_the_earlier_period_is_the_one_that_the_page_names(asked: Asked) -> None:
    past = {row.of["manager_id"]: row.numbers for row in activity(asked.numbers, asked.before(), ("manager",))}
    shown = _by(asked.rows("today_people"), "manager_id")
    assert past
    for one, numbers in past.items():
        assert shown[one]["individual_proposals_before"] == numbers.individual_proposals


@pytest.mark.parametrize(
    ("id", "by", "key"), [("today_people", "manager", "manager_id"), ("today_teams", "team", "team")]
)
def test_plan_of_the_days_is_what_the_plan_to_date_grows_by(
    asked: Asked, stored_department: StoredDepartment, id: str, by: str, key: str
) -> None:
    """What is due at the end of the period less what was due when it began, month by month."""
    calendar = stored_department.settings.calendar
    grown: dict[str, float] = {}
    worked: dict[str, float] = {}
    for moment, sign in ((asked.now, 1), (asked.period.start.astimezone(UTC), -1)):
        for fact in plan_fact(asked.numbers, asked.period, calendar, moment, (by,)):
            one = getattr(fact, key)
            grown[one] = grown.get(one, 0) + sign * (fact.calls_to_potential.plan_to_date or 0)
            worked[one] = worked.get(one, 0) + sign * fact.working_days
    for one, row in _by(asked.rows(id), key).items():
        assert row["worked_days"] == pytest.approx(worked[one], abs=0.01)
        if row["calls_to_potential_planned"] is None:
            continue
        assert row["calls_to_potential_planned"] == pytest.approx(grown[one], abs=0.03)
        if row["calls_to_potential_planned"]:
            done = row["calls_to_potential"] / row["calls_to_potential_planned"]
            assert row["calls_to_potential_done"] == pytest.approx(done, abs=1e-4)


def test_usual_is_everybodys_own(asked: Asked) -> None:
    own = _by(asked.rows("today_baseline"), "manager_id")
    teams: dict[str, float | None] = {}
    for one, row in _by(asked.rows("today_people"), "manager_id").items():
        usual = own[one]["usual_calls_to_potential"] if one in own else None
        assert row["calls_to_potential_usual"] == usual
        if one in own:
            assert row["calls_per_organisation_usual"] == own[one]["usual_calls_per_organisation"]
            before = teams.get(row["team"])
            teams[row["team"]] = before if usual is None else (before or 0) + usual
            to_usual = own[one]["ratio"] if row["worked_days"] else None
            assert row["calls_to_potential_to_usual"] == (
                None if to_usual is None else pytest.approx(to_usual, abs=1e-4)
            )
    for name, row in _by(asked.rows("today_teams"), "team").items():
        assert row["calls_to_potential_usual"] == (None if teams[name] is None else pytest.approx(teams[name]))


def test_the_department_is_the_whole_of_it(asked: Asked) -> None:
    lines = _by(asked.rows("today_indicators"), "indicator")
    people = asked.rows("today_people")
    (department,) = activity(asked.numbers, asked.period, ())
    for name in LETTERS:
        assert lines[name]["fact"] == getattr(department.numbers, name)
    for name in ("calls_to_potential", "individual_proposals"):
        assert lines[name]["fact"] == sum(row[name] for row in people)
        assert lines[name]["before"] == sum(row[f"{name}_before"] for row in people)
        planned = [row[f"{name}_planned"] for row in people if row[f"{name}_planned"] is not None]
        assert lines[name]["planned"] == pytest.approx(sum(planned), abs=0.06)
        usual = [row[f"{name}_usual"] for row in people if row[f"{name}_usual"] is not None]
        assert lines[name]["usual"] == (pytest.approx(sum(usual)) if usual else None)
    for row in lines.values():
        for name in ("before", "usual", "planned"):
            change = None if row["fact"] is None or row[name] is None else row["fact"] - row[name]
            assert row[f"{name}_change"] == (None if change is None else pytest.approx(change, abs=0.006))
    assert lines["individual_amount"]["currency"] == "RUB"
    assert lines["individual_amount"]["fact"] == float(department.numbers.individual_amount.get("RUB", 0))


def test_the_worst_are_first_and_who_did_not_work_is_last(asked: Asked) -> None:
    rows = asked.rows("today_people")
    at_work = [row for row in rows if row["worked_days"] or row["calls_to_potential"]]
    assert rows[: len(at_work)] == at_work
    done = [row["calls_to_potential_done"] for row in at_work if row["calls_to_potential_done"] is not None]
    assert done == sorted(done)
    assert len(done) > 2


def test_the_line_is_a_of_the_last_twenty_days_with_calls(asked: Asked) -> None:
    last = asked.period.last
    whole = Period(last - timedelta(days=60), last, asked.asker.zone)
    by_day: dict[tuple[str, str], int] = {}
    days: set[str] = set()
    for counted in activity(asked.numbers, whole, ("manager", "day")):
        by_day[counted.of["manager_id"], counted.of["day"]] = counted.numbers.calls_to_potential
        days |= {counted.of["day"]} if counted.numbers.calls else set()
    shown = sorted(days)[-20:]
    assert len(shown) == 20
    for one, row in _by(asked.rows("today_people"), "manager_id").items():
        assert row["course"] == [by_day.get((one, day), 0) for day in shown]


def test_who_is_chosen_is_who_is_shown(asker: Asker, numbers: Numbers) -> None:
    asked = Asked(asker, numbers, "week")
    asked.chosen = Chosen(start=asked.chosen.start, end=asked.chosen.end, now=asked.now, values={"managers": ("m01",)})
    (row,) = asked.rows("today_people")
    lines: Mapping[str, Any] = _by(asked.rows("today_indicators"), "indicator")
    assert row["manager_id"] == "m01"
    assert lines["calls_to_potential"]["fact"] == row["calls_to_potential"]
    assert lines["calls_per_organisation"]["usual"] == row["calls_per_organisation_usual"] is not None


def test_money_of_the_month_is_the_plans(asker: Asker, numbers: Numbers, stored_department: StoredDepartment) -> None:
    asked = Asked(asker, numbers, "month")
    (money,) = [row for row in asked.rows("today_month") if row["indicator"] == "individual_amount"]
    (fact,) = plan_fact(numbers, asked.period, stored_department.settings.calendar, asked.now, ())
    measure = fact.individual_amount["RUB"]
    assert money["fact"] == float(measure.fact)
    assert (money["plan"], money["plan_to_date"], money["ratio"]) == (measure.plan, measure.plan_to_date, measure.ratio)


def test_money_of_two_currencies_is_not_added_up(database: Database, store_dsn: str) -> None:
    """Ann planned 200,000 roubles of a month of 20 days, and sent 5,000; then 70 euros as well."""
    by_hand = Asker(store_dsn, Department(zone=ZONE.key, conversation_s=30, stages=default_stages()))
    plan = Plan(manager_id="ann", month="2026-03", working_days=20, amount=Decimal(200_000), currency="RUB", version=1)
    database.store.keep("plans", [encode(plan)])
    keep(database, [sent(1, 5_000, "RUB")])
    now = at(0, "18:00")
    chosen = Chosen(start=at(0, "00:00"), end=now, now=now, values={"managers": ("ann",)})

    def ann() -> Row:
        wanted = panel("today_people").query
        assert wanted is not None
        (row,) = by_hand.natively(wanted, chosen)
        return row

    row = ann()
    assert (row["currency"], row["amount"], row["amount_planned"], row["amount_done"]) == ("RUB", 5_000, 10_000, 0.5)
    keep(database, [sent(1, 5_000, "RUB"), sent(2, 70, "EUR")])
    row = ann()
    assert (row["currency"], row["amount"], row["amount_planned"], row["amount_done"]) == ("", None, None, None)
    wanted = panel("today_indicators").query
    assert wanted is not None
    assert "individual_amount" not in {one["indicator"] for one in by_hand.natively(wanted, chosen)}
    month = panel("today_month").query
    assert month is not None
    money = {one["currency"]: one["fact"] for one in by_hand.natively(month, chosen) if one["currency"]}
    assert money == {"EUR": 70, "RUB": 5_000}, "each is a line of the month's plan"
