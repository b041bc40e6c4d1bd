"""Small departments of Ann and Bob, from one Monday on: for examples whose numbers are arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from schemas.codec import encode
from schemas.parameters import Chosen, Value
from schemas.plans import CalendarDay, DayKind
from schemas.records import (
    Activity,
    ActivityKind,
    Direction,
    Disposition,
    Manager,
    Organisation,
    StageChange,
)
from schemas.screens.panel import query
from tests.grafana.asking import Asker, Row
from tests.pipeline.property.brute import cells
from tests.pipeline.property.tables import Database

ZONE = ZoneInfo("Europe/Moscow")
MONDAY = date(2026, 3, 2)


def at(day: int, clock: str = "10:00") -> datetime:
    """A moment, days after the Monday."""
    return datetime.combine(MONDAY + timedelta(days=day), time.fromisoformat(clock), ZONE).astimezone(UTC)


def call(number: int, when: datetime, manager_id: str = "ann", **fields: Any) -> Activity:
    """An outbound conversation of a minute with a customer, unless said otherwise."""
    usual: dict[str, Any] = {
        "direction": Direction.OUTBOUND,
        "disposition": Disposition.ANSWERED,
        "talk_s": 60,
        "organisation_id": "o1",
        "stage": "customer",
        "contact": "+74950000001",
        "wait_s": 20,
    }
    return Activity(
        activity_id=f"call:office:{number}",
        kind=ActivityKind.CALL,
        bucket=int(when.timestamp()) // 300 * 300,
        manager_id=manager_id,
        team="A" if manager_id else "",
        at=when,
        source="office",
        version=1,
        **usual | fields,
    )


def keep(database: Database, facts: Sequence[Activity]) -> None:
    database.store.keep("activities", [encode(one) for one in facts])
    database.store.keep("manager_activity", [encode(one) for one in cells(facts).values()])


def own(database: Database, organisation: str) -> None:
    """Ann looks after it."""
    fields = Organisation(organisation_id=organisation, name=organisation, phones=[], manager_id="ann", version=1)
    database.store.keep("organisations", [encode(fields)])


def enter(database: Database, *changes: tuple[str, str, datetime, str]) -> None:
    """(organisation, stage, when, by whom)."""
    known = [
        StageChange(organisation_id=one, stage=stage, changed_at=when, manager_id=who, version=1)
        for one, stage, when, who in changes
    ]
    database.store.keep("stage_changes", [encode(one) for one in known])


def metric_rows(
    asker: Asker, metric: str, start: int, end: int, now: datetime | None = None, **fixed: Value
) -> list[Row]:
    """Days [start, end) after the Monday."""
    chosen = Chosen(start=at(start, "00:00"), end=at(end, "00:00"), now=now or at(end, "00:00"))
    return asker.natively(query(metric, **fixed), chosen)


def two_managers(found: Database) -> None:
    """Forget everything; have the two of them, and a calendar of whole weeks without a holiday."""
    found.empty()
    people = [
        Manager(manager_id=one, name=one.title(), team="A", extensions=[], valid_from=at(-400), version=1)
        for one in ("ann", "bob")
    ]
    found.store.keep("managers", [encode(one) for one in people])
    days = [MONDAY + timedelta(days=n) for n in range(-200, 60)]
    kinds = [CalendarDay(day=d, kind=DayKind.WEEKEND if d.weekday() > 4 else DayKind.WORKING, version=1) for d in days]
    found.store.keep("calendar_days", [encode(one) for one in kinds])
