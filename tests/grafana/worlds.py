"""Random departments over most of a year, small enough to count by hand, with what counts by hand often get wrong:
equal times, borders of days, periods and windows, clock changes, people who come, go, and change teams."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from schemas.codec import encode
from schemas.plans import Absence, AbsenceKind, CalendarDay, DayKind, Plan
from schemas.records import (
    Activity,
    ActivityKind,
    Direction,
    Disposition,
    Manager,
    Organisation,
    StageChange,
)
from schemas.stages import default_stages
from tests.pipeline.property.brute import cells
from tests.pipeline.property.tables import Database

STAGES = default_stages()
IDS = ("ann", "bob", "eve", "kim")
TEAMS = ("north", "south")
ORGANISATIONS = tuple(f"o{n}" for n in range(9))
ZONES = ("Europe/Moscow", "Asia/Kolkata", "America/New_York")
OPENS_S, CLOSES_S = 9 * 3600, 18 * 3600
DAYS = 260


class World(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was said, and the zone it is read in."""

    zone: ZoneInfo
    last: date
    facts: list[Activity]
    managers: list[Manager]
    organisations: list[Organisation]
    changes: list[StageChange]
    calendar: list[CalendarDay]
    absences: list[Absence]
    plans: list[Plan]

    def midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def calls(self) -> list[Activity]:
        """All that are not internal, in order."""
        calls = (one for one in self.facts if one.kind is ActivityKind.CALL and one.direction is not Direction.INTERNAL)
        return sorted(calls, key=lambda call: (call.at, call.activity_id))

    def is_worked(self, day: date) -> bool:
        return any(one.day == day and one.kind.is_working for one in self.calendar)

    def is_away(self, manager_id: str, day: date) -> bool:
        return any(
            one.manager_id == manager_id and one.first <= day <= one.last and not one.withdrawn for one in self.absences
        )

    def roster(self, start: datetime, end: datetime) -> dict[str, Manager]:
        """Whoever was there in [start, end), with what was said last of them."""
        known: dict[str, Manager] = {}
        for one in sorted(self.managers, key=lambda m: m.valid_from):
            if one.valid_from < end and (one.valid_to is None or one.valid_to > start):
                known[one.manager_id] = one
        return known

    def works(self, manager_id: str, day: date) -> bool:
        """On the roster, on a worked day, and not away."""
        there = self.roster(self.midnight(day), self.midnight(day + timedelta(days=1)))
        return manager_id in there and self.is_worked(day) and not self.is_away(manager_id, day)

    def keep(self, database: Database) -> None:
        """Be what the store holds, and nothing else."""
        database.empty()
        tables: dict[str, Iterable[Any]] = {
            "activities": self.facts,
            "manager_activity": cells(self.facts).values(),
            "managers": self.managers,
            "organisations": self.organisations,
            "stage_changes": self.changes,
            "calendar_days": self.calendar,
            "absences": self.absences,
            "plans": self.plans,
        }
        for table, records in tables.items():
            database.store.keep(table, [encode(one) for one in records])


def world(random: Random) -> World:
    zone = ZoneInfo(random.choice(ZONES))
    last = random.choice((date(2026, 3, 12), date(2026, 7, 2), date(2026, 11, 5)))
    moments = [_moment(random, last, zone) for _ in range(160)]
    return World(
        zone=zone,
        last=last,
        facts=_apart([_fact(random, n, random.choice(moments)) for n in range(random.choice((0, 30, 220)))]),
        managers=_managers(random, last, zone),
        organisations=[
            Organisation(organisation_id=one, name=one, phones=[], manager_id=random.choice((*IDS, "")), version=1)
            for one in ORGANISATIONS[:-1]
        ],
        changes=_changes(random, moments),
        calendar=_calendar(random, last),
        absences=_once([_absence(random, one, last) for one in IDS for _ in range(2)]),
        plans=_plans(random, last),
    )


def _once(absences: list[Absence]) -> list[Absence]:
    """One of each identity: of two with one version, which stands would not be said."""
    return list({(one.manager_id, one.first): one for one in absences}.values())


def _apart(facts: list[Activity]) -> list[Activity]:
    """No organisation is called by two at the same millisecond: who was first would not be said."""
    known: dict[tuple[str, datetime], Activity] = {}
    for fact in facts:
        known.setdefault((fact.organisation_id or fact.activity_id, fact.at), fact)
    return list(known.values())


def _moment(random: Random, last: date, zone: ZoneInfo) -> datetime:
    """Mostly of the last weeks, often at a border of a bucket, an hour or a day, in whole or broken seconds."""
    days = (0, 0, 1, 7, 14, 28, 112, 180, 365, 400, random.randrange(30), random.randrange(DAYS))
    day = last - timedelta(days=random.choice(days))
    borders = (0, 1, 36_000, 39_599, 43_200, 86_399, 300 * random.randrange(288))
    seconds = random.choice((*borders, random.randrange(86_400)))
    local = datetime.combine(day, time(), zone) + timedelta(seconds=seconds)
    return local.astimezone(UTC) + timedelta(milliseconds=random.choice((0, 0, 1, 999)))


