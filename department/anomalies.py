"""What is hidden in the department on purpose, with its true dates: warnings and reports can be held against it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from enum import StrEnum

import msgspec

from department.options import DepartmentOptions
from department.working_days import WorkDay, WorkDayKind


class AnomalyKind(StrEnum):
    SQUEEZER = "squeezer"
    """Opens no new organisation, sells to old customers instead, then leaves: `last` is the last day there."""
    NEWCOMER = "newcomer"
    """Begins on `first` and ramps up; takes over the extension and the organisations of a squeezer who left."""
    SILENT = "silent"
    """At work, and no call."""
    LEAVE = "leave"
    """Away: looks like a silent manager, and is not one."""
    GAMER = "gamer"
    """Many dials of three seconds, the same numbers again and again; few conversations."""
    DEAD_FEED = "dead_feed"
    """The exchange recorded nothing from `since_hour` to midnight. Of the whole department."""
    LOW_MONTH = "low_month"
    """Honestly less business for everybody."""
    CLOCK_CHANGE = "clock_change"
    """The night when clocks change, with calls through it."""


class Anomaly(msgspec.Struct, frozen=True, kw_only=True):
    """One hidden anomaly, from `first` to `last`, both included. `manager_id` is "" when it is everybody's."""

    kind: AnomalyKind
    first: date
    last: date
    manager_id: str = ""
    since_hour: int = 0

    def covers(self, day: date) -> bool:
        return self.first <= day <= self.last

    def days(self) -> Iterator[date]:
        for n in range((self.last - self.first).days + 1):
            yield self.first + timedelta(days=n)


_STORIES = (
    # kind, from and to as shares of the period, most days, least days of the period, least managers
    (AnomalyKind.SQUEEZER, 0.28, 0.62, 400, 60, 3),
    (AnomalyKind.SILENT, 0.4, 0.46, 5, 15, 3),
    (AnomalyKind.LEAVE, 0.42, 0.54, 14, 15, 4),
    (AnomalyKind.GAMER, 0.46, 0.62, 21, 15, 5),
)


def plant_anomalies(options: DepartmentOptions, days: Sequence[WorkDay]) -> list[Anomaly]:
    """The anomalies that a department of this size and length has room for; the first manager has none."""
    found: list[Anomaly] = []
    number = 2
    for kind, begins, ends, most_days, least_days, least_managers in _STORIES:
        if options.days < least_days or options.managers < least_managers or number >= options.managers:
            continue
        first = _working(days, options.day(begins))
        last = min(options.day(ends), first + timedelta(days=most_days - 1))
        found.append(Anomaly(kind=kind, first=first, last=max(first, last), manager_id=f"m{number:02d}"))
        number += 1
    return found + _newcomer(options, found) + _of_everybody(options, days)


def _newcomer(options: DepartmentOptions, found: Sequence[Anomaly]) -> list[Anomaly]:
    """Who comes on the Monday after next when a squeezer has left: the extension is nobody's in between."""
    left = next((event.last for event in found if event.kind is AnomalyKind.SQUEEZER), None)
    if left is None:
        return []
    first = left + timedelta(days=14 - left.weekday())
    newcomer = Anomaly(
        kind=AnomalyKind.NEWCOMER,
        first=first,
        last=options.last - timedelta(days=1),
        manager_id=f"m{options.managers:02d}",
    )
    return [newcomer] if newcomer.first <= newcomer.last else []


def _of_everybody(options: DepartmentOptions, days: Sequence[WorkDay]) -> list[Anomaly]:
    found = []
    if options.days >= 10:
        dead = _working(days, options.day(0.67))
        found.append(Anomaly(kind=AnomalyKind.DEAD_FEED, first=dead, last=dead, since_hour=13))
    if options.days >= 90:
        first = options.day(0.72)
        found.append(Anomaly(kind=AnomalyKind.LOW_MONTH, first=first, last=first + timedelta(days=27)))
    changes = [day.date for day in days if day.length_s != 86_400]
    return found + [Anomaly(kind=AnomalyKind.CLOCK_CHANGE, first=day, last=day) for day in changes]


def _working(days: Sequence[WorkDay], wanted: date) -> date:
    """The first full working day from the wanted one on, else the last one of the period."""
    full = [day.date for day in days if day.kind is WorkDayKind.WORKING]
    return next((day for day in full if day >= wanted), full[-1] if full else wanted)


def of_manager(anomalies: Iterable[Anomaly], manager_id: str) -> dict[AnomalyKind, Anomaly]:
    return {event.kind: event for event in anomalies if event.manager_id == manager_id}


def of_day(anomalies: Sequence[Anomaly], kind: AnomalyKind, day: date) -> Anomaly | None:
    """The anomaly of the whole department that a day is in."""
    return next((event for event in anomalies if event.kind is kind and event.covers(day)), None)
