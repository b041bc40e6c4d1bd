"""What an agent does with a chunk, without Faust: frames in, lines for other topics out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol, TypeVar

from pipeline.clock import Clock, as_datetime
from schemas.codec import BadLine, Codec, encode
from schemas.records import Reason, Record, Rejected
from schemas.topics import REJECTED, Topic

R = TypeVar("R", bound=Record)


class Frame(NamedTuple):
    """The value of one Kafka record, and its place `topic:partition:offset` for people."""

    value: bytes
    place: str


class Outgoing(NamedTuple):
    """One line for a topic; the key chooses the partition."""

    topic: Topic
    key: str
    line: bytes


def _nothing() -> None:
    return None


class Settled(NamedTuple):
    """A chunk that was decided and stored. `then` runs once everything in `outgoing` is on the wire."""

    outgoing: Iterable[Outgoing]
    then: Callable[[], None] = _nothing


class Step(Protocol):
    """Settles chunks of one topic. Blocks; runs in a thread of its own. Repeating a chunk changes nothing.

    Raises Transient (the same chunk again, later) or Terminal (stop the worker).
    """

    topic: Topic

    def settle(self, frames: Sequence[Frame]) -> Settled: ...


def read_chunk(
    codec: Codec[R], topic: Topic, frames: Sequence[Frame], clock: Clock
) -> tuple[list[R], list[bytes], list[Outgoing]]:
    """Records, their bytes, and a Rejected for each line that is none."""
    records: list[R] = []
    lines: list[bytes] = []
    rejected: list[Outgoing] = []
    for frame in frames:
        good, good_lines, bad = codec.read(frame.value)
        records += good
        lines += good_lines
        rejected += [outgoing_reject(reject_line(line, topic, frame.place, clock)) for line in bad]
    return records, lines, rejected


_MOST_PAYLOAD = 65_536


def reject_line(bad: BadLine, topic: Topic, place: str, clock: Clock) -> Rejected:
    """A line of the wire that is no record, as a value."""
    now = clock()
    return Rejected(
        rejected_id=f"wire:{place}:{hashlib.blake2b(bad.line, digest_size=8).hexdigest()}",
        source="",
        reason=Reason.UNKNOWN_WIRE_VERSION if bad.unknown_version else Reason.BAD_WIRE,
        detail=bad.why,
        payload=bad.line[:_MOST_PAYLOAD].decode("utf-8", "backslashreplace"),
        origin=place,
        topic=topic.name,
        at=as_datetime(now),
        version=now,
    )


def outgoing_reject(rejected: Rejected) -> Outgoing:
    return Outgoing(REJECTED, REJECTED.key(rejected), encode(rejected))
