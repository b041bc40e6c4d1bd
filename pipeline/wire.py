"""Lines on their way to Kafka, as frames: what agents publish."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from pipeline.agents.step import Outgoing
from schemas.codec import FRAME_LINES
from schemas.partitions import partition_of
from schemas.trouble import Transient

_FRAME_BYTES = 512 * 1024


class Wire:
    """A producer of frames. `send` returns when the broker has everything."""

    def __init__(self, bootstrap: str, prefix: str = "") -> None:
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap, acks="all", linger_ms=5, max_batch_size=1 << 20, max_request_size=4 << 20
        )
        self._prefix = prefix

    async def start(self) -> None:
        await self._producer.start()

    async def stop(self) -> None:
        await self._producer.stop()

    async def send(self, outgoing: Iterable[Outgoing]) -> None:
        """Publish all lines. Raises Transient when one could not be; some may be on the wire already then."""
        partitions = {}
        for name in {line.topic.name for line in outgoing}:
            partitions[name] = len(await self._producer.partitions_for(self._prefix + name))
        try:
            sent = [
                await self._producer.send(self._prefix + name, frame, partition=partition)
                for (name, partition), lines in grouped(outgoing, partitions).items()
                for frame in frames(lines)
            ]
            await asyncio.gather(*sent)
        except KafkaError as error:
            raise Transient(f"kafka: {error}") from error


def grouped(outgoing: Iterable[Outgoing], partitions: dict[str, int]) -> dict[tuple[str, int], list[bytes]]:
    """Lines by (topic, partition), in order."""
    groups: dict[tuple[str, int], list[bytes]] = {}
    for topic, key, line in outgoing:
        groups.setdefault((topic.name, partition_of(key, partitions[topic.name])), []).append(line)
    return groups


def frames(lines: list[bytes]) -> Iterable[bytes]:
    """Lines joined to frames of at most 500 lines and about half a megabyte."""
    frame: list[bytes] = []
    size = 0
    for line in lines:
        if frame and (len(frame) == FRAME_LINES or size + len(line) > _FRAME_BYTES):
            yield b"\n".join(frame)
            frame, size = [], 0
        frame.append(line)
        size += len(line) + 1
    if frame:
        yield b"\n".join(frame)