def _fact(random: Random, number: int, at: datetime) -> Activity:
    manager_id = random.choice((*IDS[:3], *IDS[:3], ""))
    organisation = random.choice((*ORGANISATIONS, "", ""))
    common: dict[str, Any] = {
        "bucket": int(at.timestamp()) // 300 * 300,
        "manager_id": manager_id,
        "team": TEAMS[(at.toordinal() // 9 + IDS.index(manager_id)) % 2] if manager_id else "",
        "at": at,
        "organisation_id": organisation,
        "stage": random.choice(("", "new", "new", *STAGES.codes)) if organisation else "",
        "version": 1,
    }
    if random.random() < 0.2:
        return Activity(
            activity_id=f"proposal:{number}",
            kind=random.choice((ActivityKind.GENERAL, ActivityKind.INDIVIDUAL)),
            amount=Decimal(random.choice((0, 1, 150_050))) / 100,
            currency=random.choice(("RUB", "USD")),
            withdrawn=int(random.random() < 0.3),
            **common,
        )
    disposition = random.choice((Disposition.ANSWERED, Disposition.ANSWERED, Disposition.NO_ANSWER, Disposition.BUSY))
    return Activity(
        activity_id=f"call:office:{number}",
        kind=ActivityKind.CALL,
        source="office",
        extension=random.choice(("101", "102", "")),
        contact=random.choice(("", "+74950000001", "+74950000002", "+74950000003")),
        direction=random.choice((Direction.INBOUND, Direction.OUTBOUND, Direction.OUTBOUND, *Direction)),
        disposition=disposition,
        talk_s=random.choice((0, 29, 30, 31, 600)) if disposition is Disposition.ANSWERED else 0,
        wait_s=random.choice((4, 5, 40)),
        **common,
    )


def _managers(random: Random, last: date, zone: ZoneInfo) -> list[Manager]:
    """One to two periods each, with and without a gap; kim has often left."""
    managers = []
    for manager_id in IDS:
        cut = last - timedelta(days=random.choice((0, 1, 3, 20, 60)))
        again = cut + timedelta(days=random.choice((0, 0, 2)))
        periods: list[tuple[date, date | None]] = [(date(2020, 1, 1), None)]
        if random.random() < 0.5:
            periods = [(date(2020, 1, 1), cut), (again, None)]
        if manager_id == "kim":
            periods = [(date(2020, 1, 1), cut)]
        for since, until in periods:
            managers.append(
                Manager(
                    manager_id=manager_id,
                    name=f"{manager_id.title()} {since:%Y}",
                    team=random.choice(TEAMS),
                    extensions=[],
                    valid_from=datetime.combine(since, time(), zone).astimezone(UTC),
                    valid_to=None if until is None else datetime.combine(until, time(), zone).astimezone(UTC),
                    version=1,
                )
            )
    return managers


def _changes(random: Random, moments: list[datetime]) -> list[StageChange]:
    known: dict[tuple[str, datetime, str], StageChange] = {}
    for organisation in ORGANISATIONS:
        for _ in range(random.choice((0, 1, 3, 5))):
            change = StageChange(
                organisation_id=organisation,
                stage=random.choice((*STAGES.codes, "archived")),
                changed_at=random.choice(moments),
                manager_id=random.choice((*IDS[:3], "")),
                version=1,
            )
            known[organisation, change.changed_at, change.stage] = change
    return list(known.values())


def _calendar(random: Random, last: date) -> list[CalendarDay]:
    """Every day around the period; some of the week are holidays, some Saturdays are worked."""

    def kind(day: date) -> DayKind:
        if day.weekday() >= 5:
            return DayKind.MOVED if random.random() < 0.1 else DayKind.WEEKEND
        return random.choice((DayKind.WORKING,) * 8 + (DayKind.SHORT, DayKind.HOLIDAY))

    first = last - timedelta(days=DAYS + 70)
    days = [first + timedelta(days=n) for n in range(DAYS + 140)]
    return [CalendarDay(day=day, kind=kind(day), version=1) for day in days]


def _absence(random: Random, manager_id: str, last: date) -> Absence:
    first = last - timedelta(days=random.randrange(60))
    return Absence(
        manager_id=manager_id,
        first=first,
        last=first + timedelta(days=random.choice((-1, 0, 1, 6))),
        kind=AbsenceKind.LEAVE,
        withdrawn=int(random.random() < 0.2),
        version=1,
    )


def _plans(random: Random, last: date) -> list[Plan]:
    months = {f"{last - timedelta(days=n):%Y-%m}" for n in (0, 30)}
    return [
        Plan(
            manager_id=manager_id,
            month=month,
            working_days=random.choice((None, 20)),
            calls_to_potential=random.choice((None, 0, 40)),
            general_proposals=10,
            individual_proposals=4,
            version=1,
        )
        for manager_id in IDS
        for month in sorted(months)
        if random.random() < 0.8
    ]
