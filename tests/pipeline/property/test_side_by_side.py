"""True concurrency: two workers settle the same keys in two threads while the directory changes in a third.

Where threads meet is drawn, not timed: each waits for the others before one of its calls to the store. A thread that
has ended waits for nobody, and nobody for it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline.agents.step import Frame, Outgoing, Step
from pipeline.app import make_steps
from pipeline.store import Store
from schemas.codec import encode
from schemas.errors import Transient
from schemas.topics import CALL_LEGS, MANAGERS, ORGANISATIONS, PROPOSALS, STAGE_CHANGES, Topic
from tests.pipeline.property.brute import brute_force
from tests.pipeline.property.department import Department, Said, departments
from tests.pipeline.property.memory_wire import MemoryWire, lines, run
from tests.pipeline.property.tables import SETTINGS, Database, same

T = TypeVar("T")

_TRIES = 20


@pytest.fixture(scope="module")
def database(store_dsn: str) -> Database:
    return Database(store_dsn)


class MeetingStore(Store):
    """A store that waits for the other threads before some of its calls."""

    def __init__(self, store: Store, barrier: threading.Barrier, meets_at: Sequence[int]) -> None:
        self._store = store
        self._barrier = barrier
        self._meets_at = meets_at
        self._calls = 0
        self._counting = threading.Lock()

    def rows(self, decoder: msgspec.json.Decoder[T], sql: str) -> list[T]:
        self._meet()
        return self._store.rows(decoder, sql)

    def keep(self, table: str, lines: Sequence[bytes]) -> None:
        self._meet()
        self._store.keep(table, lines)

    def _meet(self) -> None:
        with self._counting:
            self._calls += 1
            waits = self._calls in self._meets_at
        if waits:
            try:
                self._barrier.wait(timeout=30)
            except threading.BrokenBarrierError:
                return  # the others have ended


def _frames(said: Sequence[Said], topic: Topic) -> list[Frame]:
    return [Frame(encode(record), "here") for name, record in said if name is topic]


def _settle(step: Step, chunk: Sequence[Frame], barrier: threading.Barrier) -> list[Outgoing]:
    """As `pipeline.app` moves a chunk: again while it says Transient."""
    try:
        for _ in range(_TRIES):
            try:
                settled = step.settle_chunk(chunk)
                outgoing = list(settled.outgoing)
                settled.then()
            except Transient:
                continue
            return outgoing
        raise AssertionError("it never settled")
    finally:
        barrier.abort()


_meetings = st.lists(st.integers(1, 14), unique=True, min_size=1, max_size=5)


@pytest.mark.parametrize("contested", [CALL_LEGS, PROPOSALS], ids=lambda topic: str(topic.name))
@settings(
    max_examples=5,
    deadline=None,
    print_blob=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(
    department=departments().filter(lambda d: bool(d.legs and d.proposals and d.organisations)),
    directory=st.sampled_from((MANAGERS, ORGANISATIONS, STAGE_CHANGES)),
    meetings=st.tuples(_meetings, _meetings, _meetings),
    split=st.randoms(use_true_random=False),
)
def test_two_workers_with_one_key_and_a_changing_directory_agree_in_the_end(
    database: Database,
    contested: Topic,
    department: Department,
    directory: Topic,
    meetings: tuple[Sequence[int], Sequence[int], Sequence[int]],
    split: Random,
) -> None:
    database.empty()
    said = department.said
    split.shuffle(said)
    # Half of the rest is there before, half comes after; the contested keys are split between the two workers.
    rest = [one for one in said if one[0] is not contested and one[0] is not directory]
    wire = MemoryWire()
    wire.send(lines(rest[: len(rest) // 2]))
    run(wire, [], database.store, SETTINGS)

    mine = [one for one in said if one[0] is contested]
    half = len(mine) // 2
    barrier = threading.Barrier(3)
    chunks = (
        (contested, _frames(mine[: half + 1], contested)),
        (contested, _frames(mine[half:], contested)),
        (directory, _frames(said, directory)),
    )
    with ThreadPoolExecutor(3) as threads:
        running = [
            threads.submit(_settle, _step(topic, MeetingStore(database.store, barrier, meets_at)), chunk, barrier)
            for (topic, chunk), meets_at in zip(chunks, meetings, strict=True)
        ]
        published = [line for one in running for line in one.result()]
    wire.send(published)
    wire.send(lines(rest[len(rest) // 2 :]))
    run(wire, [], database.store, SETTINGS)
    same(brute_force(department), database.tables())
    assert database.differences() == []


def _step(topic: Topic, store: Store) -> Step:
    return next(step for step in make_steps(store, SETTINGS) if step.topic is topic)
