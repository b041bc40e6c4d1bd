"""docs/metrics.md, "Plan and fact, working days", in plain Python: day by day, manager by manager, in fractions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import msgspec

from pipeline.readouts.period import Period
from pipeline.readouts.plan_fact import Measure, N, PlanFact
from pipeline.working_calendar import WorkingCalendar
from schemas.plans import DayKind, Plan
from schemas.records import Activity, ActivityKind, Direction, Disposition
from tests.pipeline.property.brute import CONVERSATION_S, POTENTIAL
from tests.pipeline.readouts.months import Said

WORKED = (DayKind.WORKING, DayKind.SHORT, DayKind.MOVED)
COUNTS = ("calls_to_potential", "general_proposals", "individual_proposals")


class Asked(msgspec.Struct, frozen=True):
    """A question about plan and fact."""

    period: Period
    by: tuple[str, ...]
    managers: tuple[str, ...]
    teams: tuple[str, ...]
    now: datetime
    calendar: WorkingCalendar


class Part(msgspec.Struct):
    """A manager's month in one team."""

    team: str
    days: int = 0
    worked: Fraction = Fraction(0)
    in_period: Fraction = Fraction(0)
    """Worked on days of the period."""
    unknown: int = 0


class Brute:
    """Answers one question from everything that was said."""

    def __init__(self, known: Said, asked: Asked) -> None:
        self.known, self.asked = known, asked
        self.zone: ZoneInfo = asked.period.zone
        self.kinds = {one.day: one.kind for one in known.base} | {one.day: one.kind for one in known.calendar}

    def answer(self) -> list[PlanFact]:
        """Every row, in order of month, team, manager."""
        rows: dict[tuple[str, str, str], list[tuple[Part, Plan | None, Fraction, Fraction, Fraction]]] = {}
        for month in self.months():
            on_roster = {one.manager_id for one in self.known.managers}
            for manager_id in on_roster | {one.manager_id for one in self.known.plans}:
                plan = next((p for p in self.known.plans if (p.manager_id, p.month) == (manager_id, month)), None)
                parts = self.parts(manager_id, month) or ([Part(self.last_team(manager_id))] if plan else [])
                for part in parts:
                    if self.takes(manager_id, part.team):
                        shares = self.shares(part, parts, plan)
                        rows.setdefault(self.key(month, manager_id, part.team), []).append((part, plan, *shares))
        facts: dict[tuple[str, str, str], list[Activity]] = {}
        for fact in self.known.facts:
            month = f"{fact.at.astimezone(self.zone):%Y-%m}"
            internal = fact.kind is ActivityKind.CALL and fact.direction is Direction.INTERNAL
            to_date = month in self.months() and fact.bucket <= self.asked.now.timestamp()
            if to_date and fact.manager_id and not internal and self.takes(fact.manager_id, fact.team):
                facts.setdefault(self.key(month, fact.manager_id, fact.team), []).append(fact)
        keys = sorted(rows.keys() | facts.keys(), key=lambda key: (key[0], key[2], key[1]))
        return [self.row(key, rows.get(key, []), facts.get(key, [])) for key in keys]

    def months(self) -> list[str]:
        period = self.asked.period
        days = (period.last - period.first).days
        return sorted({f"{period.first + timedelta(days=n):%Y-%m}" for n in range(days)})

    def key(self, month: str, manager_id: str, team: str) -> tuple[str, str, str]:
        by = self.asked.by
        return month, manager_id if "manager" in by else "", team if "team" in by else ""

    def takes(self, manager_id: str, team: str) -> bool:
        asked = self.asked
        return (not asked.managers or manager_id in asked.managers) and (not asked.teams or team in asked.teams)

    def parts(self, manager_id: str, month: str) -> list[Part]:
        parts: dict[str, Part] = {}
        day = date.fromisoformat(f"{month}-01")
        while f"{day:%Y-%m}" == month:
            team = self.team_on(manager_id, day)
            if team is not None:
                part = parts.setdefault(team, Part(team))
                part.unknown += day not in self.kinds
                if self.kinds.get(day) in WORKED:
                    part.days += 1
                    worked = Fraction(0) if self.is_away(manager_id, day) else self.over(day)
                    part.worked += worked
                    part.in_period += worked if self.asked.period.first <= day < self.asked.period.last else 0
            day += timedelta(days=1)
        return list(parts.values())

    def team_on(self, manager_id: str, day: date) -> str | None:
        """The team of the period that began last and touches the day; None when there is none."""
        midnight = datetime.combine(day, time(), self.zone)
        tomorrow = datetime.combine(day + timedelta(days=1), time(), self.zone)
        touching = [
            one
            for one in self.known.managers
            if one.manager_id == manager_id
            and one.valid_from < tomorrow
            and (one.valid_to is None or one.valid_to > midnight)
        ]
        return max(touching, key=lambda one: one.valid_from).team if touching else None

    def last_team(self, manager_id: str) -> str:
        periods = [one for one in self.known.managers if one.manager_id == manager_id]
        return max(periods, key=lambda one: one.valid_from).team if periods else ""

    def is_away(self, manager_id: str, day: date) -> bool:
        return any(
            one.manager_id == manager_id and not one.withdrawn and one.first <= day <= one.last
            for one in self.known.absences
        )

    def over(self, day: date) -> Fraction:
        """How much of a day's work is over now."""
        here = self.asked.now.astimezone(self.zone)
        if day != here.date():
            return Fraction(day < here.date())
        clock = here.hour * 3600 + here.minute * 60 + here.second
        opens, closes = self.asked.calendar.hours["opens_s"], self.asked.calendar.hours["closes_s"]
        return min(Fraction(1), max(Fraction(0), Fraction(clock - opens, closes - opens)))

    def shares(self, part: Part, parts: Sequence[Part], plan: Plan | None) -> tuple[Fraction, Fraction, Fraction]:
        """(planned working days, share of the plan, share of it to date) of one team's part."""
        days, worked = sum(one.days for one in parts), sum((one.worked for one in parts), Fraction(0))
        planned = days if plan is None or plan.working_days is None else plan.working_days
        share = Fraction(part.days, days) if days else Fraction(1, len(parts))
        if not worked:
            return planned * share, share, Fraction(0)
        to_date = min(Fraction(1), worked / planned) if planned else Fraction(1)
        return planned * share, share, to_date * part.worked / worked

    def in_period(self) -> dict[tuple[str, str, str], dict[str, float | None]]:
        """What of the plan falls on the period, and its working days, by the key of a row."""
        found: dict[tuple[str, str, str], dict[str, list[Fraction]]] = {}
        for month in self.months():
            everybody = {one.manager_id for one in self.known.managers} | {one.manager_id for one in self.known.plans}
            for manager_id in everybody:
                plan = next((p for p in self.known.plans if (p.manager_id, p.month) == (manager_id, month)), None)
                parts = self.parts(manager_id, month) or ([Part(self.last_team(manager_id))] if plan else [])
                for part in parts:
                    if not self.takes(manager_id, part.team):
                        continue
                    row = found.setdefault(self.key(month, manager_id, part.team), {"days": []})
                    row["days"].append(part.in_period)
                    for name in COUNTS:
                        if plan is not None and getattr(plan, name) is not None:
                            share = self.share_in_period(part, parts, plan)
                            row.setdefault(name, []).append(getattr(plan, name) * share)
        return {
            key: {name: float(sum(row[name])) if name in row else None for name in ("days", *COUNTS)}
            for key, row in found.items()
        }

    def share_in_period(self, part: Part, parts: Sequence[Part], plan: Plan) -> Fraction:
        """Of a month that is worked in whole all parts add up to one, also where more is worked than was planned."""
        worked = sum((one.worked for one in parts), Fraction(0))
        planned = sum(one.days for one in parts) if plan.working_days is None else plan.working_days
        whole = max(worked, Fraction(planned))
        return part.in_period / whole if whole else Fraction(0)

    def row(
        self,
        key: tuple[str, str, str],
        parts: Iterable[tuple[Part, Plan | None, Fraction, Fraction, Fraction]],
        facts: Sequence[Activity],
    ) -> PlanFact:
        parts = list(parts)
        counted, sums = self.counted(facts)
        counts = {}
        for name in COUNTS:
            planned = [
                (getattr(plan, name), share, to_date)
                for _, plan, _, share, to_date in parts
                if plan is not None and getattr(plan, name) is not None
            ]
            counts[name] = _measure(counted[name], planned)
        amounts = [
            (plan.currency, plan.amount, share, to_date)
            for _, plan, _, share, to_date in parts
            if plan is not None and plan.amount is not None
        ]
        currencies = sorted({one[0] for one in amounts} | sums.keys())
        money = {
            currency: _measure(sums.get(currency, Decimal(0)), [one[1:] for one in amounts if one[0] == currency])
            for currency in currencies
        }
        return PlanFact(
            month=key[0],
            manager_id=key[1],
            team=key[2],
            working_days=float(sum((one[0].worked for one in parts), Fraction(0))),
            planned_working_days=float(sum((one[2] for one in parts), Fraction(0))),
            **counts,
            individual_amount=money,
            without_plan=self.without_plan(key),
            unknown_days=sum(one[0].unknown for one in parts),
        )

    def without_plan(self, key: tuple[str, str, str]) -> int:
        month = key[0]
        planned = {plan.manager_id for plan in self.known.plans if plan.month == month}
        return sum(
            any(
                part.days and self.takes(manager_id, part.team) and self.key(month, manager_id, part.team) == key
                for part in self.parts(manager_id, month)
            )
            for manager_id in {one.manager_id for one in self.known.managers} - planned
        )

    def counted(self, facts: Sequence[Activity]) -> tuple[dict[str, int], dict[str, Decimal]]:
        conversations = [
            fact
            for fact in facts
            if fact.kind is ActivityKind.CALL
            and fact.disposition is Disposition.ANSWERED
            and fact.talk_s >= CONVERSATION_S
        ]
        sent = [fact for fact in facts if not fact.withdrawn]
        general = {
            (one.organisation_id, one.at.astimezone(self.zone).date())
            for one in sent
            if one.kind is ActivityKind.GENERAL
        }
        individual = [one for one in sent if one.kind is ActivityKind.INDIVIDUAL]
        sums: dict[str, Decimal] = {}
        for one in individual:
            sums[one.currency] = sums.get(one.currency, Decimal(0)) + one.amount
        numbers = (sum(one.stage in POTENTIAL for one in conversations), len(general), len(individual))
        return dict(zip(COUNTS, numbers, strict=True)), sums


def _measure(fact: N, planned: Sequence[tuple[int | Decimal, Fraction, Fraction]]) -> Measure[N]:
    if not planned:
        return Measure(fact=fact)
    plan = sum((Fraction(value) * share for value, share, _ in planned), Fraction(0))
    to_date = sum((Fraction(value) * share for value, _, share in planned), Fraction(0))
    ratio = float(Fraction(fact) / to_date) if to_date else None
    return Measure(fact=fact, plan=float(plan), plan_to_date=float(to_date), ratio=ratio)
