"""A topic whose agent is slow holds up no other one: Faust's own loop, our buffers, and nobody who takes records."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence, Set
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP, Message
from mode.utils.queues import FlowControlEvent

from pipeline.app import make_app
from pipeline.flow import CHUNK_BYTES, CHUNK_FRAMES, CHUNK_LINES, Buffer, chunks
from schemas.topics import ACTIVITIES, CALL_LEGS

LEGS, CALLS = TP(CALL_LEGS.name, 0), TP(ACTIVITIES.name, 0)
FETCHED = 5_000
"""Live calls that one fetch of Apache Kafka brings: a megabyte a partition."""


class HandingOver:
    """The worker's application without a broker, and what its loop hands over of one fetch."""

    def __init__(self, datadir: Path) -> None:
        steps: Any = [SimpleNamespace(topic=CALL_LEGS), SimpleNamespace(topic=ACTIVITIES)]
        self.app = make_app("127.0.0.1:1", steps, SimpleNamespace(), datadir=str(datadir))  # type: ignore[arg-type]
        self.app.finalize()
        self.streams = {name: agent.channel.clone(is_iterator=True) for name, agent in self.app.agents.items()}

    async def assign(self) -> None:
        self.app.flow_control.resume()
        for stream in self.streams.values():
            self.app.topics.add(stream)
        await self.app.topics._update_indices()
        await self.app.topics.on_partitions_assigned({LEGS, CALLS})
        self.app.consumer._active_partitions = {LEGS, CALLS}

    async def hand_over(self, *fetched: Message) -> None:
        consumer = self.app.consumer

        async def getmany(timeout: float) -> Any:
            for message in fetched:
                yield message.tp, message
            consumer._stopped.set()

        consumer.getmany = getmany
        never = SimpleNamespace(_stopped=SimpleNamespace(is_set=lambda: False))
        await asyncio.wait_for(consumer._drain_messages(never), 30)

    def waiting(self, place: TP) -> int:
        return int(self.streams[place.topic].queue.qsize())

    @property
    def fetches(self) -> set[TP]:
        """Partitions that are asked for more."""
        return set(self.app.consumer._active_partitions)


def message(place: TP, offset: int) -> Message:
    return Message(place.topic, place.partition, offset, 0.0, 0, None, None, b"{}", None, 0, 2, place)


def test_activities_come_through_while_nobody_takes_the_call_legs_of_the_same_fetch(tmp_path: Path) -> None:
    async def run() -> None:
        worker = HandingOver(tmp_path)
        await worker.assign()
        await worker.hand_over(*(message(LEGS, offset) for offset in range(FETCHED)), message(CALLS, 0))
        assert (worker.waiting(LEGS), worker.waiting(CALLS)) == (FETCHED, 1)
        assert worker.fetches == {CALLS}, "no more call-legs are fetched before their agent has taken some"
        for _ in range(FETCHED):
            await worker.streams[LEGS.topic].queue.get()
        assert worker.fetches == {LEGS, CALLS}

    asyncio.run(run())


def buffer(full_bytes: int = 100, full_frames: int = 10) -> Buffer:
    flow = FlowControlEvent()
    flow.resume()
    return Buffer(flow_control=flow, clear_on_resume=True, full_bytes=full_bytes, full_frames=full_frames)


class Partition:
    """Paused and let go on by a buffer."""

    def __init__(self, into: Buffer) -> None:
        self._buffer = into
        self.is_paused = False

    def put(self, size: int) -> None:
        event = SimpleNamespace(value=b"." * size)
        self._buffer.put_nowait_enhanced(event, on_pressure_high=self._pause, on_pressure_drop=self._go_on)

    def _pause(self) -> None:
        self.is_paused = True

    def _go_on(self) -> None:
        self.is_paused = False


def paused(*partitions: Partition) -> list[bool]:
    return [partition.is_paused for partition in partitions]


@pytest.mark.parametrize(
    ("size", "pauses_at", "goes_on_at"),
    [pytest.param(1, 10, 5, id="many small frames"), pytest.param(25, 4, 2, id="few large ones")],
)
def test_a_partition_pauses_where_the_buffer_is_full_and_goes_on_at_half(
    size: int, pauses_at: int, goes_on_at: int
) -> None:
    held = buffer()
    one, other = Partition(held), Partition(held)
    for _ in range(pauses_at):
        one.put(size)
    assert paused(one, other) == [False, False]
    one.put(size)
    other.put(size)
    assert paused(one, other) == [True, True]
    while held.qsize() > goes_on_at:
        held.get_nowait()
        assert paused(one, other) == [True, True]
    held.get_nowait()
    assert paused(one, other) == [False, False]


def test_a_rebalance_forgets_the_bytes_with_the_frames() -> None:
    held = buffer()
    partition = Partition(held)
    for _ in range(9):
        partition.put(20)
    held.clear()
    for _ in range(4):
        partition.put(25)
    assert held.qsize() == 4
    partition = Partition(held)
    held.get_nowait()
    partition.put(25)
    assert not partition.is_paused


class Stream:
    """A stream of Faust's whose events are these, and at `pauses` nothing more is there yet."""

    def __init__(self, frames: Sequence[bytes], pauses: Set[int] = frozenset()) -> None:
        self.enable_acks = True
        self.current_event: Any = None
        self._frames = frames
        self._empty_after = pauses | {len(frames)}
        self._given = 0
        self.channel = SimpleNamespace(queue=self)

    def empty(self) -> bool:
        return self._given in self._empty_after

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for frame in self._frames:
            self._given += 1
            self.current_event = SimpleNamespace(value=frame)
            yield frame


def chunked(stream: Stream) -> list[list[bytes]]:
    async def run() -> list[list[bytes]]:
        return [[event.value for event in chunk] async for chunk in chunks(stream, 0)]

    return asyncio.run(run())


def test_a_chunk_is_what_waits_and_ends_at_lines_bytes_or_frames() -> None:
    lines, large, small = b"x\n" * (CHUNK_LINES // 2 - 1) + b"x", b"." * CHUNK_BYTES, b"{}"
    frames = [lines, lines, large, small, small, lines, small, *[small] * CHUNK_FRAMES, small]
    assert chunked(Stream(frames)) == [
        [lines, lines],
        [large],
        [small, small, lines, *[small] * (CHUNK_FRAMES - 3)],
        [small] * 5,
    ]


def test_a_chunk_does_not_wait_for_what_is_not_there_yet_and_faust_acknowledges_nothing() -> None:
    stream = Stream([b"a", b"b", b"c", b"d"], pauses={1, 3})
    assert chunked(stream) == [[b"a"], [b"b", b"c"], [b"d"]]
    assert not stream.enable_acks
