"""From the event loop into a feed's line: delivered means that Kafka has it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from connectors.live.line import MOST_WAITING, Line, moment
from schemas.records import FeedState, Record, Rejected

ACKNOWLEDGED_S = 20.0
"""How long a sender is kept waiting for Kafka; then it is told to come again."""
_BEHIND = timedelta(minutes=10)
"""How far the workers may be behind the wire with what they store."""
_MOST_KEPT = 50_000
_LOOK_S = 0.5


class NotTaken(Exception):
    """Kafka has not said that it has it: the sender must send it again, which is safe."""


class Sink:
    """One feed. Its coroutines run in one event loop; it is the `Door` of the feed's pump as well."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self._over = threading.Event()
        self._forgotten = threading.Event()
        self._kept: deque[tuple[int, Sequence[Record | Rejected]]] = deque()
        """What was acknowledged lately."""
        self._kept_items = 0
        self._taken: deque[asyncio.Future[None]] = deque()
        """Acknowledged, and not told yet."""
        self._waking = False
        self._lost_ns = 0
        """When the youngest of what was not kept long enough was acknowledged."""
        line.lost = self._forgotten.set

    def run(self, line: Line) -> None:
        """The feed's side of the pump: it is there until the listener has ended."""
        self._over.wait()

    def close(self) -> None:
        self._over.set()

    def listens(self) -> None:
        self.line.seen()
        self.line.state(FeedState.LIVE)

    async def put(self, items: Sequence[Record | Rejected]) -> None:
        """Return once Kafka has the items. Raises NotTaken when it is away, or too much waits for it already."""
        self.line.seen()
        if not items:
            return
        if self.line.waiting >= MOST_WAITING:
            raise NotTaken("too many records wait for Kafka")
        loop = asyncio.get_running_loop()
        taken: asyncio.Future[None] = loop.create_future()
        # Never blocks: this loop is the only one that delivers, and there is room.
        self.line.deliver(items, partial(self._tell, loop, taken))
        try:
            await asyncio.wait_for(taken, ACKNOWLEDGED_S)
        except TimeoutError:
            raise NotTaken(f"Kafka has not acknowledged it within {ACKNOWLEDGED_S:.0f} s") from None
        self._keep(items)

    def _keep(self, items: Sequence[Record | Rejected]) -> None:
        now = self.line.clock()
        self._kept.append((now, items))
        self._kept_items += len(items)
        oldest = now - int(_BEHIND.total_seconds() * 1e9)
        while self._kept and (self._kept[0][0] < oldest or self._kept_items > _MOST_KEPT):
            at, dropped = self._kept.popleft()
            self._kept_items -= len(dropped)
            self._lost_ns = at

    async def send_again(self) -> None:
        """A task of the loop: when the broker has forgotten what it had acknowledged, send that again.

        Nobody else can: the sender has its answer. What was kept too short is a gap.
        """
        while True:
            await asyncio.sleep(_LOOK_S)
            if not self._forgotten.is_set():
                continue
            self._forgotten.clear()
            now = self.line.clock()
            since = moment(now) - _BEHIND
            if moment(self._lost_ns) > since:
                words = "the broker was started anew and forgot more than was kept here: send this time again"
                await self._again([self.line.gap(since, moment(self._lost_ns), words)])
            for _, items in list(self._kept):
                await self._again(items)

    async def _again(self, items: Sequence[Record | Rejected]) -> None:
        while self.line.waiting >= MOST_WAITING:
            await asyncio.sleep(_LOOK_S)
        self.line.deliver(items)

    def _tell(self, loop: asyncio.AbstractEventLoop, taken: asyncio.Future[None]) -> None:
        """Runs in the pump's thread, perhaps after the listener has ended."""
        self._taken.append(taken)
        if not self._waking:  # one wake-up for all that a flush acknowledged: each is a write to a socket
            self._waking = True
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._waking = False  # before the last look: what is appended after it wakes again
        while self._taken:
            taken = self._taken.popleft()
            if not taken.done():
                taken.set_result(None)
