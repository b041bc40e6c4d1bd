"""A door to a teller that runs in a thread, and what it sent."""

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
from tests.connectors.live.sinks import Broker, run_door

PATIENT = Patience(answer_s=60.0, ping_s=20.0)
"""Whatever the test is about: nobody knows when a busy machine lets the exchange speak."""
PINGS = Patience(answer_s=60.0, ping_s=1.0)
"""For tests of pings: an exchange that is there has three seconds to answer them."""

M = TypeVar("M")


class Opened:
    """A door that runs, and what it sent."""

    def __init__(self, line: DeliveryQueue, broker: Broker) -> None:
        self.line = line
        self.broker = broker
        self.failure: BaseException | None = None

    @property
    def gaps(self) -> list[Rejected]:
        return [one for one in self.broker.rejects if one.reason is Reason.FEED_GAP]

    @property
    def feed(self) -> Feed:
        return self.line.heartbeat()


@contextmanager
def opened(
    teller: Callable[[Callable[[], Context]], EventSource[M]],
    folder: Path,
    name: str,
    *,
    backfill: Backfill | None = None,
    tz: str = "Europe/Moscow",
) -> Iterator[Opened]:
    """`teller` is made of what gives the context; `name` is the door's."""
    line = DeliveryQueue("office", name, "s1")
    broker = Broker()
    opened = Opened(line, broker)

    def fresh() -> Context:
        return msgspec.structs.replace(context(tz), version=line.clock())

    with Checkpoint(folder, "office", name, EventCheckpoint) as checkpoint:
        door = EventListener(teller(fresh), checkpoint, backfill, Backoff(0.01, 0.05), look_s=0.05)

        def run() -> None:
            try:
                run_door(line, broker, door)
            except BaseException as failure:
                opened.failure = failure

        running = threading.Thread(target=run)
        running.start()
        try:
            yield opened
        finally:
            line.stopping.set()
            running.join(60)
        assert not running.is_alive()
