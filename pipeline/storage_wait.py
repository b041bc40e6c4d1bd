"""Whether what was sent is stored, and all that follows from it: generation by generation. Pure.

An agent acknowledges what it consumed once it has stored it and published what follows. So when everything that was
sent to one stage is consumed, what follows stands in the topics of the next ones: where those end at that moment is
what to wait for next.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

Partition = tuple[str, int]
"""(topic without prefix, partition)."""

Offsets = Mapping[Partition, int]
"""-> offset."""

# Stored once each row of this list is consumed, in order: what one row's agents publish is in later rows.
STAGES = (
    ("managers", "organisations", "stage-changes", "plans", "calendar-days", "absences"),
    ("call-legs", "proposals"),
    ("call-legs",),  # a call has the CRM's notes of it decided again
    ("activities",),
    ("rejected",),
)


class Position(msgspec.Struct, frozen=True):
    """Of some topics: frames that the workers have consumed, and frames there are."""

    consumed: int
    there: int

    @property
    def lag(self) -> int:
        return self.there - self.consumed


class StorageWait(msgspec.Struct, frozen=True):
    """What is waited for: the stage, and where its partitions have to be consumed up to (None: nobody looked yet)."""

    sent: Offsets
    stage: int = 0
    ends: Offsets | None = None

    @property
    def topics(self) -> tuple[str, ...]:
        """To look at next; none when everything is stored."""
        return STAGES[self.stage] if self.stage < len(STAGES) else ()

    @property
    def is_over(self) -> bool:
        return not self.topics


def advance(waiting: StorageWait, ends: Offsets, consumed: Offsets) -> tuple[StorageWait, Position]:
    """(what is waited for after a look at the partitions of `waiting.topics`, how far they were)."""
    wanted = waiting.ends
    if wanted is None:
        sent = {partition: end for partition, end in waiting.sent.items() if partition[0] in waiting.topics}
        wanted = sent | {partition: max(end, sent.get(partition, 0)) for partition, end in ends.items()}
    position = Position(
        sum(min(consumed.get(partition, 0), end) for partition, end in wanted.items()), sum(wanted.values())
    )
    if position.lag:
        return StorageWait(waiting.sent, waiting.stage, wanted), position
    return StorageWait(waiting.sent, waiting.stage + 1), position


def is_lost(waiting: StorageWait, begins: Offsets, ends: Offsets, acknowledged: Offsets) -> bool:
    """The broker has not what it had acknowledged to us: its log ends before, or begins after what nobody consumed."""
    return any(
        ends.get(partition, end) < end or (begins.get(partition, 0) >= end and acknowledged.get(partition, 0) < end)
        for partition, end in waiting.sent.items()
        if end and partition[0] in waiting.topics
    )
