"""What is on the board. Every number is read from the store, by the SQL of the other read-outs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from pipeline.readouts.activity import ActivityNumbers, activity, roster
from pipeline.readouts.department import setting_parameters
from pipeline.readouts.feeds import last_call
from pipeline.readouts.numbers import Numbers
from pipeline.readouts.period import Period
from pipeline.settings import Settings
from schemas.alerts import rule
from schemas.parameters import utc

STEP_S = 900
"""A quarter of an hour: one mark of a pulse."""
_QUIET_MIN = 60
"""Minutes without a call, which the board says nothing of: who is silent is the warning's to say."""
_LATEST_S = 2 * 3_600


class Latest(msgspec.Struct, frozen=True, kw_only=True):
    """A call of the last two hours, for the ticker."""

    local_time: str
    manager_id: str
    direction: str
    disposition: str
    organisation_id: str
    stage: str
    talk_s: int


class Plans(msgspec.Struct, frozen=True, kw_only=True):
    """A of the month as a share of what was planned until now; None where nothing was planned."""

    people: dict[str, float | None] = {}
    teams: dict[str, float | None] = {}
    total: float | None = None


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A manager's day so far. `first_at` and `last_at` (epoch seconds) are None before the first call of the day."""

    manager_id: str
    name: str
    team: str
    numbers: ActivityNumbers = ActivityNumbers()
    first_at: int | None = None
    last_at: int | None = None
    pulse: Sequence[int] = ()
    """Calls of each quarter of an hour since midnight."""
    why: str = ""
    """Why there is no call, as schemas/metrics/alerts/silent.sql says: silent, away, moved... or quiet, working."""
    moved_to: str = ""
    """The extension that somebody calls their organisations from."""
    plan_fact: float | None = None


class Floor(msgspec.Struct, frozen=True, kw_only=True):
    """The department at a moment. `now` is aware, in the reporting zone."""

    now: datetime
    people: Sequence[Person]
    total: ActivityNumbers = ActivityNumbers()
    teams: dict[str, ActivityNumbers] = {}
    last_at: int | None = None
    """When the latest call of anybody began."""
    plans: Plans = Plans()
    records: int = 0
    """Legs in the store."""
    latest: Sequence[Latest] = ()
    """Oldest first."""


class _Pulse(msgspec.Struct, frozen=True):
    manager_id: str
    first_at: int
    last_at: int
    steps: list[int]


class _Why(msgspec.Struct, frozen=True):
    manager_id: str
    why: str
    moved_to: str


class _PlanFact(msgspec.Struct, frozen=True):
    manager_id: str
    team: str
    calls_to_potential_ratio: float | None


def read_plans(source: Numbers, now: datetime, settings: Settings) -> Plans:
    """Plan and fact of the month of `now`. Raises Transient or Terminal."""
    parameters = {
        **setting_parameters(settings, "plan_fact"),
        **_day(now, settings).parameters,
        "now": utc(now),
        "managers": [],
        "teams": [],
    }

    def rows(*by: str) -> list[_PlanFact]:
        return source.rows("plan_fact", _PlanFact, {**parameters, "by": list(by)})

    return Plans(
        people={row.manager_id: row.calls_to_potential_ratio for row in rows("manager")},
        teams={row.team: row.calls_to_potential_ratio for row in rows("team")},
        total=next((row.calls_to_potential_ratio for row in rows()), None),
    )


def read_floor(source: Numbers, now: datetime, settings: Settings, plans: Plans) -> Floor:
    """The day of `now` until now. Raises Transient or Terminal."""
    today = _day(now, settings)
    parameters = {**today.parameters, "step_s": STEP_S}
    pulses = {one.manager_id: one for one in source.rows("calls_by_quarter_hour", _Pulse, parameters)}
    numbers = {row.of["manager_id"]: row.numbers for row in activity(source, today, ("manager",))}
    whys = {one.manager_id: one for one in source.rows("silent", _Why, _silence(now, settings))}
    steps = int((now - today.start).total_seconds()) // STEP_S + 1
    people = [
        Person(
            manager_id=one.manager_id,
            name=one.name or one.manager_id,
            team=one.team,
            numbers=numbers.get(one.manager_id, ActivityNumbers()),
            first_at=pulse.first_at if (pulse := pulses.get(one.manager_id)) else None,
            last_at=pulse.last_at if pulse else None,
            pulse=_counts(pulse.steps if pulse else (), steps),
            why=why.why if (why := whys.get(one.manager_id)) else "",
            moved_to=why.moved_to if why else "",
            plan_fact=plans.people.get(one.manager_id),
        )
        for one in roster(source, today)
    ]
    total = activity(source, today, ())
    return Floor(
        now=now,
        people=sorted(people, key=lambda one: (one.team, one.name)),
        total=total[0].numbers if total else ActivityNumbers(),
        teams={row.of["team"]: row.numbers for row in activity(source, today, ("team",))},
        last_at=max((one.last_at for one in pulses.values()), default=None),
        plans=plans,
        records=last_call(source).records,
        latest=_latest(source, now, settings),
    )


def _day(now: datetime, settings: Settings) -> Period:
    return Period(now.date(), now.date() + timedelta(days=1), settings.time_zone)


def _silence(now: datetime, settings: Settings) -> dict[str, object]:
    return {
        **setting_parameters(settings, "silent"),
        **_day(now, settings).parameters,
        **dict(rule("manager_silent").parameters),
        "now": utc(now),
        "moments": [int(now.timestamp())],
        "quiet_min": _QUIET_MIN,
        "managers": [],
        "teams": [],
    }


def _counts(steps: Sequence[int], length: int) -> list[int]:
    counts = [0] * length
    for step in steps:
        if step < length:
            counts[step] += 1
    return counts


def _latest(source: Numbers, now: datetime, settings: Settings) -> list[Latest]:
    parameters = {
        **setting_parameters(settings, "calls"),
        "from": utc(now - timedelta(seconds=_LATEST_S)),
        "to": utc(now + timedelta(seconds=STEP_S)),
        "of": "calls",
        "managers": [],
        "teams": [],
        "organisations": [],
        "contacts": [],
        "limit": 1_000,
    }
    return source.rows("calls", Latest, parameters)[-50:]
