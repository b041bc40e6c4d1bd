"""Random days of a department: activities in their cells, around local midnight and clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from schemas.codec import encode
from schemas.records import Activity, ActivityKind, Direction, Disposition, Manager
from tests.pipeline.property.brute import cells
from tests.pipeline.property.tables import Database

ZONES = ("Asia/Kolkata", "Europe/Moscow", "America/New_York")
BEGINS = (date(2026, 3, 5), date(2026, 10, 29))
"""New York's clocks change on the fourth day."""
DAYS = 12
MANAGER_IDS = ("ann", "bob", "eve")
STAGES = ("", "new", "active", "development", "shipment", "customer", "disqualified")


def activities(random: Random, begin: date, zone: ZoneInfo) -> list[Activity]:
    """A few hundred calls and proposals, also before and after the days that are asked for."""
    return [_activity(random, number, begin, zone) for number in range(random.choice((0, 3, 40, 250)))]


def _activity(random: Random, number: int, begin: date, zone: ZoneInfo) -> Activity:
    day = begin + timedelta(days=random.randrange(DAYS))
    seconds = random.choice((0, 1, 299, 300, 86_399, 86_100, random.randrange(86_400)))
    at = (datetime.combine(day, time(), zone) + timedelta(seconds=seconds)).astimezone(UTC)
    manager_id = random.choice((*MANAGER_IDS[:2], ""))
    said: dict[str, Any] = {
        "bucket": int(at.timestamp()) // 300 * 300,
        "manager_id": manager_id,
        "team": team_of(manager_id, day, begin),
        "at": at,
        "organisation_id": random.choice(("", "o1", "o2", "o3", "o4")),
        "stage": random.choice(STAGES),
        "version": 1,
    }
    if random.random() < 0.3:
        return Activity(
            activity_id=f"proposal:{number}",
            kind=random.choice((ActivityKind.GENERAL, ActivityKind.INDIVIDUAL)),
            amount=Decimal(random.choice((0, 0, 1, 150_050, 99_999_999_999))) / 100,
            currency=random.choice(("RUB", "USD", "")),
            withdrawn=int(random.random() < 0.2),
            **said,
        )
    disposition = random.choice((Disposition.ANSWERED, Disposition.ANSWERED, Disposition.NO_ANSWER, Disposition.BUSY))
    return Activity(
        activity_id=f"call:office:17.{number}",
        kind=ActivityKind.CALL,
        source="office",
        extension=random.choice(("101", "102", "")),
        contact=random.choice(("", "+74950000001", "+74950000002", "+74950000003")),
        direction=random.choice((*Direction, Direction.OUTBOUND)),
        disposition=disposition,
        talk_s=random.choice((0, 29, 30, 31, 600)) if disposition is Disposition.ANSWERED else 0,
        **said,
    )


def team_of(manager_id: str, day: date, begin: date) -> str:
    """Ann changes her team after five days."""
    return {"ann": "north" if day < begin + timedelta(days=5) else "south", "bob": "south"}.get(manager_id, "")


def managers(begin: date, zone: ZoneInfo) -> list[Manager]:
    """Ann with both her teams, bob, and eve who never does anything; kim has left before."""

    def one(manager_id: str, team: str, since: int, until: int | None) -> Manager:
        midnight = datetime.combine(begin, time(), zone)
        return Manager(
            manager_id=manager_id,
            name=manager_id.title(),
            team=team,
            extensions=[],
            valid_from=(midnight + timedelta(days=since)).astimezone(UTC),
            valid_to=None if until is None else (midnight + timedelta(days=until)).astimezone(UTC),
            version=1,
        )

    return [
        one("ann", "north", -90, 5),
        one("ann", "south", 5, None),
        one("bob", "south", -90, None),
        one("eve", "west", -90, None),
        one("kim", "north", -90, -2),
    ]


def keep(database: Database, facts: list[Activity], people: list[Manager]) -> None:
    """Have these facts, decided and counted, and nothing else in the store."""
    database.empty()
    lines = [encode(fact) for fact in facts]
    database.store.keep("activities", lines)
    database.store.keep("placements", lines)
    database.store.keep("manager_activity", [encode(cell) for cell in cells(facts).values()])
    database.store.keep("managers", [encode(one) for one in people])
