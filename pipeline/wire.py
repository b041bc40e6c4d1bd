"""Lines on their way to Kafka, as frames: what agents publish."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Sequence

from aiokafka import AIOKafkaProducer

from pipeline.agents.step import Outgoing
from schemas.codec import FRAME_LINES
from schemas.kafka_errors import KafkaAway, kafka_errors
from schemas.partitions import partition_of

_FRAME_BYTES = 512 * 1024


class Wire:
    """A producer of frames. `send` returns when the broker has everything."""

    def __init__(self, bootstrap: str, prefix: str = "") -> None:
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._starting = asyncio.Lock()
        self._started: AIOKafkaProducer | None = None

    async def _producer(self) -> AIOKafkaProducer:
        """The producer, started on first use. Raises Transient when the broker does not answer."""
        async with self._starting:
            if self._started is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._bootstrap,
                    acks="all",
                    # A batch is one frame: Tansu's latest offset counts a batch as one record, and `load` relies on it.
                    max_batch_size=1,
                    max_request_size=4 << 20,
                )
                try:
                    with kafka_errors(f"{self._bootstrap} does not answer"):
                        await producer.start()
                except KafkaAway:
                    await _stop(producer)
                    raise
                self._started = producer
        return self._started

    async def stop(self) -> None:
        """Let go of the broker."""
        if self._started is not None:
            await _stop(self._started)

    async def send(self, outgoing: Sequence[Outgoing]) -> None:
        """Publish all lines. Raises Transient when one could not be; some may be on the wire already then."""
        producer = await self._producer()
        partitions = {name: await self._partitions(producer, name) for name in {line.topic.name for line in outgoing}}
        with kafka_errors("a frame was not taken"):
            sent = [
                await producer.send(self._prefix + name, frame, partition=partition)
                for (name, partition), lines in grouped(outgoing, partitions).items()
                for frame in frames(lines)
            ]
            await asyncio.gather(*sent)

    async def _partitions(self, producer: AIOKafkaProducer, name: str) -> int:
        with kafka_errors(f"topic {self._prefix + name}"):
            partitions = await producer.partitions_for(self._prefix + name)
        if not partitions:
            raise KafkaAway(f"kafka: topic {self._prefix + name} does not exist")
        return len(partitions)


async def _stop(producer: AIOKafkaProducer) -> None:
    with contextlib.suppress(KafkaAway), kafka_errors("a connection was not closed in order"):
        await producer.stop()


def grouped(outgoing: Iterable[Outgoing], partitions: dict[str, int]) -> dict[tuple[str, int], list[bytes]]:
    """Lines by (topic, partition), in order."""
    groups: dict[tuple[str, int], list[bytes]] = {}
    for topic, key, line in outgoing:
        groups.setdefault((topic.name, partition_of(key, partitions[topic.name])), []).append(line)
    return groups


def frames(lines: Sequence[bytes]) -> Iterable[bytes]:
    """Lines joined to frames of at most 500 lines and about half a megabyte."""
    for first in range(0, len(lines), FRAME_LINES):
        frame = b"\n".join(lines[first : first + FRAME_LINES])
        if len(frame) <= _FRAME_BYTES:
            yield frame
        else:
            yield from _smaller_frames(lines[first : first + FRAME_LINES])


def _smaller_frames(lines: Iterable[bytes]) -> Iterable[bytes]:
    """Line by line, for lines that are long."""
    frame: list[bytes] = []
    size = 0
    for line in lines:
        if frame and size + len(line) > _FRAME_BYTES:
            yield b"\n".join(frame)
            frame, size = [], 0
        frame.append(line)
        size += len(line) + 1
    yield b"\n".join(frame)
