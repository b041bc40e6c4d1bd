"""managers, organisations, stage-changes -> the directory tables, and one leg again of each call they change.

Order matters: store, log (so that deciding agents notice), look for past calls and proposals that mean something
else now and send them again, and only when those are on the wire mark the records as spread. A record that was stored
but is not marked is spread when it comes again, wherever the program died.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

import msgspec

from pipeline.agents.claims import claims_of, keep_claims
from pipeline.agents.step import ChunkOutcome, Frame, Outgoing, read_chunk
from pipeline.clock import Clock, as_datetime, wall_clock
from pipeline.merge_latest import merge_latest
from pipeline.store import Store, newest, texts, tuple_of
from schemas.codec import Codec, encode
from schemas.provenance import KINDS
from schemas.records import CallLeg, Manager, Organisation, Proposal, StageChange
from schemas.topics import CALL_LEGS, PROPOSALS, Topic

R = TypeVar("R", Manager, Organisation, StageChange)


class _Spread(msgspec.Struct):
    identity: str
    version: int


class _Log(msgspec.Struct):
    at: object
    what: str
    records: int


class UpdateDirectory(Generic[R]):
    """The step of the three agents; each knows one kind of record. Not shared between threads."""

    topic: Topic

    def __init__(self, store: Store, clock: Clock = wall_clock) -> None:
        self.store = store
        self.clock = clock
        self._codec: Codec[R] = Codec(self.topic.record)  # type: ignore[arg-type]  # a topic's record is its class
        self._spread = msgspec.json.Decoder(_Spread)
        self._legs = msgspec.json.Decoder(CallLeg)
        self._proposals = msgspec.json.Decoder(Proposal)

    def settle_chunk(self, frames: Sequence[Frame]) -> ChunkOutcome:
        arrived, _, rejected = read_chunk(self._codec, self.topic, frames, self.clock)
        if not arrived:
            return ChunkOutcome(rejected)
        known = self.known(arrived)
        stored = {identity: known[identity] for identity in map(self.identity, arrived) if identity in known}
        claims = claims_of(self.store, arrived, stored.values())
        new = merge_latest(arrived, stored, self.identity, claims=claims, now=self.clock())
        spread = self._spread_versions(stored)
        todo = {
            identity: record
            for identity, record in stored.items()
            if identity in new or spread.get(identity, 0) < record.version  # stored before, but never spread
        }
        todo, refused = self.refuse(todo, known)
        if not todo:
            keep_claims(self.store, claims)
            return ChunkOutcome(rejected + refused)
        records = list(todo.values())
        keep_claims(self.store, claims)
        self.keep(records, known)
        self.store.keep("directory_log", [self._log_line(len(records))])
        return ChunkOutcome(
            self._outgoing(rejected + refused, records),
            then=lambda: self.store.keep("directory_spread", [self._spread_line(i, r) for i, r in todo.items()]),
        )

    def _outgoing(self, first: list[Outgoing], records: Sequence[R]) -> Iterator[Outgoing]:
        yield from first
        latest = max(records, key=lambda r: r.version)
        cause = latest.cause or latest.import_id
        for leg in self._touched_legs(self.touched(records)):
            again = msgspec.structs.replace(leg, cause=cause)
            yield Outgoing(CALL_LEGS, CALL_LEGS.key(again), encode(again))
        sql = (
            f"SELECT * FROM proposals FINAL WHERE ({self.touched_proposals(records)}) AND sent_at >= {STANDS_FROM}"
            " LIMIT 1 BY proposal_id"
        )
        for proposal in self.store.rows(self._proposals, sql):
            once_more = msgspec.structs.replace(proposal, cause=cause)
            yield Outgoing(PROPOSALS, PROPOSALS.key(once_more), encode(once_more))

    def _touched_legs(self, condition: str) -> Iterator[CallLeg]:
        """One leg of each touched call, by pages: a change may touch every call there is."""
        after = ("", "")
        while True:
            page = self.store.rows(self._legs, LEGS_OF.format(condition=condition, after=tuple_of(after), n=_PAGE))
            yield from page
            if len(page) < _PAGE:
                return
            after = (page[-1].source, page[-1].call_id)

    def _spread_versions(self, identities: dict[str, R]) -> dict[str, int]:
        sql = (
            f"SELECT identity, version FROM directory_spread FINAL WHERE what = '{self.topic.name}'"
            f" AND identity IN ({texts(identities)})"
        )
        return {row.identity: row.version for row in self.store.rows(self._spread, sql)}

    def _spread_line(self, identity: str, record: R) -> bytes:
        return msgspec.json.encode({"what": self.topic.name, "identity": identity, "version": record.version})

    def _log_line(self, records: int) -> bytes:
        return msgspec.json.encode(_Log(as_datetime(self.clock()), self.topic.name, records))

    # What differs by kind of record.

    def identity(self, record: R) -> str:
        """The identity as text; it never changes."""
        raise NotImplementedError

    def known(self, records: Sequence[R]) -> dict[str, R]:
        """What is stored under the identities of these records (more is allowed), by identity; retracted ones too."""
        raise NotImplementedError

    def refuse(self, todo: dict[str, R], known: dict[str, R]) -> tuple[dict[str, R], list[Outgoing]]:
        """Records that may be stored, and rejections for those that may not."""
        return todo, []

    def newest(self, record: type[R], where: str = "1") -> list[R]:
        """Stored records, each identity's newest."""
        kind = KINDS[record]
        return self.store.rows(msgspec.json.Decoder(record), newest(kind.table, ", ".join(kind.columns), where))

    def keep(self, records: Sequence[R], known: dict[str, R]) -> None:
        """Store them."""
        self.store.keep(self.topic.table, [encode(record) for record in records])

    def touched(self, records: Sequence[R]) -> str:
        """SQL condition on placements: calls whose meaning these records may change."""
        raise NotImplementedError

    def touched_proposals(self, records: Sequence[R]) -> str:
        """SQL condition on proposals: those whose meaning these records may change."""
        raise NotImplementedError


_PAGE = 20_000
STANDS_FROM = "addDays((SELECT max(first) FROM retained_from FINAL), 1)"
"""What began before is not decided again: its facts are not kept (`pipeline.privacy`)."""
LEGS_OF = f"""
SELECT * FROM call_legs FINAL
WHERE (source, call_id) > {{after}} AND started_at >= {STANDS_FROM} AND (source, call_id) IN (
    SELECT source, substring(activity_id, length('call:') + length(source) + 2) FROM placements FINAL
    WHERE kind = 'call' AND (retracted = 0 OR copies_of != []) AND ({{condition}}) AND at >= {STANDS_FROM}
)
ORDER BY source, call_id LIMIT 1 BY source, call_id LIMIT {{n}}
"""
