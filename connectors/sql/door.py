"""The SQL door: a table of call records, polled again and again with an overlap longer than the longest call."""

from __future__ import annotations

import csv
import hashlib
import io
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

import msgspec

from connectors.asterisk import clock as asterisk_clock
from connectors.live.backoff import Backoff
from connectors.live.checkpoint import Checkpoint
from connectors.live.line import Line
from connectors.rejects import Misread, reject
from connectors.source import Context
from connectors.sql.database import Database
from connectors.sql.shapes import AsteriskCdr, Shape
from connectors.sql.window import Slice, next_slice, read_to, settled, skip_to
from schemas.records import CallLeg, FeedState, Record, Rejected
from schemas.trouble import Terminal, Transient

STEP = timedelta(hours=6)
_TRAIL_S = 3600.0
"""A broker that was started anew lost at most what its workers had not stored: they are never an hour behind."""
_MOST_REMEMBERED = 1_000_000
_FEWEST_PROOFS, _MOST_PROOFS = 20, 2_000


class Polled(msgspec.Struct, frozen=True):
    """The checkpoint: every row that starts before `since` (wall time of the table) is in Kafka."""

    since: datetime
    began: datetime
    """Where the back-fill began."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What to poll, and how."""

    table: str
    overlap: timedelta
    every_s: float
    begin: datetime | None = None
    """Back-fill from this wall time on; None: from now."""


class SqlDoor:
    """Polls one table. Rows that were sent and are as they were are not sent again while they are remembered."""

    def __init__(
        self,
        database: Database,
        wanted: Wanted,
        shape: Shape,
        checkpoint: Checkpoint[Polled],
        context: Callable[[], Context],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`context` gives the context of what is read next, with a new version each time."""
        self._database = database
        self._wanted = wanted
        self._shape = shape
        self._checkpoint = checkpoint
        self._context = context
        self._monotonic = monotonic
        self._known: set[bytes] = set()
        """Digests of rows that were delivered and will be read again."""
        self._forget = threading.Event()
        self._trail: deque[tuple[float, datetime]] = deque()
        """(when, since) of the last hour."""
        self._longest = timedelta()
        self._polled: Polled | None = None

    def run(self, line: Line) -> None:
        line.lost = self._forget.set
        backoff = Backoff()
        while not line.stopping.is_set():
            try:
                self._poll(line)
            except Transient as trouble:
                line.state(FeedState.AWAY, str(trouble))
                line.wait(backoff.next_s())
                continue
            backoff.succeeded()
            line.seen()
            line.state(FeedState.LIVE, self._advice())
            line.wait(self._wanted.every_s)
        self._database.close()

    def _begin(self) -> Polled:
        """Where the last process left off, or where to begin. Asking for an earlier day than ever begins there."""
        written = self._checkpoint.read()
        begin = self._wanted.begin
        if written is not None and (begin is None or begin >= written.began):
            return written
        begin = begin or settled(self._database.now(), self._wanted.overlap, self._shape.zone)
        return Polled(begin, begin)

    def _poll(self, line: Line) -> None:
        """Read what may be new. How far that is gets written down once Kafka has the rows."""
        polled = self._from(self._polled or self._begin())
        self._remember(polled.since)
        settled_before = settled(self._database.now(), self._wanted.overlap, self._shape.zone)
        part = Slice(polled.since, polled.since)
        while part.until is not None:
            part = next_slice(polled.since, settled_before, STEP)
            seen: set[bytes] = set()
            rows = 0
            for items in self._read(part, seen):
                rows += len(items)
                line.deliver(items)
                if line.stopping.is_set():
                    return
            since = read_to(part, settled_before)
            if part.until is not None and not rows:
                since = skip_to(since, self._first_from(since), settled_before)
            self._polled = polled = Polled(since, polled.began)
            line.deliver([], partial(self._checkpoint.write, polled))
            self._remember(since)
            self._known = seen if part.until is None else self._known

    def _first_from(self, since: datetime) -> datetime | None:
        """When the first row from `since` on starts."""
        shape = self._shape
        first = self._database.first(self._wanted.table, shape.start, shape.bound(since))
        return None if first is None else shape.wall(first)

    def _from(self, polled: Polled) -> Polled:
        """Where to go on: further back when the broker may have forgotten what it had."""
        if not self._forget.is_set():
            return polled
        self._forget.clear()
        self._known = set()
        return Polled(min((since for _, since in self._trail), default=polled.since), polled.began)

    def _read(self, part: Slice, seen: set[bytes]) -> Iterator[Sequence[Record | Rejected]]:
        """New rows of a slice as legs and rejects; the digests of all its rows go to `seen`."""
        shape, table = self._shape, self._wanted.table
        start = shape.columns.index(shape.start)
        bounds = (shape.bound(part.since), None if part.until is None else shape.bound(part.until))
        for batch in self._database.rows(table, shape.columns, shape.start, bounds):
            context = self._context()
            make = shape.maker(context, f"sql {table}")
            items: list[Record | Rejected] = []
            for row in batch:
                cells = shape.texts(row)
                digest = hashlib.blake2b("\x1f".join(cells).encode("utf-8", "surrogateescape"), digest_size=16).digest()
                if digest not in self._known:
                    items.append(self._item(make, cells, cells[start], context))
                if len(seen) < _MOST_REMEMBERED:
                    seen.add(digest)
            yield items

    def _item(
        self, make: Callable[[list[str], str], CallLeg], cells: list[str], place: str, context: Context
    ) -> CallLeg | Rejected:
        try:
            leg = make(list(cells), place)
        except Misread as misread:
            return reject(misread.bad, as_csv(cells), place, f"sql {self._wanted.table}", context)
        self._longest = max(self._longest, leg.ended_at - leg.started_at)
        return leg

    def _remember(self, since: datetime) -> None:
        now = self._monotonic()
        self._trail.append((now, since))
        while now - self._trail[0][0] > _TRAIL_S and len(self._trail) > 1:
            self._trail.popleft()

    def _advice(self) -> str:
        if self._longest <= self._wanted.overlap:
            return ""
        return (
            f"a call of {self._longest} was read, longer than --overlap {self._wanted.overlap}: raise it, or such calls"
            " are missed"
        )


def as_csv(cells: Sequence[str]) -> str:
    """A row as a line of CSV, to be mended by hand."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()


def check_zone(database: Database, table: str, shape: Shape, since: datetime) -> str:
    """Why the zone fits the table's rows, in words. Raises Terminal when the epochs in uniqueid say another."""
    if not isinstance(shape, AsteriskCdr) or shape.proves is None:
        return "the zone cannot be checked: no uniqueid"
    rows = database.sample(table, shape.proves, shape.start, shape.bound(since), _MOST_PROOFS)
    samples = [(start, uniqueid) for start, uniqueid in map(shape.texts, rows)]
    proof = asterisk_clock.prove(samples, "ymd")
    if proof.rows < _FEWEST_PROOFS:
        return f"{proof.rows} rows with an epoch in uniqueid: too few to check the zone"
    return asterisk_clock.check_zone(proof, samples, "ymd", shape.zone, f"table {table}")


def overlap_of(hours: float) -> timedelta:
    """The overlap of so many hours. Raises Terminal when it cannot cover a call."""
    if hours <= 0:
        raise Terminal("--overlap must be longer than the longest call: 4 (hours), say")
    return timedelta(hours=hours)
