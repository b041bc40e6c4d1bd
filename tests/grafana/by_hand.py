"""Counts by hand: what the first comments of the metrics say, in the plainest Python. What is asked is a `Question`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from schemas.records import Activity, ActivityKind, Direction, Disposition, Manager
from tests.grafana.worlds import CLOSES_S, OPENS_S, STAGES, World

Rows = list[dict[str, Any]]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader asks of a world."""

    world: World
    start: datetime
    end: datetime
    now: datetime
    managers: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    directions: tuple[str, ...] = ()
    in_stages: tuple[str, ...] = ()
    conversation_s: int = 30
    lost: frozenset[tuple[date, int]] = frozenset()
    """Five minutes of local days without data."""

    @property
    def until(self) -> datetime:
        """The end of what can have happened."""
        return min(self.end, self.now)

    @property
    def moment(self) -> datetime:
        """Whose state is shown: now, the end, or of days that are over their closing hour."""
        local = self.end.astimezone(self.world.zone)
        if self.end > self.now or (local.hour, local.minute, local.second) != (0, 0, 0):
            return self.until
        return self.world.midnight(local.date() - timedelta(days=1)) + timedelta(seconds=CLOSES_S)

    def people(self) -> list[tuple[str, str, str]]:
        """(id, name, team) of the roster that is asked for."""
        known: dict[str, Manager] = {}
        for one in sorted(self.world.managers, key=lambda m: m.valid_from):
            there = one.valid_from < self.end and (one.valid_to is None or one.valid_to > self.start)
            if there and self.takes(one.manager_id, one.team):
                known[one.manager_id] = one
        return sorted((one.manager_id, one.name, one.team) for one in known.values())

    def takes(self, manager_id: str, team: str) -> bool:
        return (not self.managers or manager_id in self.managers) and (not self.teams or team in self.teams)

    def of(self, fact: Activity) -> bool:
        """A manager's that is asked for."""
        return bool(fact.manager_id) and self.takes(fact.manager_id, fact.team)

    def inside(self, fact: Activity) -> bool:
        """In the period, to the five minutes that it is counted in."""
        return self.start <= datetime.fromtimestamp(fact.bucket, UTC) < self.end

    def calls(self) -> list[Activity]:
        return [call for call in self.world.calls() if self.inside(call) and self.of(call)]

    def spoke(self, call: Activity) -> bool:
        return call.disposition is Disposition.ANSWERED and call.talk_s >= self.conversation_s


def answered(call: Activity) -> bool:
    return call.disposition is Disposition.ANSWERED


def potential(call: Activity) -> bool:
    return call.stage in STAGES.potential


def ratio(of: float, by: float) -> float | None:
    return of / by if by else None


def depth_of(calls: Iterable[Activity]) -> float | None:
    """B: a ratio of sums."""
    known = [call.organisation_id for call in calls if call.organisation_id]
    return round(len(known) / len(set(known)), 4) if known else None


def hours(q: Question) -> Rows:
    calls = q.calls()

    def hour(call: Activity) -> datetime:
        return _hour(datetime.fromtimestamp(call.bucket, UTC), q.world.zone)

    if not calls:
        return []
    first, last = min(map(hour, calls)), max(map(hour, calls))
    rows = []
    at = first
    lost = {_hour(q.world.midnight(day) + timedelta(seconds=300 * step), q.world.zone) for day, step in q.lost}
    while at <= last:
        for manager_id, _, _ in q.people():
            own = [call for call in calls if call.manager_id == manager_id and hour(call) == at]
            complete = at + timedelta(hours=1) <= q.now and at not in lost
            rows.append(
                {
                    "time": at,
                    "manager_id": manager_id,
                    "calls": len(own) if complete else None,
                    "calls_so_far": None if complete else len(own),
                    "conversations": sum(answered(c) and c.talk_s >= 30 for c in own),
                }
            )
        at += timedelta(hours=1)
    return rows


