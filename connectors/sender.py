"""Records on their way to Kafka, as frames, through kafka-python: batched, compressed, acknowledged by all replicas."""

from __future__ import annotations

import logging
from collections import deque
from typing import Any

from kafka import KafkaProducer

from schemas.codec import FRAME_LINES, encode
from schemas.errors import Transient
from schemas.kafka_errors import kafka_errors
from schemas.partitions import partition_of
from schemas.records import Record
from schemas.topics import Topic

log = logging.getLogger("callfunnel.listen")

_FRAME_BYTES = 512 * 1024
_MOST_IN_FLIGHT = 64
"""Frames that were sent and are not acknowledged yet: bounds the memory of a sender."""

Ends = dict[tuple[str, int], int]
"""(topic without its prefix, partition) -> the offset behind the last record sent there."""


class FrameSender:
    """Sends records in frames of their partition. Use as a context; `flush` returns once the broker has everything."""

    def __init__(self, bootstrap: str, prefix: str = "", *, delivery_s: float = 60.0) -> None:
        self._prefix = prefix
        self._frames: dict[tuple[str, int], list[bytes]] = {}
        self._sizes: dict[tuple[str, int], int] = {}
        self._partitions: dict[str, int] = {}
        self._in_flight: deque[tuple[tuple[str, int], Any]] = deque()
        self._ends: Ends = {}
        with kafka_errors(f"{bootstrap} does not answer"):
            self._producer = KafkaProducer(
                bootstrap_servers=bootstrap,
                acks="all",
                compression_type="lz4",
                # A batch is one frame: Tansu's latest offset counts a batch as one record, and waiting relies on it.
                batch_size=0,
                max_request_size=4 << 20,
                metrics_enabled=False,  # nobody reads them: a twelfth of a live listener's cost of sending
                delivery_timeout_ms=int(delivery_s * 1000),
                request_timeout_ms=int(delivery_s * 500),
                max_block_ms=int(delivery_s * 1000),
                bootstrap_timeout_ms=5000,
            )

    def __enter__(self) -> FrameSender:
        return self

    def __exit__(self, *_: object) -> None:
        """Never raises: what `flush` returned is acknowledged, whatever the client says of its end."""
        try:
            with kafka_errors("a connection was not closed in order"):
                self._producer.close(timeout=5)
        except Transient as error:
            log.debug("%s", error)

    def send(self, topic: Topic, record: Record) -> None:
        """Put a record into its frame; full frames are sent. May block while many are in flight. Raises Transient."""
        self.send_line(topic, topic.key(record), encode(record))

    def send_line(self, topic: Topic, key: str, line: bytes) -> None:
        """The same for a record that is a line of the wire already, and for what keys it."""
        name = topic.name
        partitions = self._partitions.get(name) or self._count_partitions(name)
        partition = (name, partition_of(key, partitions))
        frame = self._frames.get(partition)
        if frame is None:
            self._frames[partition], self._sizes[partition] = [line], len(line)
            return
        frame.append(line)
        self._sizes[partition] += len(line)
        if len(frame) >= FRAME_LINES or self._sizes[partition] > _FRAME_BYTES:
            self._send_frame(partition)

    def flush(self) -> Ends:
        """Send what is left; where everything ends, once acknowledged. Raises Transient when something was not."""
        for partition in list(self._frames):
            self._send_frame(partition)
        while self._in_flight:
            self._acknowledged()
        return dict(self._ends)

    def _count_partitions(self, name: str) -> int:
        with kafka_errors(f"topic {self._prefix + name}"):
            partitions = self._producer.partitions_for(self._prefix + name)
        if not partitions:
            raise Transient(f"kafka: topic {self._prefix + name} does not exist")
        self._partitions[name] = len(partitions)
        return len(partitions)

    def _send_frame(self, partition: tuple[str, int]) -> None:
        lines = self._frames.pop(partition)
        del self._sizes[partition]
        if len(self._in_flight) >= _MOST_IN_FLIGHT:
            self._acknowledged()
        with kafka_errors(f"a frame for {partition[0]} was not taken"):
            sent = self._producer.send(self._prefix + partition[0], value=b"\n".join(lines), partition=partition[1])
        self._in_flight.append((partition, sent))

    def _acknowledged(self) -> None:
        """Wait for the oldest frame in flight."""
        partition, sent = self._in_flight.popleft()
        with kafka_errors(f"a frame for {partition[0]} was not taken"):
            offset = sent.get().offset
        self._ends[partition] = max(self._ends.get(partition, 0), offset + 1)
