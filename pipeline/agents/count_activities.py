"""activities -> activities, manager_activity, restatements, topic manager-activity: touched cells are recounted.

A cell's version is the clock before its facts are read: of two workers counting one cell, the later reader saw at
least what the earlier one had stored (docs/decisions.md, 6). And it is later than what it replaces, whatever the clock
says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from pipeline.agents.step import ChunkOutcome, Frame, Outgoing, read_chunk
from pipeline.clock import Clock, as_datetime, wall_clock
from pipeline.count import FACT_COLUMNS, Cell, Fact, Rules, by_cell, count, difference, differs
from pipeline.store import Store, cells
from schemas.codec import Codec, encode
from schemas.records import Activity, ManagerActivity, Restatement
from schemas.topics import ACTIVITIES, MANAGER_ACTIVITY

_FACTS = f"SELECT toUnixTimestamp(bucket) AS bucket, {', '.join(FACT_COLUMNS)} FROM activities FINAL"
# Not FINAL, which leaves retracted cells out: what replaces one must be later than it.
_CELLS = "SELECT * REPLACE(toUnixTimestamp(bucket) AS bucket) FROM manager_activity"
_NEWEST = "ORDER BY version DESC LIMIT 1 BY bucket, manager_id"


_MOST_DAYS = 50_000


class _DayCounted(msgspec.Struct):
    manager_id: str
    day: str
    first: int


class CountActivities:
    """The step of the agent. Not shared between threads."""

    topic = ACTIVITIES

    def __init__(self, store: Store, rules: Rules, zone: ZoneInfo, clock: Clock = wall_clock) -> None:
        self._store = store
        self._rules = rules
        self._zone = zone
        self._clock = clock
        self._codec = Codec(Activity)
        self._facts = msgspec.json.Decoder(Fact)
        self._cells = msgspec.json.Decoder(ManagerActivity)
        self._days: dict[int, str] = {}

    def settle_chunk(self, frames: Sequence[Frame]) -> ChunkOutcome:
        activities, lines, rejected = read_chunk(self._codec, self.topic, frames, self._clock)
        if not activities:
            return ChunkOutcome(rejected)
        self._store.keep("activities", lines)
        touched = newest_causes(activities)
        before = {
            (cell.bucket, cell.manager_id): cell
            for cell in self._store.rows(self._cells, f"{_CELLS} {_of(touched)} {_NEWEST}")
        }
        now = self._clock()
        facts = by_cell(self._store.rows(self._facts, f"{_FACTS} {_of(touched)}"))
        changed = []
        unchanged = []
        for cell in touched:
            known = before.get(cell)
            version = max(now, known.version + 1) if known else now
            first = known.first_counted_at if known else version
            after = count(cell, facts.get(cell, ()), self._rules, first_counted_at=first, version=version)
            if differs(known, after):
                changed.append(after)
            elif known:  # published once more: whoever stored it may have died before that
                unchanged.append(known)
        restated = self._restatements(changed, before, touched, now)
        self._store.keep("restatements", [encode(row) for row in restated])
        out = [Outgoing(MANAGER_ACTIVITY, cell.manager_id, encode(cell)) for cell in (*changed, *unchanged)]
        self._store.keep("manager_activity", [line for _, _, line in out[: len(changed)]])
        return ChunkOutcome(rejected + out)

    def _restatements(
        self,
        changed: Iterable[ManagerActivity],
        before: dict[Cell, ManagerActivity],
        touched: dict[Cell, tuple[int, str]],
        now: int,
    ) -> list[Restatement]:
        """Ledger rows for changed cells of past days that had been counted before their cause began."""
        midnight = (
            as_datetime(now).astimezone(self._zone).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
        )
        past = [cell for cell in changed if cell.bucket < midnight]
        counted = self._days_counted(past)
        ledger = []
        for cell in past:
            caused_at, cause = touched[cell.bucket, cell.manager_id]
            first = counted.get((cell.manager_id, self._day(cell.bucket)))
            if first is not None and first < caused_at:
                ledger.append(restatement(before.get((cell.bucket, cell.manager_id)), cell, cause, caused_at, now))
        return ledger

    def _days_counted(self, changed: Sequence[ManagerActivity]) -> dict[tuple[str, str], int]:
        """When each manager's touched day was counted first: (manager_id, day) -> nanoseconds."""
        if not changed:
            return {}
        day = f"formatDateTime(bucket, '%F', '{self._zone.key}')"
        days = {(cell.manager_id, self._day(cell.bucket)) for cell in changed}
        first, last = min(cell.bucket for cell in changed), max(cell.bucket for cell in changed)
        sql = (
            f"SELECT manager_id, {day} AS day, min(first_counted_at) AS first FROM manager_activity"
            f" WHERE bucket BETWEEN toDateTime({first - 90000}) AND toDateTime({last + 90000}) GROUP BY manager_id, day"
        )
        rows = self._store.rows(msgspec.json.Decoder(_DayCounted), sql)
        return {(row.manager_id, row.day): row.first for row in rows if (row.manager_id, row.day) in days}

    def _day(self, bucket: int) -> str:
        """The day of a bucket in the reporting zone; remembered, since chunks ask for the same buckets again."""
        day = self._days.get(bucket)
        if day is None:
            if len(self._days) > _MOST_DAYS:
                self._days.clear()
            day = self._days[bucket] = datetime.fromtimestamp(bucket, UTC).astimezone(self._zone).strftime("%Y-%m-%d")
        return day


def newest_causes(activities: Iterable[Activity]) -> dict[Cell, tuple[int, str]]:
    """Touched cells with their latest cause: cell -> (caused_at, cause)."""
    touched: dict[Cell, tuple[int, str]] = {}
    for activity in activities:
        cell = (activity.bucket, activity.manager_id)
        known = touched.get(cell)
        if known is None or activity.caused_at > known[0]:
            touched[cell] = (activity.caused_at, activity.cause)
    return touched


def restatement(
    before: ManagerActivity | None, after: ManagerActivity, cause: str, caused_at: int, now: int
) -> Restatement:
    """The ledger row of one changed cell: its changed numbers before and after, as JSON.

    Its version tells what was replaced, so that a change counted again after a death is in the ledger once.
    """
    changed = difference(before, after)
    was_there = before is not None and not before.retracted
    return Restatement(
        bucket=after.bucket,
        manager_id=after.manager_id,
        before=msgspec.json.encode({name: old for name, (old, _) in changed.items()}).decode() if was_there else "",
        after=msgspec.json.encode({name: new for name, (_, new) in changed.items()}).decode(),
        cause=cause,
        at=as_datetime(now),
        version=before.version + 1 if before is not None else caused_at,
    )


def _of(touched: dict[Cell, tuple[int, str]]) -> str:
    """The rows of the touched cells; the range of buckets lets the primary key prune."""
    buckets = [bucket for bucket, _ in touched]
    return (
        f"PREWHERE bucket BETWEEN toDateTime({min(buckets)}) AND toDateTime({max(buckets)})"
        f" AND (bucket, manager_id) IN ({cells(touched)})"
    )
