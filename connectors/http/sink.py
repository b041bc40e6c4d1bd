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


class _Group:
    """Requests that came in one turn of the loop: they are delivered, acknowledged and told together."""

    def __init__(self) -> None:
        self.items: list[Record | Rejected] = []
        self.askers: list[asyncio.Future[bool]] = []
        """One for each request: whether Kafka has its items."""
        self.deadline: asyncio.TimerHandle | None = None

    def tell(self, taken: bool) -> None:
        for asker in self.askers:
            if not asker.done():
                asker.set_result(taken)


class Sink:
    """One feed. Its coroutines run in one event loop; it is the `Door` of the feed's pump as well."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self._over = threading.Event()
        self._forgotten = threading.Event()
        self._kept: deque[tuple[int, Sequence[Record | Rejected]]] = deque()
        """What was acknowledged lately."""
        self._kept_items = 0
        self._group = _Group()
        """What came in this turn of the loop, and is not delivered yet."""
        self._taken: deque[_Group] = deque()
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
        if not items:
            self.line.seen()
            return
        group = self._group
        if self.line.waiting + len(group.items) >= MOST_WAITING:
            raise NotTaken("too many records wait for Kafka")
        loop = asyncio.get_running_loop()
        if not group.askers:
            loop.call_soon(self._deliver)
        asker: asyncio.Future[bool] = loop.create_future()
        group.askers.append(asker)
        group.items += items
        if not await asker:
            raise NotTaken(f"Kafka has not acknowledged it within {ACKNOWLEDGED_S:.0f} s")

    def _deliver(self) -> None:
        """The end of a turn. Never blocks: this loop is the only one that delivers, and there is room."""
        if not self._group.askers:
            return
        loop = asyncio.get_running_loop()
        group, self._group = self._group, _Group()
        group.deadline = loop.call_later(ACKNOWLEDGED_S, group.tell, False)
        self.line.deliver(group.items, partial(self._tell, loop, group))

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
        self._deliver()  # first, while there is the room that its requests were let in for
        while self.line.waiting >= MOST_WAITING:
            await asyncio.sleep(_LOOK_S)
            self._deliver()
        self.line.deliver(items)

    def _tell(self, loop: asyncio.AbstractEventLoop, group: _Group) -> None:
        """Runs in the pump's thread, perhaps after the listener has ended."""
        self._taken.append(group)
        if not self._waking:  # one wake-up for all that a flush acknowledged: each is a write to a socket
            self._waking = True
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._waking = False  # before the last look: what is appended after it wakes again
        while self._taken:
            group = self._taken.popleft()
            if group.deadline is not None:
                group.deadline.cancel()
            self._keep(group.items)
            group.tell(True)
