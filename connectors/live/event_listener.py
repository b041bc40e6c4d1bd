"""A listener to an exchange that tells of calls as they end and repeats nothing.

Every time in which some may have been lost is a gap: a reject (`feed_gap`), resolved once it was filled.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Generic, Protocol, TypeVar

import msgspec

from connectors.live.backoff import Backoff
from connectors.live.checkpoint import Checkpoint
from connectors.live.delivery_queue import DeliveryQueue, moment
from schemas.errors import Terminal, Transient
from schemas.records import FeedState, Record, Rejected

log = logging.getLogger("callfunnel.listen")

M = TypeVar("M")

Backfill = Callable[[datetime], Iterator[Sequence[Record | Rejected]]]
"""Reads the calls that ended since a moment from where they are kept, in batches. Raises Transient or Terminal."""

_LAST_FILL_S = 10.0
"""How long a listener that is asked to end waits for a database."""
_ALIVE_EVERY = timedelta(seconds=10)
_LONG = timedelta(seconds=5)
"""An exchange may drop who has not read its events for longer."""


class EventCheckpoint(msgspec.Struct, frozen=True):
    """The checkpoint: up to `at` the connection was there, and every event of it is in the journal."""

    at: datetime
    unfilled: datetime | None = None
    """Since when calls are to be read from the database yet."""


class EventSession(Protocol[M]):
    """One connection; use as a context. Raises Transient when the exchange is away, Terminal when it refuses."""

    def __enter__(self) -> EventSession[M]: ...

    def __exit__(self, *_: object) -> None: ...

    def read(self, within_s: float) -> Sequence[M]:
        """Messages that arrived within a time; none when there were none. Raises Transient."""

    @property
    def heard(self) -> bool:
        """The exchange has shown of late that it is there, whether anybody calls or not."""


class EventSource(Protocol[M]):
    """An exchange that tells of calls as they end."""

    archive: str
    """What to load for a time without it."""

    @property
    def where(self) -> str: ...

    def session(self) -> EventSession[M]: ...

    def items(self, messages: Sequence[M]) -> Sequence[Record | Rejected]:
        """What messages say of calls; one item for each that tells of one."""

    def learn(self, messages: Sequence[M]) -> str:
        """What to tell operations of the exchange's settings, "" for nothing. Raises Terminal when ours are wrong."""


class EventListener(Generic[M]):
    """Listens to one exchange: reconnects, delivers, reports gaps and has them filled."""

    def __init__(
        self,
        source: EventSource[M],
        checkpoint: Checkpoint[EventCheckpoint],
        backfill: Backfill | None = None,
        backoff: Backoff | None = None,
        look_s: float = 1.0,
    ) -> None:
        """`look_s` is how soon it sees that it is asked to end."""
        self._source = source
        self._checkpoint = checkpoint
        self._backfill = backfill
        self._backoff = backoff or Backoff()
        self._look_s = look_s
        self._alive: datetime | None = None
        """Up to when everything was received."""
        self._is_late = False
        """Nothing was read for long: whether all was kept for us is known once there is nothing more to read."""
        self._written: datetime | None = None
        self._advice = ""
        self._lock = threading.Lock()
        self._unfilled: list[datetime] = []
        """The beginnings of gaps that are being filled."""
        self._filling: threading.Thread | None = None

    def run(self, queue: DeliveryQueue) -> None:
        if (written := self._checkpoint.read()) is not None:
            self._alive = written.unfilled or written.at
        while not queue.stopping.is_set():
            try:
                with self._source.session() as session:
                    self._connected(queue)
                    self._listen(queue, session)
            except Transient as error:
                wait_s = self._backoff.next_s()
                queue.state(FeedState.AWAY, str(error))
                queue.wait(wait_s)
        if self._filling is not None:
            self._filling.join(_LAST_FILL_S)

    def _connected(self, queue: DeliveryQueue) -> None:
        self._backoff.succeeded()
        now = moment(queue.clock())
        if self._alive is not None:
            self._gap(queue, self._alive, now, "the connection was lost")
        self._alive = now
        self._is_late = False
        queue.seen()
        queue.state(FeedState.LIVE, self._advice)

    def _listen(self, queue: DeliveryQueue, session: EventSession[M]) -> None:
        """Until asked to end. Raises Transient when the connection is lost."""
        while not queue.stopping.is_set():
            messages = session.read(self._look_s)
            if items := self._source.items(messages):
                self._deliver(queue, items)
                self._advice = self._source.learn(messages)
                queue.state(FeedState.LIVE, self._advice)
            self._is_late = self._is_late and bool(messages)
            if messages or session.heard:
                self._lives(queue)
        if self._alive is not None:
            self._write_down(queue, self._alive)

    def _deliver(self, queue: DeliveryQueue, items: Sequence[Record | Rejected]) -> None:
        """Blocks while nothing can be kept, and the exchange is not read meanwhile."""
        before = moment(queue.clock())
        queue.deliver(items)
        if moment(queue.clock()) - before > _LONG:
            self._is_late = True

    def _lives(self, queue: DeliveryQueue) -> None:
        queue.seen()
        if self._is_late:
            return
        self._alive = now = moment(queue.clock())
        if self._written is None or now - self._written >= _ALIVE_EVERY:
            self._write_down(queue, now)

    def _write_down(self, queue: DeliveryQueue, now: datetime) -> None:
        self._written = now
        with self._lock:
            unfilled = min(self._unfilled, default=None)
        queue.deliver([], partial(self._checkpoint.write, EventCheckpoint(now, unfilled)))

    def _gap(self, queue: DeliveryQueue, since: datetime, until: datetime, why: str) -> None:
        what = f"{self._source.where}: {why}: calls that ended in between may be missing"
        more = "they are read from the database" if self._backfill else f"load {self._source.archive} of that time"
        queue.deliver([queue.gap(since, until, f"{what}; {more}")])
        if self._backfill is not None:
            with self._lock:
                self._unfilled.append(since)
            self._write_down(queue, until)
            filling = threading.Thread(target=self._fill, args=(queue, since, until, self._filling), daemon=True)
            filling.start()
            self._filling = filling

    def _fill(self, queue: DeliveryQueue, since: datetime, until: datetime, before: threading.Thread | None) -> None:
        """The body of a thread: an exchange drops who does not read its events while a database is asked.

        One gap after the other, each until it is filled.
        """
        if before is not None:
            before.join()
        backoff = Backoff()
        reported = False
        while not queue.stopping.is_set():
            try:
                if not self._read_back(queue, since):
                    return
            except Transient as error:
                if not reported:
                    reported = True
                    log.warning("%s: back-fill: %s; it is tried again until it answers", queue.name, error)
                queue.wait(backoff.next_s())
                continue
            except Terminal as error:
                log.error("%s: back-fill given up, the gap stays: %s", queue.name, error)
            else:
                queue.deliver([queue.gap(since, until, "read from the database since", resolved=True)])
            with self._lock:
                self._unfilled.remove(since)
            return

    def _read_back(self, queue: DeliveryQueue, since: datetime) -> bool:
        """Deliver what the database has; False when asked to end before that is done."""
        for items in self._backfill(since) if self._backfill else ():
            queue.deliver(items)
            if queue.stopping.is_set():
                return False
        return True
