"""Random histories of organisations: equal times, regressions, re-entry, skips, terminal and back, several owners."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pipeline.funnel import By, Clock, Question
from pipeline.readouts import Period
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
    """What the CRM said."""

    managers: list[Manager]
    organisations: list[Organisation]
    changes: list[StageChange]


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
    return Histories(_managers(random, begin, zone), organisations, list(changes.values()))


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
