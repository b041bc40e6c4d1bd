"""How records get from the Kafka consumer to the agents: a topic whose agent is slow never holds up another one.

Faust has one loop that hands records over, topic after topic, and it waits wherever a stream's buffer is full: what
came for the other topics waits as well. On Apache Kafka a fetch brings thousands of live calls at once, so `activities`
got nothing for minutes while `call-legs` was worked off. Here a buffer takes whatever was fetched, at most a fetch
beyond its bound, and fetching from its partitions pauses until it has room again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import faust
from mode.utils.queues import ThrowableQueue

FULL_BYTES = 16 << 20
FULL_FRAMES = 4_000
"""Fetching pauses from here on, and begins again at half of it. Small frames (a live call has one of its own) cost more
memory around them than in them."""

CHUNK_BYTES = 16 << 20
CHUNK_LINES = 16_000
CHUNK_FRAMES = 500
"""A chunk ends with the frame that reaches one of them. Live calls come one a frame, and 32 of them at a time, as once
was the rule, were settled more slowly than they came: every chunk asks a store that three workers share."""

GATHER_S = 0.05
"""How long the first frame of a chunk waits for others."""


class Buffer(ThrowableQueue[Any]):  # type: ignore[misc]  # mode has no types
    """What was fetched of one topic and is not taken by its agent yet. Never full: putting never waits."""

    def __init__(self, *args: Any, full_bytes: int = FULL_BYTES, full_frames: int = FULL_FRAMES, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._full_bytes = full_bytes
        self._full_frames = full_frames
        self._bytes = 0

    def full(self) -> bool:
        return False

    def in_pressure_high_state(self, callback: Callable[[], None]) -> bool:
        """Whether to pause the partition whose `callback` lets it go on; asked with each record."""
        if callback in self._pending_pressure_drop_callbacks:
            return False
        if self._bytes < self._full_bytes and self.qsize() < self._full_frames:
            return False
        self._pending_pressure_drop_callbacks.add(callback)
        return True

    def maybe_endorse_pressure_drop(self) -> None:
        """Let every paused partition go on, once there is room."""
        pending = self._pending_pressure_drop_callbacks
        if pending and self._bytes <= self._full_bytes // 2 and self.qsize() <= self._full_frames // 2:
            for go_on in pending:
                go_on()
            pending.clear()

    def clear(self) -> None:
        """Forget what was handed over before a rebalance: it is fetched again, by whoever has the partition now."""
        super().clear()
        self._bytes = 0

    def _put(self, item: Any) -> None:
        self._bytes += _size(item)
        super()._put(item)

    def _get(self) -> Any:
        item = super()._get()
        self._bytes -= _size(item)
        return item


def _size(event: Any) -> int:
    value = getattr(event, "value", None)
    return len(value) if isinstance(value, bytes) else 0


class App(faust.App):  # type: ignore[misc]  # nor has Faust
    """A Faust application whose streams have such buffers."""

    def FlowControlQueue(  # Faust's name
        self, maxsize: int | None = None, *, clear_on_resume: bool = False
    ) -> ThrowableQueue[Any]:
        return Buffer(maxsize or 0, flow_control=self.flow_control, clear_on_resume=clear_on_resume)


class Chunk:
    """Events that are settled together."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self._lines = 0
        self._bytes = 0

    def add(self, event: Any) -> None:
        value = event.value or b""
        self.events.append(event)
        self._lines += value.count(b"\n") + 1
        self._bytes += len(value)

    @property
    def is_full(self) -> bool:
        return self._lines >= CHUNK_LINES or self._bytes >= CHUNK_BYTES or len(self.events) >= CHUNK_FRAMES


async def chunks(stream: Any, gather_s: float = GATHER_S) -> AsyncIterator[list[Any]]:
    """The events of a stream in order, in chunks that are to be acknowledged one event after the other.

    A chunk is what waits when it begins, and what comes within `gather_s`. Faust's own `take` gathers for a time and
    no more, so on a machine that gives it few turns the chunks got smaller the more there was to do.
    """
    stream.enable_acks = False  # Faust would acknowledge an event when the next one is asked for
    waiting = stream.channel.queue
    chunk = Chunk()
    async for _ in stream:
        if stream.current_event is None:
            continue
        chunk.add(stream.current_event)
        if len(chunk.events) == 1 and waiting.empty():
            await asyncio.sleep(gather_s)
        if chunk.is_full or waiting.empty():
            yield chunk.events
            chunk = Chunk()
