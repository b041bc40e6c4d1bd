"""A broker made of a list, which may be away, and may forget."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from schemas.records import CallLeg, Feed, Record, Rejected
from schemas.topics import Topic
from schemas.trouble import Transient


class Broker:
    """What arrived, acknowledged frame by frame. `fails` is how many of the next flushes go wrong."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.feeds: list[Feed] = []
        self.fails = 0
        self.away = False
        self.opened = 0
        self.asked = 0

    def outlet(self) -> Outlet:
        self.asked += 1
        if self.away:
            raise Transient("kafka: nobody answers")
        self.opened += 1
        return Outlet(self)

    @property
    def legs(self) -> list[CallLeg]:
        return [record for record in self.records if isinstance(record, CallLeg)]

    @property
    def rejects(self) -> list[Rejected]:
        return [record for record in self.records if isinstance(record, Rejected)]


class Outlet:
    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._sent: list[Record] = []

    def __enter__(self) -> Outlet:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def send(self, topic: Topic, record: Record) -> None:
        assert isinstance(record, topic.record)
        self._sent.append(record)

    def flush(self) -> None:
        if self._broker.away:
            raise Transient("kafka: a frame was not taken")
        # Half of what a failing flush held arrives all the same: nobody knows which.
        failing = self._broker.fails > 0
        for record in self._sent[:: 2 if failing else 1]:
            if isinstance(record, Feed):
                self._broker.feeds.append(record)
            else:
                self._broker.records.append(record)
        self._sent = []
        if failing:
            self._broker.fails -= 1
            raise Transient("kafka: a frame was not taken")


def until(true: Callable[[], object], within_s: float = 60.0) -> None:
    """Return once `true()`; fail when that takes too long."""
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.005)
