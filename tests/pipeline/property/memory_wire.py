"""Kafka and two workers without Kafka: partitions in memory, the real steps, the real store, and death as a value.

A worker gets its partitions in order and at least once: what was not acknowledged is delivered again, to whoever owns
the partition then, in chunks that need not be the same as before.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice, repeat
from typing import NamedTuple, TypeVar

import msgspec
from hypothesis import strategies as st

from pipeline.agents.step import Frame, Outgoing, Step
from pipeline.app import make_steps
from pipeline.settings import Settings
from pipeline.store import Store
from pipeline.wire import frames, grouped
from schemas.codec import encode
from schemas.topics import ALL, MANAGER_ACTIVITY
from tests.pipeline.property.department import Said

T = TypeVar("T")
MakeSteps = Callable[[Store, Settings], list[Step]]

PARTITIONS = {topic.name: min(topic.partitions, 2) for topic in ALL}
"""Fewer than in earnest, so that a small department's records meet in chunks."""


class Killed(Exception):
    """This worker is no more."""


class Kill(NamedTuple):
    """A worker dies at its n-th call to the store (before or after it), or with so many lines on the wire."""

    call: int = 0
    done: bool = False
    published: int | None = None


class Turn(NamedTuple):
    """One chunk of one agent: who goes, how many frames it takes, and what becomes of it."""

    pick: int = 0
    frames: int = 3
    kill: Kill | None = None
    loses_ack: bool = False
    """Everything was done, and the acknowledgement was lost: the chunk comes again."""
    moves: bool = False
    """The partitions of this chunk belong to the other worker from now on (after a kill they always do)."""


class Delivery(NamedTuple):
    """How records travel: their order and repetitions, in which frames, and what the workers do."""

    order: list[int]
    batches: list[int]
    turns: list[Turn]


@st.composite
def deliveries(draw: st.DrawFn, records: int) -> Delivery:
    """Any order, some records more than once, any split, two workers, any deaths."""
    order = draw(st.permutations(range(records)))
    again = draw(st.lists(st.tuples(st.integers(0, max(0, records - 1)), st.integers(0, records)), max_size=6))
    order = list(order)
    for number, place in again if records else []:
        order.insert(place, number)
    # Of any length: hypothesis' own lists are short, and a short schedule ends before corrections arrive.
    batches, turns = draw(st.integers(0, 15)), draw(st.integers(0, 25))
    return Delivery(
        order,
        draw(st.lists(st.integers(1, 6), min_size=batches, max_size=batches)),
        draw(st.lists(_turns, min_size=turns, max_size=turns)),
    )


_kills = st.one_of(
    st.builds(Kill, call=st.integers(1, 16), done=st.booleans(), published=st.none()),
    st.builds(Kill, call=st.just(0), done=st.just(False), published=st.integers(0, 5)),
)
_turns = st.builds(
    Turn,
    pick=st.integers(0, 11),
    frames=st.integers(1, 3),
    kill=st.none() | st.none() | _kills,
    loses_ack=st.sampled_from((False, False, True)),
    moves=st.sampled_from((False, False, True)),
)


