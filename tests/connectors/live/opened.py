"""A listener to an event source that runs in a thread, and what it sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from connectors.live.backoff import Backoff
from connectors.live.checkpoint import Checkpoint
from connectors.live.delivery_queue import DeliveryQueue
from connectors.live.event_listener import Backfill, EventCheckpoint, EventListener, EventSource
from connectors.live.talk import Patience
from connectors.reading.source import Context
from schemas.records import Feed, Reason, Rejected
from tests.connectors.conftest import context
from tests.connectors.live.sinks import Broker, run_listener

PATIENT = Patience(answer_s=60.0, ping_s=20.0)
"""Whatever the test is about: nobody knows when a busy machine lets the exchange speak."""
PINGS = Patience(answer_s=60.0, ping_s=1.0)
"""For tests of pings: an exchange that is there has three seconds to answer them."""

M = TypeVar("M")


class Opened:
    """A listener that runs, and what it sent."""

    def __init__(self, queue: DeliveryQueue, broker: Broker) -> None:
        self.queue = queue
        self.broker = broker
        self.failure: BaseException | None = None

    @property
    def gaps(self) -> list[Rejected]:
        return [one for one in self.broker.rejects if one.reason is Reason.FEED_GAP]

    @property
    def feed(self) -> Feed:
        return self.queue.heartbeat()


@contextmanager
def opened(
    event_source: Callable[[Callable[[], Context]], EventSource[M]],
    folder: Path,
    name: str,
    *,
    backfill: Backfill | None = None,
    tz: str = "Europe/Moscow",
) -> Iterator[Opened]:
    """`event_source` is made of what gives the context; `name` is the listener's."""
    queue = DeliveryQueue("office", name, "s1")
    broker = Broker()
    opened = Opened(queue, broker)

    def fresh() -> Context:
        return msgspec.structs.replace(context(tz), version=queue.clock())

    with Checkpoint(folder, "office", name, EventCheckpoint) as checkpoint:
        listener = EventListener(event_source(fresh), checkpoint, backfill, Backoff(0.01, 0.05), look_s=0.05)

        def run() -> None:
            try:
                run_listener(queue, broker, listener)
            except BaseException as failure:
                opened.failure = failure

        running = threading.Thread(target=run)
        running.start()
        try:
            yield opened
        finally:
            queue.stopping.set()
            running.join(60)
        assert not running.is_alive()
