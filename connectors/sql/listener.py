"""The SQL listener: a table of call records, polled again and again with an overlap longer than the longest call."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import msgspec

from connectors.live.backoff import Backoff
from connectors.live.checkpoint import Checkpoint
from connectors.live.delivery_queue import DeliveryQueue
from connectors.sql.reading import Open, TableReader
from connectors.sql.window import Slice, next_slice, read_to, settled, skip_to
from schemas.errors import Terminal, Transient
from schemas.records import FeedState

STEP = timedelta(hours=6)


class Polled(msgspec.Struct, frozen=True):
    """The checkpoint: every row that starts before `since` (wall time of the table) is in the journal, or was."""

    since: datetime
    began: datetime
    """Where the back-fill began."""


class PollOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to poll."""

    overlap: timedelta
    every_s: float
    begin: datetime | None = None
    """Back-fill from this wall time on; None: from now."""


class SqlListener:
    """Polls one table. Rows that were sent and are as they were are not sent again while they are remembered."""

    def __init__(
        self,
        table: Open,
        wanted: PollOptions,
        checkpoint: Checkpoint[Polled],
        *,
        backoff: Backoff | None = None,
    ) -> None:
        """`table` is asked for at every poll, so a database that is away at the start is waited for too."""
        self._table = table
        self._backoff = backoff or Backoff()
        self._wanted = wanted
        self._checkpoint = checkpoint
        self._polled: Polled | None = None
        self._known: set[bytes] = set()
        """Digests of rows that were delivered and will be read again."""

    def run(self, queue: DeliveryQueue) -> None:
        while not queue.stopping.is_set():
            try:
                reader = self._table()
                self._poll(queue, reader)
            except Transient as error:
                queue.state(FeedState.AWAY, str(error))
                queue.wait(self._backoff.next_s())
                continue
            self._backoff.succeeded()
            queue.seen()
            queue.state(FeedState.LIVE, self._advice(reader))
            queue.wait(self._wanted.every_s)

    def _begin(self, reader: TableReader) -> Polled:
        """Where the last process left off, or where to begin. Asking for an earlier day than ever begins there."""
        written = self._checkpoint.read()
        begin = self._wanted.begin
        if written is not None and (begin is None or begin >= written.began):
            return written
        begin = begin or self._settled(reader)
        return Polled(begin, begin)

    def _settled(self, reader: TableReader) -> datetime:
        return settled(reader.now(), self._wanted.overlap, reader.shape.zone)

    def _poll(self, queue: DeliveryQueue, reader: TableReader) -> None:
        """Read what may be new. How far that is gets written down once the rows are kept."""
        polled = self._polled or self._begin(reader)
        settled_before = self._settled(reader)
        part = Slice(polled.since, polled.since)
        while part.until is not None:
            part = next_slice(polled.since, settled_before, STEP)
            seen: set[bytes] = set()
            for items in reader.read(part, self._known, seen):
                queue.deliver(items)
                if queue.stopping.is_set():
                    return
            since = read_to(part, settled_before)
            if part.until is not None and not seen:
                since = skip_to(since, reader.first_from(since), settled_before)
            self._polled = polled = Polled(since, polled.began)
            queue.deliver([], partial(self._checkpoint.write, polled))
            self._known = seen if part.until is None else self._known

    def _advice(self, reader: TableReader) -> str:
        longest = reader.longest
        if longest <= self._wanted.overlap:
            return ""
        return (
            f"a call of {longest} was read, longer than --overlap {self._wanted.overlap}: raise it, or such calls are"
            " missed"
        )


_MOST_OVERLAP_H = 24 * 31


def overlap_of(hours: float) -> timedelta:
    """The overlap of so many hours. Raises Terminal when it cannot cover a call."""
    if not 0 < hours <= _MOST_OVERLAP_H:
        raise Terminal(f"--overlap must be longer than the longest call, and at most {_MOST_OVERLAP_H} hours: 4, say")
    return timedelta(hours=hours)