def _hour(moment: datetime, zone: ZoneInfo) -> datetime:
    """The beginning of its local hour."""
    local = moment.astimezone(zone)
    return (local - timedelta(minutes=local.minute)).astimezone(UTC)


def talks(q: Question) -> Rows:
    calls = [
        call
        for call in q.calls()
        if (not q.directions or call.direction in q.directions) and (not q.in_stages or call.stage in q.in_stages)
    ]
    rows = []
    for manager_id, manager, team in sorted(q.people(), key=lambda one: (one[2], one[0])):
        own = [call for call in calls if call.manager_id == manager_id]
        out = [call for call in own if call.direction is Direction.OUTBOUND]
        spoken = [call for call in own if q.spoke(call)]
        contacts = {call.contact for call in out} - {""}
        talk_s = sum(call.talk_s for call in own if answered(call))
        rows.append(
            {
                "manager_id": manager_id,
                "manager": manager,
                "team": team,
                "calls": len(own),
                "attempts": len(out),
                "answered": sum(map(answered, own)),
                "conversations": len(spoken),
                "calls_to_potential": sum(map(potential, spoken)),
                "organisations": len({call.organisation_id for call in own} - {""}),
                "effective": len({(c.organisation_id, q.world.day(c.at)) for c in spoken if c.organisation_id}),
                "connect_rate": ratio(sum(map(answered, out)), len(out)),
                "contact_rate": ratio(len({c.contact for c in out if q.spoke(c)} - {""}), len(contacts)),
                "talk_s": talk_s,
                "acd_s": ratio(talk_s, sum(map(answered, own))),
            }
        )
    return rows


def _each(calls: Iterable[Activity]) -> dict[str, int]:
    """Calls of each organisation."""
    each: dict[str, int] = {}
    for call in calls:
        if call.organisation_id:
            each[call.organisation_id] = each.get(call.organisation_id, 0) + 1
    return each


def depth(q: Question) -> Rows:
    rows = []
    for manager_id, _, team in sorted(q.people(), key=lambda one: (one[2], one[0])):
        own = [call for call in q.calls() if call.manager_id == manager_id]
        each = list(_each(own).values())
        rows.append(
            {
                "manager_id": manager_id,
                "team": team,
                "calls": sum(each),
                "organisations": len(each),
                "calls_per_organisation": depth_of(own),
                "median_calls": median(each) if each else None,
                "called_once": ratio(each.count(1), len(each)),
                "most_calls": max(each, default=0),
            }
        )
    return rows


def depth_distribution(q: Question) -> Rows:
    each = list(_each(q.calls()).values())
    return [
        {"calls_each": f"{n}" if n < 10 else "10+", "organisations": sum(min(one, 10) == n for one in each)}
        for n in range(1, 11)
    ]


def proposal_sums(q: Question) -> Rows:
    found = [f for f in q.world.facts if f.kind is ActivityKind.INDIVIDUAL and q.inside(f) and q.of(f)]
    rows = []
    for currency in {fact.currency for fact in found}:
        standing = [fact.amount for fact in found if fact.currency == currency and not fact.withdrawn]
        rows.append(
            {
                "currency": currency,
                "individual_proposals": len(standing),
                "amount": float(sum(standing)),
                "median_amount": float(median(standing)) if standing else None,
                "withdrawn_proposals": sum(fact.currency == currency and fact.withdrawn for fact in found),
            }
        )
    return sorted(rows, key=lambda row: (-int(str(row["individual_proposals"])), str(row["currency"])))


def calls_to_terminal(q: Question) -> Rows:
    made = [c for c in q.calls() if c.direction is Direction.OUTBOUND and c.organisation_id]
    rows: Rows = []
    for manager_id, _, _ in q.people():
        own = [call for call in made if call.manager_id == manager_id]
        lost = [call for call in own if call.stage in STAGES.terminal]
        rows.append(
            {
                "manager_id": manager_id,
                "calls": len(lost),
                "organisations": len({call.organisation_id for call in lost}),
                "talk_s": sum(call.talk_s for call in lost if answered(call)),
                "share": ratio(len(lost), len(own)),
            }
        )
    return sorted(rows, key=lambda row: (-row["calls"], row["manager_id"]))