class MortalStore(Store):
    """The store of a worker that may die at a call. Once dead it does nothing more; what runs already, ends."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._idle = threading.Condition()
        self._running = 0
        self._calls = 0
        self._kill: Kill | None = None
        self._dead = False

    def dies(self, kill: Kill | None) -> None:
        """Count calls from here, and die as told."""
        self._kill, self._calls = kill, 0

    def rows(self, decoder: msgspec.json.Decoder[T], sql: str) -> list[T]:
        with self._call():
            return self._store.rows(decoder, sql)

    def keep(self, table: str, lines: Sequence[bytes]) -> None:
        if lines:
            with self._call():
                self._store.keep(table, lines)

    def let_end(self) -> None:
        """Wait for calls in other threads: a dead process sends nothing any more."""
        with self._idle:
            assert self._idle.wait_for(lambda: not self._running, timeout=30)

    @contextmanager
    def _call(self) -> Iterator[None]:
        with self._idle:
            self._calls += 1
            dies = self._kill is not None and self._calls == self._kill.call
            if self._dead or (dies and self._kill and not self._kill.done):
                self._dead = True
                raise Killed
            self._running += 1
        try:
            yield
        finally:
            with self._idle:
                self._running -= 1
                self._dead = self._dead or dies
                self._idle.notify_all()
        if dies:
            raise Killed


class Worker:
    """A process with every agent in it."""

    def __init__(self, store: Store, settings: Settings, make: MakeSteps = make_steps) -> None:
        self.store = MortalStore(store)
        self.steps: dict[str, Step] = {step.topic.name: step for step in make(self.store, settings)}

    def settle_chunk(
        self, topic: str, chunk: Sequence[Frame], send: Callable[[list[Outgoing]], None], kill: Kill | None
    ) -> bool:
        """Move one chunk as `pipeline.app` does; False when the worker died on the way."""
        self.store.dies(kill)
        try:
            settled = self.steps[topic].settle_chunk(chunk)
            if kill is not None and kill.published is not None:
                send(list(islice(settled.outgoing, kill.published)))
                return False
            send(list(settled.outgoing))
            settled.then()
        except Killed:
            self.store.let_end()
            return False
        self.store.dies(None)
        return True


class MemoryWire:
    """Topics, partitions, and where the workers are in them."""

    def __init__(self) -> None:
        self._logs: dict[tuple[str, int], list[Frame]] = {
            (topic, partition): [] for topic, count in PARTITIONS.items() for partition in range(count)
        }
        self._read = dict.fromkeys(self._logs, 0)

    def send(self, outgoing: Iterable[Outgoing]) -> None:
        """Put lines on the wire as the workers do: framed, by partition."""
        for where, together in grouped(outgoing, PARTITIONS).items():
            log = self._logs[where]
            log += [Frame(frame, f"{where[0]}:{where[1]}:{len(log)}") for frame in frames(together)]

    def waiting(self, owners: dict[tuple[str, int], int]) -> list[tuple[str, int]]:
        """(topic, worker) for which there is something to read, in the order of the pipeline."""
        there = {
            (topic, owners[topic, p])
            for (topic, p), log in self._logs.items()
            if topic != MANAGER_ACTIVITY.name and self._read[topic, p] < len(log)
        }
        return sorted(there, key=lambda one: (list(PARTITIONS).index(one[0]), one[1]))

    def take(self, topic: str, partitions: Sequence[int], most: int) -> dict[int, list[Frame]]:
        """The next frames, not acknowledged, of these partitions."""
        taken: dict[int, list[Frame]] = {}
        for partition in partitions:
            read = self._read[topic, partition]
            taken[partition] = self._logs[topic, partition][read : read + most]
        return taken

    def acknowledge(self, topic: str, taken: dict[int, list[Frame]]) -> None:
        for partition, chunk in taken.items():
            self._read[topic, partition] += len(chunk)


def lines(said: Iterable[Said]) -> list[Outgoing]:
    """Records as lines for their topics."""
    return [Outgoing(topic, topic.key(record), encode(record)) for topic, record in said]


def deliver(said: Sequence[Said], delivery: Delivery, store: Store, settings: Settings) -> None:
    """Have the workers settle everything that was said, until nothing waits on the wire."""
    wire = MemoryWire()
    left = [said[number] for number in delivery.order]
    for size in chain(delivery.batches, repeat(len(left) or 1)):
        if not left:
            break
        wire.send(lines(left[:size]))
        left = left[size:]
    run(wire, delivery.turns, store, settings)


def run(
    wire: MemoryWire, turns: Sequence[Turn], store: Store, settings: Settings, make: MakeSteps = make_steps
) -> None:
    """Two workers take turns; when no more are told, each takes what there is."""
    workers = [Worker(store, settings, make), Worker(store, settings, make)]
    # Each worker begins with every second partition.
    owners = {(topic, p): (p + n) % 2 for n, (topic, count) in enumerate(PARTITIONS.items()) for p in range(count)}
    for turn in chain(turns, repeat(Turn())):
        waiting = wire.waiting(owners)
        if not waiting:
            return
        topic, number = waiting[turn.pick % len(waiting)]
        mine = [p for (name, p), owner in owners.items() if name == topic and owner == number]
        taken = wire.take(topic, mine, turn.frames)
        chunk = [frame for of_partition in taken.values() for frame in of_partition]
        lives = workers[number].settle_chunk(topic, chunk, wire.send, turn.kill)
        if lives and not turn.loses_ack:
            wire.acknowledge(topic, taken)
        if not lives:
            workers[number] = Worker(store, settings, make)
            owners.update({where: 1 - number for where, owner in owners.items() if owner == number})
        elif turn.moves:
            owners.update({(topic, p): 1 - number for p in mine})
