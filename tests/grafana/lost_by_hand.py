"""Time without data worked out in plain Python: what `lost_time.part` must say. And departments that lose some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from random import Random
from statistics import fmean
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from schemas.codec import encode
from schemas.gaps import Gap
from schemas.plans import CalendarDay, DayKind
from schemas.records import Activity, ActivityKind, Direction, Disposition, Feed, FeedState, Manager, Reason, Rejected
from tests.grafana.worlds import CLOSES_S, OPENS_S, STAGES, World
from tests.pipeline.property.tables import Database

_OPENS, _CLOSES = OPENS_S // 300, CLOSES_S // 300
FIRST = date(2026, 4, 6)
DAYS = 128
LAST = FIRST + timedelta(days=DAYS - 1)
"""A Tuesday."""


class Exchanges(NamedTuple):
    """A world, and what is known of its exchanges."""

    world: World
    feeds: Sequence[Feed]
    gaps: Sequence[tuple[str, Gap]]

    def keep(self, database: Database) -> None:
        self.world.keep(database)
        database.store.keep("feeds", [encode(one) for one in self.feeds])
        database.store.keep(
            "rejected",
            [
                encode(
                    Rejected(
                        rejected_id=f"gap{n}",
                        source=source,
                        reason=Reason.FEED_GAP,
                        field="",
                        detail="",
                        payload=gap.payload,
                        origin="",
                        topic="call-legs",
                        at=gap.until,
                        version=1,
                    )
                )
                for n, (source, gap) in enumerate(self.gaps)
            ],
        )


class Lost(NamedTuple):
    steps: frozenset[int]
    missing: int
    since: datetime
    until: datetime


def lost_days(there: Exchanges, from_day: date, now: datetime) -> dict[tuple[str, date], Lost]:
    """By source and local day, of 105 days before `from_day` and what follows; those of the period are reported."""
    days = [
        from_day + timedelta(days=n)
        for n in range(-105, (there.world.day(now - timedelta(seconds=1)) - from_day).days + 1)
    ]
    found: dict[tuple[str, date], Lost] = {}
    for source in {fact.source for fact in there.world.facts if fact.kind is ActivityKind.CALL}:
        found |= {(source, day): lost for day, lost in _of_source(there, source, days, now).items()}
    return found


def _of_source(there: Exchanges, source: str, days: Sequence[date], now: datetime) -> dict[date, Lost]:
    world = there.world
    beats: dict[date, dict[int, int]] = {day: {} for day in days}
    for fact in world.facts:
        at = datetime.fromtimestamp(fact.bucket, UTC)
        is_call = fact.source == source and fact.direction is not Direction.INTERNAL
        if is_call and at < now and (day := world.day(at)) in beats:
            step = int((at - world.midnight(day)).total_seconds()) // 300
            beats[day][step] = beats[day].get(step, 0) + 1
    moments = [world.midnight(day) + timedelta(seconds=300 * (max(of) + 1)) for day, of in beats.items() if of]
    if not moments:
        return {}
    kinds = {one.day: one.kind for one in world.calendar}
    usual = {day for day in days if kinds[day] is DayKind.WORKING and beats[day]}
    spans, judged_to = _said(there, source, max(moments), now)
    first: dict[date, set[int]] = {}
    for day in days:
        pasts = _pasts(beats, usual, day)
        steps = {step for gap in spans for step in _steps(world, day, gap)}
        if kinds[day] is DayKind.WORKING and len(pasts) >= 6:
            end = min(_CLOSES, int((judged_to - world.midnight(day)).total_seconds() // 300))
            steps |= _silence(beats[day], pasts, end)
        if steps and _expected(pasts, steps) >= 5:
            first[day] = steps
    found = {}
    for day, steps in first.items():
        pasts = _pasts(beats, usual - set(first), day)
        known = [step for past in pasts for step in past]
        counted = sum(n for step, n in beats[day].items() if step in steps)
        expected = _expected(pasts, steps)
        if expected - counted >= 5:
            kept = frozenset(step for step in steps if min(known) <= step <= max(known))
            midnight = world.midnight(day)
            found[day] = Lost(
                kept,
                round(expected - counted),
                midnight + timedelta(seconds=300 * min(kept)),
                min(now, midnight + timedelta(seconds=300 * (max(kept) + 1))),
            )
    return found


def _said(there: Exchanges, source: str, last: datetime, now: datetime) -> tuple[list[Gap], datetime]:
    """What doors say, and up to when silence means anything."""
    spans = [gap for of, gap in there.gaps if of == source]
    doors = [one for one in there.feeds if one.source == source and one.started_at <= now]
    is_there = any(one.state is FeedState.LIVE and one.heartbeat_at >= now - timedelta(seconds=120) for one in doors)
    if last < now - timedelta(days=14):
        return spans, last
    if is_there:
        return spans, now
    seen = [one.seen_at or one.started_at for one in doors if one.state is not FeedState.STOPPED]
    return [*spans, Gap(max([last, *seen]), now)], last


def _steps(world: World, day: date, gap: Gap) -> set[int]:
    midnight = world.midnight(day).timestamp()
    since, until = int(gap.since.timestamp()), int(gap.until.timestamp())
    return {n for n in range(288) if midnight + 300 * n < until and midnight + 300 * (n + 1) > since and since < until}


def _pasts(beats: Mapping[date, Mapping[int, int]], usual: set[date], day: date) -> list[Mapping[int, int]]:
    return [beats[past] for past in sorted(usual, reverse=True) if past < day and (day - past).days % 7 == 0][:8]


def _expected(pasts: Sequence[Mapping[int, int]], steps: set[int]) -> float:
    return fmean(sum(n for step, n in past.items() if step in steps) for past in pasts) if pasts else 0.0


def _silence(beats: Mapping[int, int], pasts: Sequence[Mapping[int, int]], end: int) -> set[int]:
    """Half an hour and more without a call that chance does not explain."""
    found: set[int] = set()
    calls = sum(beats.values())
    marks = [_OPENS - 1, *sorted(step for step in beats if _OPENS <= step < end), end]
    for before, after in pairwise(marks):
        pause = set(range(before + 1, after))
        expected = _expected(pasts, pause)
        expected *= min(1.0, (calls + 5) / (_expected(pasts, set(range(288)) - pause) + 5))
        if len(pause) >= 6 and expected >= 8 and (calls + 1) * (1 + expected / 10) ** -10 < 0.003:
            found |= pause
    return found


def exchanges(random: Random) -> Exchanges:
    """Two exchanges over four months; the latest weeks lose time in every way there is."""
    zone = ZoneInfo(random.choice(("Europe/Moscow", "Asia/Kolkata", "America/New_York")))
    days = [FIRST + timedelta(days=n) for n in range(DAYS)]
    kinds = {
        day: DayKind.WEEKEND if day.weekday() >= 5 else random.choices(tuple(_KINDS), tuple(_KINDS.values()))[0]
        for day in days
    }
    facts = [
        one
        for day in days
        for source, calls in (("office", 60), ("branch", 25))
        for one in _calls(random, day, zone, source, calls if kinds[day].is_working else 2)
    ]
    silent = random.choice([day for day in days[-20:-2] if kinds[day] is DayKind.WORKING])
    quiet = [(silent, random.choice(("office", "branch")), random.randrange(9, 13), random.choice((16, 17, 24)))]
    lost = [day for day in days[-12:] if kinds[day] is DayKind.WORKING]
    gap_day = random.choice(lost)
    begins = datetime.combine(gap_day, time(random.randrange(8, 15), 7), zone).astimezone(UTC)
    gap = Gap(begins, begins + timedelta(hours=random.choice((1, 3, 30)), seconds=11))
    facts = [
        one
        for one in facts
        if not any(
            one.source == source and (here := one.at.astimezone(zone)).date() == day and since <= here.hour < until
            for day, source, since, until in quiet
        )
        and not (one.source == "office" and gap.since <= one.at < gap.until)
    ]
    gone = datetime.combine(LAST, time(11, 30), zone).astimezone(UTC)
    end = datetime.combine(LAST + timedelta(days=1), time(), zone).astimezone(UTC)
    state, heard = random.choice(
        ((FeedState.LIVE, end), (FeedState.LIVE, gone), (FeedState.AWAY, end), (FeedState.STOPPED, gone))
    )
    if heard == gone or state is FeedState.AWAY:
        facts = [one for one in facts if one.source != "office" or one.at < gone]
    feed = Feed(
        source="office",
        door="ami",
        state=state,
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        heartbeat_at=heard,
        seen_at=gone if state is FeedState.AWAY else heard,
        version=1,
    )
    return Exchanges(_world(zone, facts, kinds), [feed], [("office", gap)])


_KINDS = {DayKind.WORKING: 92, DayKind.SHORT: 4, DayKind.HOLIDAY: 4}


def _calls(random: Random, day: date, zone: ZoneInfo, source: str, count: int) -> list[Activity]:
    found = []
    for n in range(int(count * random.uniform(0.8, 1.2))):
        seconds = random.randrange(8 * 3600 + 1800, 18 * 3600 + 1200)
        at = (datetime.combine(day, time(), zone) + timedelta(seconds=seconds)).astimezone(UTC)
        organisation = random.choice(("o1", "o2", "o3", "o4", ""))
        found.append(
            Activity(
                activity_id=f"call:{source}:{day}:{n}",
                kind=ActivityKind.CALL,
                source=source,
                bucket=int(at.timestamp()) // 300 * 300,
                at=at,
                manager_id=random.choice(("ann", "bob", "")),
                team="north",
                organisation_id=organisation,
                stage=random.choice(STAGES.codes) if organisation else "",
                direction=random.choices((Direction.OUTBOUND, Direction.INTERNAL), (95, 5))[0],
                disposition=Disposition.ANSWERED,
                talk_s=random.choice((5, 40)),
                version=1,
            )
        )
    return [msgspec.structs.replace(one, team="north" if one.manager_id else "") for one in found]


def _world(zone: ZoneInfo, facts: list[Activity], kinds: Mapping[date, DayKind]) -> World:
    none: dict[str, Any] = {"organisations": [], "changes": [], "absences": [], "plans": []}
    outside = [FIRST - timedelta(days=n) for n in range(1, 300)] + [LAST + timedelta(days=n) for n in range(1, 40)]
    calendar = [CalendarDay(day=day, kind=kind, version=1) for day, kind in kinds.items()]
    calendar += [CalendarDay(day=day, kind=DayKind.WEEKEND, version=1) for day in outside]
    managers = [
        Manager(
            manager_id=one,
            name=one,
            team="north",
            extensions=[],
            valid_from=datetime(2020, 1, 1, tzinfo=UTC),
            version=1,
        )
        for one in ("ann", "bob")
    ]
    return World(zone=zone, last=LAST, facts=facts, managers=managers, calendar=calendar, **none)
