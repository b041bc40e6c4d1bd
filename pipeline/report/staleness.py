"""Whether the data covers the period that is reported. Pure.

Data is needed up to the close of the last working day of the period: nobody calls later, and a nightly export is early
enough. A source that has sent nothing for `RETIRED` is taken for one that is not used any more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

import msgspec

from pipeline.readouts.feeds import Freshness
from pipeline.readouts.period import Period
from pipeline.working_calendar import WorkingCalendar, base_days

RETIRED = timedelta(days=90)
_WELL = frozenset({"live", "stopped", "connecting"})
_NEEDED = frozenset({"calls", "stages", "proposals"})
"""What a file may hold that grows every day. Others come when they change."""


class Why(StrEnum):
    LATE = "late"
    """It is known up to a moment that is too early."""
    DEAD = "dead"
    """A live source is not there, and the period is not over."""
    NO_CALLS_SINCE = "no_calls_since"
    """It was there, but a whole working day has no call."""
    NO_CALLS_ON = "no_calls_on"
    """Whole working days before the last call have none: an export was left out, or begins later."""
    NOTHING = "nothing_loaded"


class Stale(msgspec.Struct, frozen=True, kw_only=True):
    """One reason to distrust a report."""

    why: Why
    source: str = ""
    what: str = ""
    """calls, stages or proposals."""
    seen: datetime | None = None
    needed: datetime | None = None
    state: str = ""
    days: Sequence[date] = ()


def closings(period: Period, now: datetime, calendar: WorkingCalendar, own_days: Mapping[date, bool]) -> list[datetime]:
    """The closing times of the period's working days that have passed, in order.

    `own_days` is what the store knows of days (`calendar.sql`), loaded ones too; of others the settings' calendar says.
    """
    years = range(period.first.year, period.last.year + 1)
    worked = {one.day: one.kind.is_working for one in base_days(calendar, years)} | dict(own_days)
    days = sorted(day for day, is_worked in worked.items() if is_worked and period.first <= day < period.last)
    times = (datetime.combine(day, calendar.closes, period.zone) for day in days)
    return [closing for closing in times if closing <= now]


def staleness(
    feeds_seen: Sequence[Freshness], last_call: datetime | None, period: Period, now: datetime, needed: datetime | None
) -> list[Stale]:
    """Every reason, as the sources stand now; none when the data covers the period.

    `needed` is the latest of the period's `closings`; None when no working day has ended in it.
    """
    if last_call is None:
        return [Stale(why=Why.NOTHING)]
    found = [] if needed is None else list(_late(feeds_seen, needed))
    if now < period.end:
        live = (feed for feed in feeds_seen if not feed.door.startswith("file:") and feed.state not in _WELL)
        found += [
            Stale(why=Why.DEAD, source=feed.source, what="calls", seen=_moment(feed.last_seen), state=feed.state)
            for feed in live
            if not any(one.source == feed.source and one.what == "calls" for one in found)
        ]
    if needed is not None and last_call.astimezone(period.zone).date() < needed.date() and not found:
        found.append(Stale(why=Why.NO_CALLS_SINCE, seen=last_call, needed=needed))
    return found


def without_calls(closed: Sequence[datetime], called: Collection[date], last_call: datetime | None) -> list[Stale]:
    """Which working days of `closings` have no call, of those before the last call; of later ones `staleness` tells."""
    if last_call is None:
        return []
    days = [closing.date() for closing in closed if closing < last_call and closing.date() not in called]
    return [Stale(why=Why.NO_CALLS_ON, days=days)] if days else []


def _late(feeds_seen: Iterable[Freshness], needed: datetime) -> Iterable[Stale]:
    """The last moment of each kind of record of each source, over its listeners and files."""
    seen: dict[tuple[str, str], datetime | None] = {}
    for feed in feeds_seen:
        what = feed.door.removeprefix("file:") if feed.door.startswith("file:") else "calls"
        if what in _NEEDED:
            known, now = seen.get((feed.source, what)), _moment(feed.last_seen)
            seen[feed.source, what] = max(filter(None, (known, now)), default=None)
    for (source, what), at in sorted(seen.items()):
        if at is None or needed - RETIRED < at < needed:
            yield Stale(why=Why.LATE, source=source, what=what, seen=at, needed=needed)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
