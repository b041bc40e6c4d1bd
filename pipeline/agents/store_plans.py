"""plans, calendar-days, absences -> the tables of their names: facts that change the meaning of no call.

An equal record is not stored again, from whichever import; a correction replaces.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec

from pipeline.agents.claims import claims_of, keep_claims
from pipeline.agents.step import ChunkOutcome, Frame, lines_of, read_chunk
from pipeline.clock import Clock, wall_clock
from pipeline.merge_latest import merge_latest
from pipeline.store import Store, newest, texts
from schemas.codec import Codec
from schemas.plans import Absence, CalendarDay, Plan
from schemas.provenance import KINDS
from schemas.topics import ABSENCES, CALENDAR_DAYS, PLANS, Topic

R = TypeVar("R", Plan, CalendarDay, Absence)


class _StoreLatest(Generic[R]):
    """The step of the three agents; each knows one kind of record. Not shared between threads."""

    topic: Topic

    def __init__(self, store: Store, clock: Clock = wall_clock) -> None:
        self._store = store
        self._clock = clock
        self._codec: Codec[R] = Codec(self.topic.record)  # type: ignore[arg-type]  # a topic's record is its class
        self._rows: msgspec.json.Decoder[R] = msgspec.json.Decoder(self.topic.record)

    def settle_chunk(self, frames: Sequence[Frame]) -> ChunkOutcome:
        arrived, lines, rejected = read_chunk(self._codec, self.topic, frames, self._clock)
        if arrived:
            kind = KINDS[type(arrived[0])]
            sql = newest(kind.table, ", ".join(kind.columns), self.those_of(arrived))
            latest = {self.identity(row): row for row in self._store.rows(self._rows, sql)}
            claims = claims_of(self._store, arrived, latest.values())
            new = merge_latest(arrived, latest, self.identity, claims=claims, now=self._clock())
            keep_claims(self._store, claims)
            self._store.keep(kind.table, lines_of(new.values(), arrived, lines))
        return ChunkOutcome(rejected)

    def identity(self, record: R) -> tuple[str, ...]:
        """What never changes of it."""
        raise NotImplementedError

    def those_of(self, records: Sequence[R]) -> str:
        """SQL condition: the stored rows of these identities; more is allowed."""
        return f"manager_id IN ({texts({self.identity(record)[0] for record in records})})"


class StorePlans(_StoreLatest[Plan]):
    """What was planned."""

    topic = PLANS

    def identity(self, record: Plan) -> tuple[str, ...]:
        return record.manager_id, record.month


class StoreCalendar(_StoreLatest[CalendarDay]):
    """What the department says of days."""

    topic = CALENDAR_DAYS

    def identity(self, record: CalendarDay) -> tuple[str, ...]:
        return (record.day.isoformat(),)

    def those_of(self, records: Sequence[CalendarDay]) -> str:
        return f"toString(day) IN ({texts({record.day.isoformat() for record in records})})"


class StoreAbsences(_StoreLatest[Absence]):
    """Who is away."""

    topic = ABSENCES

    def identity(self, record: Absence) -> tuple[str, ...]:
        return record.manager_id, record.first.isoformat()
