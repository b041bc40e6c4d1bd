"""Into the broker. The embedded one holds all that was ever sent, until a new one takes its place."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Protocol

from connectors.sender import Ends, FrameSender
from pipeline.embedded.gate import Gate
from pipeline.embedded.part import resident_bytes
from pipeline.endpoints import Endpoints, read_running
from pipeline.storage_wait import Position
from pipeline.transport import Transport, wait_until_stored
from schemas.codec import encode
from schemas.records import Record
from schemas.topics import Topic

_RECORD_BYTES = 500
"""What the broker holds of a record, with all that follows from it (`bench.load`)."""
_SEGMENT_SHARE = 4
"""A segment is this part of what the broker may hold."""
_IDLE_S = 180.0
_ROOM_WITHIN_S = 60.0


class GatedSender:
    """A FrameSender into the embedded broker: inside the gate from the first record until it is acknowledged."""

    def __init__(self, sender: FrameSender, data: Path) -> None:
        self._sender = sender
        self._gate = Gate(data)
        self._is_inside = False

    def __enter__(self) -> GatedSender:
        return self

    def __exit__(self, *why: object) -> None:
        self._sender.__exit__(*why)
        self._gate.close()

    def send(self, topic: Topic, record: Record) -> None:
        self.send_line(topic, topic.key(record), encode(record))

    def send_line(self, topic: Topic, key: str, line: bytes) -> None:
        if not self._is_inside:
            self._gate.enter()
            self._is_inside = True
        self._sender.send_line(topic, key, line)

    def flush(self) -> Ends:
        try:
            return self._sender.flush()
        finally:
            self._is_inside = False
            self._gate.leave()


def live_sender(endpoints: Endpoints, delivery_s: float) -> FrameSender | GatedSender:
    """A new connection for what comes now. Raises Transient."""
    frames = FrameSender(endpoints.kafka, endpoints.prefix, delivery_s=delivery_s)
    return GatedSender(frames, Path(endpoints.data)) if endpoints.data else frames


def send_once(endpoints: Endpoints, topic: Topic, records: Iterable[Record]) -> Ends:
    """Send records to one topic, inside the gate; where they end, once the broker has them. Raises Transient."""
    with FrameSender(endpoints.kafka, endpoints.prefix) as sender:
        for record in records:
            sender.send(topic, record)
        return sender.flush()


class Waiting(Protocol):
    """Called while something is waited for."""

    def storing(self, position: Position) -> None: ...

    def note(self, message: str) -> None: ...

    def check(self) -> None:
        """Called while waiting; raises Trouble when it is in vain."""


class Segments:
    """Records of a load, sent and stored: at once on servers, a segment at a time with the embedded broker.

    Use as a context. Raises Transient when the broker does not answer, or is not the one it was.
    """

    def __init__(self, endpoints: Endpoints, waiting: Waiting) -> None:
        self._endpoints = endpoints
        self._waiting = waiting
        self._data = Path(endpoints.data) if endpoints.data else None
        self._gate = Gate(self._data) if self._data else None
        self._most = _segment(self._data) if self._data else 0
        """Records of a segment; 0 when all is one."""
        self._count = 0

    def __enter__(self) -> Segments:
        self._begin()
        return self

    def __exit__(self, *why: object) -> None:
        self._sender.__exit__(*why)
        if self._gate:
            self._gate.close()

    def send(self, topic: Topic, record: Record) -> None:
        if self._most and self._count >= self._most:
            self.store()
            self._sender.__exit__()
            self._make_room()
            self._begin()
        self._sender.send(topic, record)
        self._count += 1

    def store(self) -> None:
        """Return once everything that was sent is stored, and all that follows from it."""
        ends = self._sender.flush()
        with closing(Transport(self._endpoints)) as transport:
            wait_until_stored(
                transport,
                ends,
                self._topic_ids,
                idle_s=_IDLE_S,
                check=self._waiting.check,
                progress=self._waiting.storing,
            )

    def _begin(self) -> None:
        """A segment: the broker stays the one it is until it is stored."""
        if self._gate:
            self._gate.enter()
        self._count = 0
        with closing(Transport(self._endpoints)) as transport:
            self._topic_ids = transport.topic_ids()
        self._sender = FrameSender(self._endpoints.kafka, self._endpoints.prefix)

    def _make_room(self) -> None:
        """Let the supervisor change a broker that holds much. Others who send may keep it from doing so: then go on."""
        if self._gate and self._data:
            self._gate.leave()
            wait_for_room(self._data, self._waiting)


def _segment(data: Path) -> int:
    running = read_running(data)
    return running.broker_bytes // _RECORD_BYTES // _SEGMENT_SHARE if running else 0


def wait_for_room(
    data: Path,
    waiting: Waiting,
    *,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Return once the embedded broker holds little, or when it could not be changed in time. Others may send now."""
    until = monotonic() + _ROOM_WITHIN_S
    reported = False
    while (held := _held_above(data)) and monotonic() < until:
        if not reported:
            waiting.note(f"the broker holds {held / 1e6:,.0f} MB: a new one takes its place, which takes seconds")
            reported = True
        waiting.check()
        sleep(0.2)
    if held:
        waiting.note("others send all the time: it goes on with the broker as it is")


def _held_above(data: Path) -> int:
    """Bytes that the broker holds, when it is so much that a new one is due; else 0."""
    running = read_running(data)
    if running is None:
        return 0
    resident = resident_bytes(running.parts["broker"]) or 0
    return resident if resident > running.broker_bytes else 0
