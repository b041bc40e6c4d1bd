"""Random histories of organisations: equal times, regressions, re-entry, skips, terminal and back, several owners."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from random import Random
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pipeline.readouts.funnel import By, Clock, Question
from pipeline.readouts.period import Period
from schemas.plans import DayKind
from schemas.records import Manager, Organisation, StageChange
from schemas.stages import Stage, Stages, Text

STAGES = Stages(
    (
        Stage(code="new", title=Text(en="New"), potential=True),
        Stage(code="active", title=Text(en="Active"), potential=True),
        # Not the last: order of the configuration and order of the funnel differ.
        Stage(code="lost", title=Text(en="Lost"), terminal=True),
        Stage(code="shipment", title=Text(en="Shipment")),
        Stage(code="customer", title=Text(en="Customer")),
        Stage(code="closed", title=Text(en="Closed"), terminal=True),
    )
)
NOT_CONFIGURED = "archived"
MANAGER_IDS = ("ann", "bob", "eve", "kim")
TEAMS = ("north", "south", "")
ZONES = ("Asia/Kolkata", "Europe/Moscow", "America/New_York", "UTC")
BEGINS = (date(2026, 2, 27), date(2026, 10, 23))
"""A week before clocks change, in New York and Europe, either way; days of a history count from here."""
DAYS = 24
ORGANISATIONS = 40


class Histories(NamedTuple):
    """What the CRM said, and which days are worked."""

    managers: list[Manager]
    organisations: list[Organisation]
    changes: list[StageChange]
    base: Mapping[date, DayKind] = MappingProxyType({})
    """The country's calendar."""
    loaded: Mapping[date, DayKind] = MappingProxyType({})
    """The department's own, which wins."""

    def is_worked(self, day: date) -> bool:
        """By the calendars; a day that none of them has, from Monday to Friday."""
        kind = self.loaded.get(day) or self.base.get(day)
        return day.weekday() < 5 if kind is None else kind.is_working


def histories(random: Random, begin: date, zone: ZoneInfo, now: datetime) -> Histories:
    """Forty organisations and up to four managers. Nothing is said after `now`."""
    moments = [at for at in (_moment(random, begin, zone) for _ in range(120)) if at <= now] or [now]
    changes: dict[tuple[str, datetime, str], StageChange] = {}
    codes = [*STAGES.codes, NOT_CONFIGURED]
    for number in range(ORGANISATIONS):
        # Half climb in order, as sales should; half do anything.
        count = random.choice((0, 1, 2, 3, 4, 6))
        climbing = random.random() < 0.5
        chosen = STAGES.funnel[:count] if climbing else [random.choice(codes) for _ in range(count)]
        at = [random.choice(moments) for _ in chosen]
        for stage, changed_at in zip(chosen, sorted(at) if climbing else at, strict=True):
            change = StageChange(
                organisation_id=f"o{number}",
                stage=stage,
                changed_at=changed_at,
                manager_id=random.choice((*MANAGER_IDS, "", "", "gone")),
                version=1,
            )
            changes[change.organisation_id, change.changed_at, change.stage] = change
    # Some organisations were never loaded: their changes have an owner only when they name one.
    organisations = [
        Organisation(
            organisation_id=f"o{n}", name="", phones=[], manager_id=random.choice((*MANAGER_IDS, "")), version=1
        )
        for n in range(ORGANISATIONS - 5)
    ]
    managers = _managers(random, begin, zone)
    base = random.choice(({}, _days(random, begin, 0.9), _days(random, begin, 1)))
    return Histories(
        managers, organisations, list(changes.values()), base, _days(random, begin, random.choice((0, 0.2)))
    )


def _days(random: Random, begin: date, known: float) -> dict[date, DayKind]:
    """A part of the days around a history, some of the week free and some of the weekend worked."""
    days = [begin + timedelta(days=n) for n in range(-10, 200) if random.random() < known]
    week = (DayKind.WORKING,) * 7 + (DayKind.SHORT, DayKind.HOLIDAY, DayKind.HOLIDAY)
    weekend = (DayKind.WEEKEND,) * 5 + (DayKind.MOVED,)
    return {day: random.choice(week if day.weekday() < 5 else weekend) for day in days}


def _moment(random: Random, begin: date, zone: ZoneInfo) -> datetime:
    """A moment, often near local midnight, in whole or broken seconds."""
    day = datetime(begin.year, begin.month, begin.day, tzinfo=zone) + timedelta(days=random.randrange(DAYS))
    # Wall-clock arithmetic in the zone, then UTC: days are 23 to 25 hours long.
    local = day + timedelta(seconds=random.choice((0, 0, 1, 86_399, random.randrange(86_400))))
    return local.astimezone(UTC) + timedelta(milliseconds=random.choice((0, 0, 999)))


def _managers(random: Random, begin: date, zone: ZoneInfo) -> list[Manager]:
    """One to three periods each, with gaps; teams change."""
    said = []
    for manager_id in MANAGER_IDS[: random.randint(1, 4)]:
        cuts = sorted({_moment(random, begin, zone) for _ in range(random.randint(1, 5))})
        for place in range(0, len(cuts), 2):
            said.append(
                Manager(
                    manager_id=manager_id,
                    name=manager_id,
                    team=random.choice(TEAMS),
                    extensions=[],
                    valid_from=cuts[place],
                    valid_to=cuts[place + 1] if place + 1 < len(cuts) else None,
                    version=1,
                )
            )
    return said


def question(random: Random, clock: Clock, begin: date, zone: ZoneInfo, now: datetime) -> Question:
    """Something a head of sales may ask about these days."""
    first = begin + timedelta(days=random.randrange(-2, DAYS // 2))
    return Question(
        period=Period(first, first + timedelta(days=random.choice((1, 5, 14, 30))), zone),
        stages=STAGES,
        now=now,
        clock=clock,
        window=random.choice((0, 2, 4, 5, 7, 9, 90)),
        by=random.choice(list(By)),
        managers=random.choice(((), (), (), ("ann", "bob"), ("bob", "gone"))),
        teams=random.choice(((), (), (), ("north",), ("south", ""))),
    )