def _abcd(world: World, facts: Sequence[Activity], conversation_s: int = 30) -> dict[str, Any]:
    """The indicators of some facts."""
    calls = [f for f in facts if f.kind is ActivityKind.CALL and f.direction is not Direction.INTERNAL]
    standing = [f for f in facts if f.kind is not ActivityKind.CALL and not f.withdrawn]
    return {
        "calls": len(calls),
        "calls_to_potential": sum(answered(c) and c.talk_s >= conversation_s and potential(c) for c in calls),
        "calls_per_organisation": depth_of(calls),
        "general_proposals": len(
            {(f.organisation_id, world.day(f.at)) for f in standing if f.kind is ActivityKind.GENERAL}
        ),
        "individual_proposals": sum(f.kind is ActivityKind.INDIVIDUAL for f in standing),
    }


def own_baseline(q: Question) -> Rows:
    world, last_moment = q.world, max(q.until, q.start + timedelta(seconds=1)) - timedelta(seconds=1)
    of_day, until_day = world.day(q.start), world.day(last_moment)
    stretch = -(-((until_day - of_day).days + 1) // 7) * 7
    stretches = max(1, 56 // stretch)
    first_day = min((world.day(datetime.fromtimestamp(c.bucket, UTC)) for c in counted(world)), default=date.max)

    def steps(day: date) -> set[int]:
        """The five minutes of a day of the period that it has a known part of."""
        found = {
            step for step in range(300) if q.start <= world.midnight(day) + timedelta(seconds=300 * step) < q.until
        }
        return {step for step in found if (day, step) not in q.lost}

    working = range(OPENS_S // 300, CLOSES_S // 300)
    period = {
        of_day + timedelta(days=n): steps(of_day + timedelta(days=n)) for n in range((until_day - of_day).days + 1)
    }
    rows = []
    for manager_id, _, team in sorted(q.people(), key=lambda one: (one[2], one[0])):
        own = [fact for fact in counted(world) if fact.manager_id == manager_id]
        part_now = sum(
            _part(period[day], working) for day in period if world.works(manager_id, day) and day >= first_day
        )
        part_before, weeks, usual = 0.0, set(), []
        for k in range(1, stretches + 1):
            days = []
            for as_day, known in period.items():
                day = as_day - timedelta(days=k * stretch)
                if not world.works(manager_id, day) or day < first_day or any((day, one) in q.lost for one in known):
                    continue
                days += [fact for fact in own if world.day(fact.at) == day and step_of(world, fact) in known]
                part_before += _part(known, working)
                weeks.add((of_day - day).days // 7 if (of_day - day).days % 7 else (of_day - day).days // 7 - 1)
            usual.append(
                _abcd(world, days, q.conversation_s) | {"known": [f.organisation_id for f in days if _is_known(f)]}
            )
        today = [fact for fact in own if q.start <= datetime.fromtimestamp(fact.bucket, UTC) < q.until]
        row: dict[str, Any] = {"manager_id": manager_id, "team": team, "weeks": len(weeks)}
        done = _abcd(world, today, q.conversation_s)
        times = (part_now / part_before if part_now else 1 / len(weeks)) if weeks else 0
        for name in ("calls", "calls_to_potential", "general_proposals", "individual_proposals"):
            row[name] = done[name]
            row[f"usual_{name}"] = sum(one[name] for one in usual) * times if weeks else None
        known_now = [
            fact
            for fact in today
            if (day := world.day(fact.at)) >= first_day
            and world.works(manager_id, day)
            and step_of(world, fact) in period[day]
        ]
        compared = _abcd(world, known_now, q.conversation_s)["calls_to_potential"]
        row["ratio"] = ratio(compared, row["usual_calls_to_potential"] or 0) if part_now > 1e-5 else None
        row["calls_per_organisation"] = done["calls_per_organisation"]
        different = sum(len(set(one["known"])) for one in usual)
        calls = sum(len(one["known"]) for one in usual)
        row["usual_calls_per_organisation"] = round(calls / different, 4) if different else None
        rows.append(row)
    return rows


def _part(known: set[int], working: range) -> float:
    """How much of a day's working hours."""
    return max(1e-6, sum(step in known for step in working) / len(working))


def _is_known(fact: Activity) -> bool:
    return fact.kind is ActivityKind.CALL and bool(fact.organisation_id)


def step_of(world: World, fact: Activity) -> int:
    """Five minutes since midnight."""
    return int(fact.bucket - world.midnight(world.day(datetime.fromtimestamp(fact.bucket, UTC))).timestamp()) // 300


def counted(world: World) -> list[Activity]:
    """What cells are made of."""
    return [f for f in world.facts if not (f.kind is ActivityKind.CALL and f.direction is Direction.INTERNAL)]


def course(q: Question) -> Rows:
    world = q.world
    day, last = world.day(q.start), world.day(q.end - timedelta(seconds=1))
    rows = []
    while day <= last:
        rows.append(_course_of(q, day))
        day += timedelta(days=1)
    return rows


def _course_of(q: Question, day: date) -> dict[str, Any]:
    world = q.world
    there = world.roster(world.midnight(day), world.midnight(day + timedelta(days=1)))
    chosen = {one for one, manager in there.items() if q.takes(one, manager.team)}
    teams = {there[one].team for one in chosen}
    peers = {one for one, manager in there.items() if manager.team in teams}
    facts = [f for f in counted(world) if q.inside(f) and world.day(f.at) == day]
    own, team = (
        _abcd(world, [fact for fact in facts if q.of(fact)], q.conversation_s),
        _abcd(world, [fact for fact in facts if fact.manager_id in peers], q.conversation_s),
    )
    heads = sum(world.works(one, day) for one in peers)
    complete = world.midnight(day + timedelta(days=1)) <= q.now and not any(one == day for one, _ in q.lost)
    row: dict[str, Any] = {
        "time": world.midnight(day),
        "calls_per_organisation": own["calls_per_organisation"],
        "team_calls_per_organisation": team["calls_per_organisation"],
    }
    for name in ("calls_to_potential", "general_proposals", "individual_proposals"):
        row[name] = own[name] if complete else None
        row[f"{name}_so_far"] = None if complete else own[name]
        row[f"team_{name}"] = ratio(team[name], heads)
        row[f"plan_{name}"] = _plan_of(world, [one for one in chosen if world.works(one, day)], day, name)
    return row


def _plan_of(world: World, people: Sequence[str], day: date, name: str) -> float | None:
    """The day's part of the month's plan, of those who work that day and have one."""
    parts = []
    for plan in world.plans:
        if plan.manager_id in people and plan.month == f"{day:%Y-%m}":
            days = plan.working_days
            if days is None:
                days = sum(world.is_worked(one) and _on_roster(world, plan.manager_id, one) for one in _month_of(day))
            planned = getattr(plan, name)
            if planned is not None and days:
                parts.append(planned / days)
    return sum(parts) if parts else None


def _on_roster(world: World, manager_id: str, day: date) -> bool:
    return manager_id in world.roster(world.midnight(day), world.midnight(day + timedelta(days=1)))


def _month_of(day: date) -> list[date]:
    first = day.replace(day=1)
    return [one for n in range(31) if (one := first + timedelta(days=n)).month == first.month]


def clock_s(world: World, moment: datetime) -> int:
    local = moment.astimezone(world.zone)
    return local.hour * 3600 + local.minute * 60 + local.second


def is_open(world: World, moment: datetime) -> bool:
    return OPENS_S <= clock_s(world, moment) < CLOSES_S
