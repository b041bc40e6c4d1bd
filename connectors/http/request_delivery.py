"""From the event loop into a feed's queue: answered means that it is in the journal, on disk."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Sequence
from functools import partial

from connectors.live.delivery_queue import MOST_WAITING, DeliveryQueue
from schemas.records import FeedState, Record, Rejected

ACKNOWLEDGED_S = 20.0
"""How long a sender is kept waiting for the disk; then it is told to come again."""


class NotTaken(Exception):
    """It is not known to be kept: the sender must send it again, which is safe."""


class _Group:
    """Requests that came in one turn of the loop: they are delivered, acknowledged and told together."""

    def __init__(self) -> None:
        self.items: list[Record | Rejected] = []
        self.askers: list[asyncio.Future[bool]] = []
        """One for each request: whether its items are kept."""
        self.deadline: asyncio.TimerHandle | None = None

    def answer(self, taken: bool) -> None:
        for asker in self.askers:
            if not asker.done():
                asker.set_result(taken)


class RequestDelivery:
    """One feed. Its coroutines run in one event loop; it is the `Listener` of the feed's runner as well."""

    def __init__(self, queue: DeliveryQueue) -> None:
        self.queue = queue
        self._over = threading.Event()
        self._group = _Group()
        """What came in this turn of the loop, and is not delivered yet."""
        self._kept: deque[_Group] = deque()
        """In the journal, and not told yet."""
        self._waking = False

    def run(self, queue: DeliveryQueue) -> None:
        """The feed's side of the runner: it is there until the listener has ended."""
        self._over.wait()

    def close(self) -> None:
        self._over.set()

    def listens(self) -> None:
        self.queue.seen()
        self.queue.state(FeedState.LIVE)

    async def put(self, items: Sequence[Record | Rejected]) -> None:
        """Return once the items are on disk. Raises NotTaken when they cannot be kept now."""
        if not items:
            self.queue.seen()
            return
        if self.queue.held_up:
            raise NotTaken(self.queue.held_up)
        group = self._group
        if self.queue.unkept + len(group.items) >= MOST_WAITING:
            raise NotTaken("too many records wait for the disk")
        loop = asyncio.get_running_loop()
        if not group.askers:
            loop.call_soon(self._deliver)
        asker: asyncio.Future[bool] = loop.create_future()
        group.askers.append(asker)
        group.items += items
        if not await asker:
            raise NotTaken(f"it was not written to disk within {ACKNOWLEDGED_S:.0f} s")

    def _deliver(self) -> None:
        """The end of a turn. Never blocks: this loop is the only one that delivers, and there is room."""
        if not self._group.askers:
            return
        loop = asyncio.get_running_loop()
        group, self._group = self._group, _Group()
        group.deadline = loop.call_later(ACKNOWLEDGED_S, group.answer, False)
        self.queue.deliver(group.items, partial(self._answer, loop, group))

    def _answer(self, loop: asyncio.AbstractEventLoop, group: _Group) -> None:
        """Runs in the runner's thread, perhaps after the listener has ended."""
        self._kept.append(group)
        if not self._waking:  # one wake-up for all that a commit kept: each is a write to a socket
            self._waking = True
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._waking = False  # before the last look: what is appended after it wakes again
        while self._kept:
            group = self._kept.popleft()
            if group.deadline is not None:
                group.deadline.cancel()
            group.answer(True)
