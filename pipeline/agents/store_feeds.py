"""feeds -> feeds: the latest heartbeat of every listener."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.agents.restamp import restamped
from pipeline.agents.step import ChunkOutcome, Frame, read_chunk
from pipeline.clock import Clock, wall_clock
from pipeline.store import Store
from schemas.codec import Codec
from schemas.records import Feed
from schemas.topics import FEEDS

_KEY = ("source", "door")


class StoreFeeds:
    """The step of the agent."""

    topic = FEEDS

    def __init__(self, store: Store, clock: Clock = wall_clock) -> None:
        self._store = store
        self._clock = clock
        self._codec = Codec(Feed)

    def settle_chunk(self, frames: Sequence[Frame]) -> ChunkOutcome:
        feeds, lines, rejected = read_chunk(self._codec, self.topic, frames, self._clock)
        self._store.keep("feeds", restamped(self._store, "feeds", _KEY, feeds, lines, self._clock()))
        return ChunkOutcome(rejected)
