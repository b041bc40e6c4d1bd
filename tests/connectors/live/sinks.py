"""A broker made of a list, which may be away, and may forget; and a listener run through a journal into it."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import msgspec

from connectors.live.backoff import Backoff
from connectors.live.delivery_queue import DeliveryQueue
from connectors.live.feed_runner import FeedRunner, Listener
from connectors.live.forwarder import Ends, Forwarder
from connectors.live.journal import Journal
from schemas.errors import Transient
from schemas.kafka_errors import Forgotten
from schemas.records import CallLeg, Feed, Record, Rejected
from schemas.topics import Topic


class Broker:
    """What arrived, acknowledged frame by frame. `fails` is how many of the next flushes go wrong."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.feeds: list[Feed] = []
        self.fails = 0
        self.away = False
        self.opened = 0
        self.connects = 0
        self.name = "a"
        """Another one is another broker, which has nothing."""
        self.stores = True
        """The workers have stored what is here."""

    def sink(self) -> ListSink:
        self.connects += 1
        if self.away:
            raise Transient("kafka: nobody answers")
        self.opened += 1
        return ListSink(self)

    # The workers' side.

    def wire(self) -> object:
        return self.name

    def follow(self, sent: Ends, wire: object) -> Callable[[], bool]:
        def is_stored() -> bool:
            if self.away:
                raise Transient("kafka: nobody answers")
            if self.name != wire:
                raise Forgotten("the broker was started anew")
            return self.stores

        return is_stored

    def close(self) -> None: ...

    @property
    def legs(self) -> list[CallLeg]:
        return [record for record in self.records if isinstance(record, CallLeg)]

    @property
    def rejects(self) -> list[Rejected]:
        return [record for record in self.records if isinstance(record, Rejected)]


class ListSink:
    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._sent: list[Record] = []

    def __enter__(self) -> ListSink:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def send_line(self, topic: Topic, key: str, line: bytes) -> None:
        record = msgspec.json.decode(line, type=topic.record)
        assert topic.key(record) == key
        self._sent.append(record)

    def flush(self) -> Mapping[tuple[str, int], int]:
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
        return {("call-legs", 0): len(self._broker.records)}


def run_listener(
    queue: DeliveryQueue,
    broker: Broker,
    listener: Listener,
    *,
    beside: Sequence[tuple[DeliveryQueue, Listener]] = (),
    journal: Path | None = None,
    heartbeat_s: float = 0.05,
) -> None:
    """Run a listener as its command does: through a journal on disk (one that is kept, where it is named), until it has
    ended and everything it delivered is stored. Raises what the listener raised.
    """
    with tempfile.TemporaryDirectory() as folder:
        kept = Journal(journal or Path(folder) / "test.journal")
        over = threading.Event()
        queues = [queue, *(one for one, _ in beside)]
        quick = Backoff(0.001, 0.01)
        forwarder = Forwarder(
            kept, broker.sink, broker, queues, heartbeat_s=heartbeat_s, look_s=0.005, backoff=Backoff(0.001, 0.01)
        )
        threads = [threading.Thread(target=forwarder.run, args=(over.is_set,))]
        threads += [
            threading.Thread(target=FeedRunner(one, kept, backoff=quick).run, args=(feed,)) for one, feed in beside
        ]
        for thread in threads:
            thread.start()
        try:
            FeedRunner(queue, kept, backoff=quick).run(listener)
        finally:
            for one, _ in beside:
                one.stopping.set()
            for thread in threads[1:]:
                thread.join()
            until(lambda: not kept.records and not any(one.news for one in queues))
            over.set()
            forwarder.wake()
            threads[0].join()
            kept.close()


def until(true: Callable[[], object], within_s: float = 60.0) -> None:
    """Return once `true()`; fail when that takes too long."""
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.005)
