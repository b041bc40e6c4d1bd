"""Plan and fact of a month: the rows of `callfunnel plan`, as every screen shows them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Generic, TypeVar

import msgspec

from pipeline.readouts.numbers import Numbers
from pipeline.readouts.period import Period
from pipeline.working_calendar import WorkingCalendar
from schemas.parameters import utc

N = TypeVar("N", int, Decimal)

BY = ("manager", "team")


class Measure(msgspec.Struct, Generic[N], frozen=True, kw_only=True):
    """One indicator: what was done, and what should have been. None: not planned, or nothing to divide by."""

    fact: N
    plan: float | None = None
    plan_to_date: float | None = None
    ratio: float | None = None
    """fact / plan_to_date."""


class PlanFact(msgspec.Struct, frozen=True, kw_only=True):
    """A month of a manager, a team, or both; defined in docs/metrics.md. "" for what the row is not of."""

    month: str
    manager_id: str
    team: str
    working_days: float
    """So far; of a team, person-days. Today counts as the part of its working hours that is over."""
    planned_working_days: float
    calls_to_potential: Measure[int]
    general_proposals: Measure[int]
    individual_proposals: Measure[int]
    individual_amount: dict[str, Measure[Decimal]]
    """By currency."""
    without_plan: int
    """Managers of the row who have working days and no plan: their facts count."""
    unknown_days: int
    """Days of the roster that no calendar has."""

    def flat(self, by: Sequence[str]) -> dict[str, object]:
        """One object, as `--json` prints it: the fact under the indicator's own name."""
        of = {"month": self.month, **{_KEYS[one]: getattr(self, _KEYS[one]) for one in by}}
        days = {"working_days": self.working_days, "planned_working_days": self.planned_working_days}
        counts = {key: one for name in _COUNTS for key, one in _flat(name, getattr(self, name)).items()}
        sums: dict[str, dict[str, object]] = {key: {} for key in _flat("individual_amount", Measure(fact=0))}
        for currency, measure in self.individual_amount.items():
            for key, one in _flat("individual_amount", measure).items():
                sums[key][currency] = one
        return {**of, **days, **counts, **sums, "without_plan": self.without_plan, "unknown_days": self.unknown_days}


_KEYS = {"manager": "manager_id", "team": "team"}
_COUNTS = ("calls_to_potential", "general_proposals", "individual_proposals")


def _flat(name: str, measure: Measure[int] | Measure[Decimal]) -> dict[str, object]:
    plan, to_date, ratio = measure.plan, measure.plan_to_date, measure.ratio
    return {name: measure.fact, f"{name}_plan": plan, f"{name}_plan_to_date": to_date, f"{name}_ratio": ratio}


class _Money(Measure[Decimal], frozen=True, kw_only=True):
    currency: str


class _PlanAnswer(msgspec.Struct, frozen=True, kw_only=True):
    month: str
    manager_id: str
    team: str
    working_days: float
    planned_working_days: float
    calls_to_potential: int
    calls_to_potential_plan: float | None
    calls_to_potential_plan_to_date: float | None
    calls_to_potential_ratio: float | None
    general_proposals: int
    general_proposals_plan: float | None
    general_proposals_plan_to_date: float | None
    general_proposals_ratio: float | None
    individual_proposals: int
    individual_proposals_plan: float | None
    individual_proposals_plan_to_date: float | None
    individual_proposals_ratio: float | None
    individual_amount: list[_Money]
    without_plan: int
    unknown_days: int


def plan_fact(
    numbers: Numbers,
    months: Period,
    calendar: WorkingCalendar,
    now: datetime,
    by: Sequence[str] = ("manager",),
    *,
    managers: Sequence[str] = (),
    teams: Sequence[str] = (),
) -> list[PlanFact]:
    """A row per month that the period touches and combination of `by`, as of `now`; the silent are rows too.

    Raises Transient or Terminal.
    """
    parameters = {**months.parameters, **calendar.hours, "now": utc(now)}
    filters = {"by": list(by), "managers": list(managers), "teams": list(teams)}
    return [_row(answer) for answer in numbers.rows("plan_fact", _PlanAnswer, {**parameters, **filters})]


class _Until(msgspec.Struct):
    data_until: datetime | None


def data_until(numbers: Numbers, now: datetime) -> datetime | None:
    """When the latest call up to `now` began: what is due goes on after it. Raises Transient or Terminal."""
    (answer,) = numbers.rows("data_until", _Until, {"now": utc(now)})
    return answer.data_until.replace(tzinfo=UTC) if answer.data_until else None


def _row(answer: _PlanAnswer) -> PlanFact:
    counts = {name: _measure(answer, name) for name in _COUNTS}
    sums = {
        one.currency: Measure(fact=one.fact, plan=one.plan, plan_to_date=one.plan_to_date, ratio=one.ratio)
        for one in answer.individual_amount
    }
    return PlanFact(
        month=answer.month,
        manager_id=answer.manager_id,
        team=answer.team,
        working_days=answer.working_days,
        planned_working_days=answer.planned_working_days,
        **counts,
        individual_amount=sums,
        without_plan=answer.without_plan,
        unknown_days=answer.unknown_days,
    )


def _measure(answer: _PlanAnswer, name: str) -> Measure[int]:
    fact, plan, to_date, ratio = (getattr(answer, name + part) for part in ("", "_plan", "_plan_to_date", "_ratio"))
    return Measure(fact=fact, plan=plan, plan_to_date=to_date, ratio=ratio)
