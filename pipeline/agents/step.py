"""What an agent does with a chunk, without Faust: frames in, lines for other topics out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol, TypeVar

from pipeline.clock import Clock, as_datetime
from pipeline.version_clamp import clamp_versions, clock_error
from schemas.codec import BadLine, Codec, encode
from schemas.records import Reason, Record, Rejected
from schemas.topics import ACTIVITIES, REJECTED, Topic

R = TypeVar("R", bound=Record)


class Frame(NamedTuple):
    """The value of one Kafka record, and its origin `topic:partition:offset` for people."""

    value: bytes
    origin: str
    appended_ns: int | None = None
    """When Kafka got it, by Kafka's clock; None where only its sender's clock is known."""


class Outgoing(NamedTuple):
    """One line for a topic; the key chooses the partition."""

    topic: Topic
    key: str
    line: bytes


def _nothing() -> None:
    return None


class ChunkOutcome(NamedTuple):
    """A chunk that was decided and stored. `then` runs once everything in `outgoing` is on the wire."""

    outgoing: Iterable[Outgoing]
    then: Callable[[], None] = _nothing


class Step(Protocol):
    """Settles chunks of one topic. Blocks; runs in a thread of its own. Repeating a chunk changes nothing.

    Raises Transient (the same chunk again, later) or Terminal (stop the worker).
    """

    topic: Topic

    def settle_chunk(self, frames: Sequence[Frame]) -> ChunkOutcome: ...


def read_chunk(
    codec: Codec[R], topic: Topic, frames: Sequence[Frame], clock: Clock
) -> tuple[list[R], list[bytes], list[Outgoing]]:
    """Records, their bytes, and a Rejected for each line that failed to decode.

    A record whose version is in the future is kept, under an earlier version, and reported by a Rejected.
    """
    records: list[R] = []
    lines: list[bytes] = []
    rejected: list[Outgoing] = []
    ahead: dict[tuple[str, str], Rejected] = {}
    now = clock()
    for frame in frames:
        good, good_lines, bad = codec.read(frame.value)
        if topic.name not in _DECIDED:
            at = now if frame.appended_ns is None else frame.appended_ns
            for record in clamp_versions(good, good_lines, at):
                row = _version_reject(record, topic, frame.origin, at, now)
                ahead[row.source, row.import_id] = row
        records += good
        lines += good_lines
        rejected += [outgoing_reject(reject_line(line, topic, frame.origin, clock)) for line in bad]
    return records, lines, rejected + [outgoing_reject(row) for row in ahead.values()]


_DECIDED = {ACTIVITIES.name}
"""Agents' own decisions: their versions are above what they replace, and may be ahead because that was."""


def _version_reject(record: Record, topic: Topic, origin: str, at: int, now: int) -> Rejected:
    """The row that reports a version in the future: one for each import (session of a listener)."""
    source, import_id = getattr(record, "source", ""), getattr(record, "import_id", "")
    return Rejected(
        rejected_id=f"clock:{topic.name}:{source}:{import_id}",
        source=source,
        reason=Reason.VERSION_IN_FUTURE,
        field="version",
        detail=(
            f"the sender's clock is {clock_error(record, at)} ahead: the record is stored under the time at which Kafka"
            " received it, so that it can be corrected. Set that clock; `callfunnel doctor` compares clocks"
        ),
        payload=encode(record).decode("utf-8"),
        origin=origin,
        at=as_datetime(now),
        import_id=import_id,
        version=now,
    )


def lines_of(new: Iterable[tuple[int, R]], arrived: Sequence[R], lines: Sequence[bytes]) -> list[bytes]:
    """The lines to store of the new latest records: as they came, unless the record was given another version."""
    return [lines[index] if record is arrived[index] else encode(record) for index, record in new]


_MOST_PAYLOAD = 65_536


def reject_line(bad: BadLine, topic: Topic, origin: str, clock: Clock) -> Rejected:
    """A line of the wire that failed to decode, as a value."""
    now = clock()
    return Rejected(
        rejected_id=f"wire:{origin}:{hashlib.blake2b(bad.line, digest_size=8).hexdigest()}",
        source="",
        reason=Reason.UNKNOWN_WIRE_VERSION if bad.unknown_version else Reason.BAD_WIRE,
        detail=bad.why,
        payload=bad.line[:_MOST_PAYLOAD].decode("utf-8", "backslashreplace"),
        origin=origin,
        topic=topic.name,
        at=as_datetime(now),
        version=now,
    )


def outgoing_reject(rejected: Rejected) -> Outgoing:
    return Outgoing(REJECTED, REJECTED.key(rejected), encode(rejected))
