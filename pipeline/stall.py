"""Whether a worker has stalled: frames wait on its partitions, nobody is at work on them, and nothing moves.

faust-streaming is known to fall silent after idleness and rebalances (its issues 175, 306, 549 and 640). A fresh
process mends that and loses nothing, so a worker that has stalled says so and ends; its supervisor starts it again.

A busy worker has not stalled. A new process on a machine that is too busy makes it busier: its partitions move, what
was fetched is fetched again, and the next one is as late. So time counts only while the watch itself gets to run, and
a partition has more of it while the worker works on others.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Set
from typing import NamedTuple

from pipeline.transport import Transport
from schemas.errors import Transient

PATIENCE_S = 30.0
_WHILE_OTHERS_MOVE = 4
"""How many times the patience a partition has while the worker settles chunks of other topics."""
_OVERTAKEN = 200
"""Chunks of a topic that may be settled while one of its partitions, where frames wait, stands still. Frames of all
partitions come in turns and few are buffered, so a partition that is well is never passed over so often."""
_LOOKS = 6
"""How often to look within the patience."""
_LONGEST_PAUSES = 1.5
"""More than so many pauses between two looks are counted as so many."""

Partition = tuple[str, int]
"""(topic without prefix, partition)."""


class Snapshot(NamedTuple):
    """The state of a worker at one moment."""

    at: float
    """Seconds that the watch was awake."""
    waiting: Mapping[Partition, int]
    """Partitions of this worker where frames wait -> the offset consumed so far."""
    busy: Set[str]
    """Topics of which a chunk is being settled now, or tried again because the world is away."""
    settled: Mapping[str, int]
    """Topic -> chunks settled since the worker began."""


class Still(NamedTuple):
    """A partition where frames wait: what is consumed, and since when (and since which chunks) that stands still."""

    consumed: int
    since: float
    settled: int
    """Of its topic."""
    others: int
    """Of the other topics."""


def judge(
    before: Mapping[Partition, Still], snapshot: Snapshot, patience_s: float
) -> tuple[dict[Partition, Still], list[Partition]]:
    """(what stands still after this snapshot, the partitions that have stalled). Pure.

    A partition has stalled when frames wait there, nothing moved for `patience_s`, and its topic was not being settled
    or settled many chunks of other partitions meanwhile. While other topics move, the patience is some times longer.
    """
    after: dict[Partition, Still] = {}
    stalled = []
    everything = sum(snapshot.settled.values())
    for partition, consumed in snapshot.waiting.items():
        topic = partition[0]
        settled = snapshot.settled.get(topic, 0)
        others = everything - settled
        still = before.get(partition)
        if still is None or still.consumed != consumed:
            still = Still(consumed, snapshot.at, settled, others)
        elif topic in snapshot.busy and settled - still.settled < _OVERTAKEN:
            still = still._replace(since=snapshot.at, others=others)
        after[partition] = still
        longest_s = patience_s * (_WHILE_OTHERS_MOVE if others > still.others else 1)
        if snapshot.at - still.since >= longest_s:
            stalled.append(partition)
    return after, sorted(stalled)


class StallWatch:
    """Looks at the broker and the worker now and then.

    `mine` gives the worker's partitions, None while a rebalance goes on: one without end (seen with Tansu, when a
    member had left in the middle of it) is a stall as well, so everybody's frames count then. `seen` gives what is
    busy and settled.
    """

    def __init__(
        self,
        transport: Callable[[], Transport],
        topics: Iterable[str],
        mine: Callable[[], Set[Partition] | None],
        seen: Callable[[], tuple[Set[str], Mapping[str, int]]],
        patience_s: float = PATIENCE_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect = transport
        self._transport: Transport | None = None
        self._topics = tuple(topics)
        self._mine = mine
        self._seen = seen
        self._patience_s = patience_s
        self._monotonic = monotonic
        self._still: dict[Partition, Still] = {}
        self._awake_s = 0.0
        self._looked_at = monotonic()

    @property
    def pause_s(self) -> float:
        """How long to wait between two looks."""
        return self._patience_s / _LOOKS

    def check(self) -> str:
        """Look once; why the worker has stalled, "" when it has not. A broker that is away is not a stall."""
        self._count_time()
        try:
            waiting = self._waiting(self._mine())
        except Transient:
            self._still = {}
            return ""
        busy, settled = self._seen()
        self._still, stalled = judge(self._still, Snapshot(self._awake_s, waiting, busy, settled), self._patience_s)
        if not stalled:
            return ""
        names = ", ".join(f"{topic}:{partition}" for topic, partition in stalled)
        still_s = min(self._awake_s - self._still[partition].since for partition in stalled)
        return f"frames wait on {names}, nobody is at work on them, and nothing moved for {still_s:.0f} s"

    def _count_time(self) -> None:
        """A process that was frozen, or got no turn on a busy machine, has had no time to move anything."""
        now = self._monotonic()
        self._awake_s += min(now - self._looked_at, _LONGEST_PAUSES * self.pause_s)
        self._looked_at = now

    def _waiting(self, mine: Set[Partition] | None) -> dict[Partition, int]:
        """Partitions where frames wait -> consumed; of `mine`, or of all."""
        if self._transport is None:
            self._transport = self._connect()
        ends = self._transport.ends(self._topics)
        consumed = self._transport.consumed(self._topics)
        partitions = ends.keys() if mine is None else mine & ends.keys()
        return {
            partition: consumed.get(partition, 0)
            for partition in partitions
            if consumed.get(partition, 0) < ends[partition]
        }
