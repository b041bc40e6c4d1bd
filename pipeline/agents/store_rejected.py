"""rejected -> rejected: what could not be understood is kept, counted, shown, and can be sent again."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.agents.restamp import restamped
from pipeline.agents.step import ChunkOutcome, Frame, reject_line
from pipeline.clock import Clock, wall_clock
from pipeline.store import Store
from schemas.codec import Codec, encode
from schemas.records import Rejected
from schemas.topics import REJECTED


class StoreRejected:
    """The step of the agent. A line that is not even a Rejected is stored as one here: there is nowhere else for it."""

    topic = REJECTED

    def __init__(self, store: Store, clock: Clock = wall_clock) -> None:
        self._store = store
        self._clock = clock
        self._codec = Codec(Rejected)

    def settle_chunk(self, frames: Sequence[Frame]) -> ChunkOutcome:
        records: list[Rejected] = []
        lines: list[bytes] = []
        for frame in frames:
            rejected, good, bad = self._codec.read(frame.value)
            records += rejected
            lines += good
            unreadable = [reject_line(line, self.topic, frame.origin, self._clock) for line in bad]
            records += unreadable
            lines += map(encode, unreadable)
        self._store.keep(
            "rejected", restamped(self._store, "rejected", ("rejected_id",), records, lines, self._clock())
        )
        return ChunkOutcome([])
