"""Between a listener that reads and the runner that keeps: a bounded queue of deliveries, and the state of the feed."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from schemas.gaps import Gap
from schemas.records import Feed, FeedState, Reason, Record, Rejected

log = logging.getLogger("callfunnel.listen")

Clock = Callable[[], int]
"""Nanoseconds since the epoch, as versions are."""

MOST_WAITING = 10_000
"""Records that were received and are not in the journal yet: above it a listener waits. Bounds the memory."""

_AGAIN = "; it is tried again until it answers"


def moment(clock_ns: int) -> datetime:
    """The moment of a clock reading, to the millisecond."""
    return datetime.fromtimestamp(clock_ns // 1_000_000 / 1000, UTC)


def _nothing() -> None:
    return None


class DeliveryBatch(NamedTuple):
    """What a listener has received. `done` runs in the runner's thread once it and all before it are in the journal."""

    items: Sequence[Record | Rejected]
    done: Callable[[], None]
    received_ns: int


class DeliveryQueue:
    """One listener's queue. The listener's threads deliver and say how the source is; the runner takes and confirms."""

    def __init__(self, source: str, door: str, session: str, clock: Clock = time.time_ns) -> None:
        self.clock = clock
        self.name = f"{source} {door}"
        self.source = source
        self.door = door
        self.session = session
        self.stopping = threading.Event()
        """Set when the listener is asked to end."""
        self.changed: Callable[[], None] = _nothing
        """Called when there is news to tell."""
        self.held_up = ""
        """Why nothing can be kept now, "" when it can: what is delivered waits."""
        self._changed = threading.Condition()
        self._queue: deque[DeliveryBatch] = deque()
        self._unkept = 0
        """Records that were delivered and are not in the journal."""
        self._closed = False
        self._spoken = False
        now = clock()
        self._feed = Feed(
            source=source,
            door=door,
            session=session,
            state=FeedState.CONNECTING,
            started_at=moment(now),
            heartbeat_at=moment(now),
            version=now,
        )

    # The listener's side.

    def deliver(self, items: Sequence[Record | Rejected], done: Callable[[], None] = _nothing) -> None:
        """Hand over what was received. Blocks while too much waits to be kept; returns at once when stopping."""
        now = self.clock()
        with self._changed:
            self._changed.wait_for(lambda: self._unkept < MOST_WAITING or self.stopping.is_set())
            self._queue.append(DeliveryBatch(items, done, now))
            self._unkept += len(items)
            changes = {"last_event_at": moment(now), "seen_at": moment(now)} if items else {}
            self._change(waiting=self._feed.waiting + len(items), **changes)
            self._changed.notify_all()

    def counted(self, records: int, rejects: int) -> None:
        """Something was sent and stored by other means than this queue."""
        now = moment(self.clock())
        with self._changed:
            feed = self._feed
            self._change(records=feed.records + records, rejects=feed.rejects + rejects, last_event_at=now, seen_at=now)

    def seen(self) -> None:
        """The source is there: it answered."""
        with self._changed:
            self._change(seen_at=moment(self.clock()))

    def state(self, state: FeedState, detail: str = "") -> None:
        """How the listener stands to its source now; a change is logged, and told at once."""
        with self._changed:
            if (self._feed.state, self._feed.detail) == (state, detail):
                return
            self._change(state=state, detail=detail)
            self._spoken = False
        self.changed()
        log.log(
            logging.INFO if state in (FeedState.LIVE, FeedState.CONNECTING, FeedState.STOPPED) else logging.WARNING,
            "%s: %s%s",
            self.name,
            state.value,
            f": {detail}{_AGAIN if state is FeedState.AWAY else ''}" if detail else "",
        )

    def gap(self, since: datetime, until: datetime, why: str, *, resolved: bool = False) -> Rejected:
        """Events of a time may have been lost (or, `resolved`, were read elsewhere since): a reject to deliver."""
        now = self.clock()
        if not resolved:
            with self._changed:
                self._change(gaps=self._feed.gaps + 1)
            log.warning("%s: a gap from %s to %s: %s", self.name, since.isoformat(), until.isoformat(), why)
        return Rejected(
            rejected_id=f"gap:{self._feed.source}:{self._feed.door}:{since.isoformat()}",
            source=self._feed.source,
            reason=Reason.FEED_GAP,
            detail=why,
            payload=Gap(since, until).payload,
            origin=self._feed.door,
            at=moment(now),
            resolved=int(resolved),
            import_id=self._feed.session,
            version=now,
        )

    def wait(self, seconds: float) -> bool:
        """Sleep, unless asked to end meanwhile: then True."""
        return self.stopping.wait(seconds)

    def close(self) -> None:
        """Nothing more comes."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    # The runner's side.

    def take(self, within_s: float, most: int) -> list[DeliveryBatch]:
        """Deliveries of about `most` items, as soon as there are any; none when time is up or nothing more comes."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closed, within_s)
            taken: list[DeliveryBatch] = []
            items = 0
            while self._queue and (not taken or items + len(self._queue[0].items) <= most):
                taken.append(self._queue.popleft())
                items += len(taken[-1].items)
            return taken

    @property
    def ended(self) -> bool:
        """Everything was taken and nothing more comes."""
        with self._changed:
            return self._closed and not self._queue

    @property
    def unkept(self) -> int:
        """Records that were received and are not in the journal."""
        with self._changed:
            return self._unkept

    def kept(self, deliveries: Sequence[DeliveryBatch]) -> None:
        """They are in the journal: count them, and let the listener go on."""
        items = sum(len(delivery.items) for delivery in deliveries)
        rejects = sum(isinstance(item, Rejected) for delivery in deliveries for item in delivery.items)
        with self._changed:
            feed = self._feed
            self._unkept -= items
            self._change(records=feed.records + items - rejects, rejects=feed.rejects + rejects)
            self._changed.notify_all()
        for delivery in deliveries:
            delivery.done()

    # The forwarder's side.

    @property
    def news(self) -> bool:
        """The state changed since it was told last."""
        with self._changed:
            return not self._spoken

    @property
    def waiting(self) -> int:
        """Records that Kafka has not acknowledged."""
        with self._changed:
            return self._feed.waiting

    def forwarded(self, records: int, received_ns: int) -> None:
        """Kafka has acknowledged so many records that were received then."""
        with self._changed:
            lag_ms = max(0, self.clock() - received_ns) // 1_000_000
            self._change(waiting=self._feed.waiting - records, lag_ms=lag_ms)

    def heartbeat(self) -> Feed:
        """What to tell of this feed now."""
        now = self.clock()
        with self._changed:
            self._spoken = True
            self._change(heartbeat_at=moment(now), version=now)
            return self._feed

    def _change(self, **changes: object) -> None:
        self._feed = msgspec.structs.replace(self._feed, **changes)
