"""Records of planning: what was planned for a manager, which days are worked, and who is away."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec

from schemas.records import Count, Flag, Name, Retractable, Sum, Version

Month = Annotated[
    str, msgspec.Meta(pattern=r"^(19[7-9]\d|20\d\d)-(0[1-9]|1[0-2])$", description="A month, as 2026-11.")
]


class Plan(Retractable, frozen=True, kw_only=True):
    """What was planned for a manager and month. Identity: (manager_id, month). None is not planned, 0 is planned."""

    manager_id: Name
    month: Month
    working_days: Count | None = None
    """Working days that the plan was made for; None: those of the calendar while the manager is on the roster."""
    calls_to_potential: Count | None = None
    general_proposals: Count | None = None
    individual_proposals: Count | None = None
    amount: Sum | None = None
    """Of individual proposals."""
    currency: str = ""
    import_id: str = ""
    origin: str = ""
    version: Version


class DayKind(StrEnum):
    """What a day of the calendar is. Worked are `WORKING`, `SHORT` and `MOVED`."""

    WORKING = "working"
    SHORT = "short"  # shorter than others, as before a holiday
    MOVED = "moved"  # of the weekend, and worked for a bridged holiday
    WEEKEND = "weekend"
    HOLIDAY = "holiday"

    @property
    def is_working(self) -> bool:
        return self in (DayKind.WORKING, DayKind.SHORT, DayKind.MOVED)


class CalendarDay(Retractable, frozen=True, kw_only=True):
    """What the department says of a day, instead of the country's calendar. Identity: day."""

    day: date
    kind: DayKind
    work_minutes: Count | None = None
    title: str = ""
    import_id: str = ""
    origin: str = ""
    version: Version


class AbsenceKind(StrEnum):
    LEAVE = "leave"
    SICK = "sick"
    TRIP = "trip"  # at work, and not at the telephone
    OTHER = "other"


class Absence(Retractable, frozen=True, kw_only=True):
    """Days on which a manager does not work, both ends included. Identity: (manager_id, first).

    One whose `last` is before its `first` holds no day.
    """

    manager_id: Name
    first: date
    last: date
    kind: AbsenceKind = AbsenceKind.OTHER
    withdrawn: Flag = 0
    """1 when it was said in error, or did not take place."""
    import_id: str = ""
    origin: str = ""
    version: Version
