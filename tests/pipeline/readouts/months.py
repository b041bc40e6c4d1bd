"""Random months of a department: rosters with gaps, calendars with overrides, absences, plans of any completeness."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from pipeline.working_calendar import BaseDay
from schemas.codec import encode
from schemas.plans import Absence, AbsenceKind, CalendarDay, DayKind, Plan
from schemas.records import Activity, Manager
from tests.pipeline.property.tables import Database
from tests.pipeline.readouts.facts import MANAGER_IDS, activities, keep

BEGINS = (date(2026, 2, 20), date(2026, 10, 24))
"""Both a week before the end of a month, and in it or the next one clocks change somewhere."""
DAYS = 45
PEOPLE = (*MANAGER_IDS, "kim")
TEAMS = ("north", "south", "")
STRANGER = "zoe"
"""Has a plan, and is on no roster."""


class Said(NamedTuple):
    """Everything that plan-fact depends on."""

    facts: list[Activity]
    managers: list[Manager]
    base: list[BaseDay]
    calendar: list[CalendarDay]
    absences: list[Absence]
    plans: list[Plan]


def said(random: Random, begin: date, zone: ZoneInfo) -> Said:
    """Days from a week before `begin` to a week behind its end may have anything."""
    days = [begin + timedelta(days=n) for n in range(-60, DAYS + 60)]
    return Said(
        activities(random, begin + timedelta(days=random.randrange(12)), zone),
        [period for manager_id in PEOPLE for period in _periods(random, manager_id, begin, zone)],
        [BaseDay(day, _kind(random, day)) for day in days if random.random() < 0.99],
        [
            CalendarDay(day=day, kind=random.choice(list(DayKind)), version=1)
            for day in sorted(set(random.choices(days, k=random.choice((0, 3, 30)))))
        ],
        _absences(random, begin),
        _plans(random, begin),
    )


def store(database: Database, known: Said) -> None:
    """Have this and nothing else in the store."""
    keep(database, known.facts, known.managers)
    base = [msgspec.json.encode({"day": one.day, "kind": one.kind, "version": 9}) for one in known.base]
    database.store.keep("base_calendar", base)
    database.store.keep("calendar_days", [encode(one) for one in known.calendar])
    database.store.keep("absences", [encode(one) for one in known.absences])
    database.store.keep("plans", [encode(one) for one in known.plans])


def _kind(random: Random, day: date) -> DayKind:
    if random.random() < 0.1:
        return random.choice((DayKind.HOLIDAY, DayKind.MOVED, DayKind.SHORT))
    return DayKind.WORKING if day.weekday() < 5 else DayKind.WEEKEND


def _periods(random: Random, manager_id: str, begin: date, zone: ZoneInfo) -> list[Manager]:
    """None to three periods, hired and gone at midnight or at noon, in any team."""
    cuts = sorted({random.randrange(-70, DAYS + 20) for _ in range(random.choice((0, 1, 1, 2, 3, 4, 5)))})
    moments = [
        datetime.combine(begin + timedelta(days=cut), random.choice((time(), time(), time(12))), zone) for cut in cuts
    ]
    return [
        Manager(
            manager_id=manager_id,
            name=manager_id.title(),
            team=random.choice(TEAMS),
            extensions=[],
            valid_from=since.astimezone(UTC),
            # Half of the periods are followed at once by the next one: a change of the team.
            valid_to=moments[place + 1].astimezone(UTC) if place + 1 < len(moments) else None,
            version=1,
        )
        for place, since in enumerate(moments)
        if place + 1 == len(moments) or random.random() < 0.7
    ]


def _absences(random: Random, begin: date) -> list[Absence]:
    found = {}
    for _ in range(random.choice((0, 2, 8))):
        manager_id, first = random.choice(PEOPLE), begin + timedelta(days=random.randrange(-5, DAYS))
        found[manager_id, first] = Absence(
            manager_id=manager_id,
            first=first,
            last=first + timedelta(days=random.choice((-1, 0, 0, 3, 14))),
            kind=random.choice(list(AbsenceKind)),
            withdrawn=int(random.random() < 0.2),
            version=1,
        )
    return list(found.values())


def _plans(random: Random, begin: date) -> list[Plan]:
    months = sorted({f"{begin + timedelta(days=n):%Y-%m}" for n in range(-60, DAYS + 60)})
    return [
        Plan(
            manager_id=manager_id,
            month=month,
            working_days=random.choice((None, 0, 5, 19, 31)),
            calls_to_potential=random.choice((None, 0, 7, 240)),
            general_proposals=random.choice((None, 0, 3, 21)),
            individual_proposals=random.choice((None, 0, 1, 10)),
            amount=random.choice((None, Decimal(0), Decimal("1500.50"), Decimal(800_000))),
            currency=random.choice(("RUB", "USD", "")),
            version=1,
        )
        for manager_id in (*PEOPLE, STRANGER)
        for month in months
        if random.random() < 0.6
    ]
