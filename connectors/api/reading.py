"""One stream being read: which window, which request next, what of an answer is new. Holds no connection."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from connectors.api.adapter import (
    ApiRequest,
    FreshContext,
    Order,
    PulledPage,
    PulledRow,
    PullStream,
    PullWindow,
    Reader,
)
from connectors.api.progress import (
    SHORTEST_WINDOW,
    StreamProgress,
    after_page,
    after_window,
    floor_of,
    halved,
    next_window,
    settle_window,
)
from connectors.live.backoff import Backoff
from connectors.reading.rejects import Misread
from schemas.codec import encode
from schemas.records import Record, Rejected

_MOST_REMEMBERED = 1_000_000
_MOST_WAIT = timedelta(minutes=15)
"""For a report that a vendor makes: then it is ordered anew."""
_WAKE_EVERY = timedelta(seconds=10)
_LONG_WAIT = timedelta(minutes=2)
Items = list[Record | Rejected]


class StreamFault(Exception):
    """The stream cannot go on until somebody mends something; the message says what. Others go on."""


class StreamReading:
    """Ask `request` for what to send; give what came to `receive`, which yields what to deliver after each page."""

    def __init__(self, stream: PullStream, progress: StreamProgress, context: FreshContext, due: datetime) -> None:
        self.stream = stream
        self.progress = progress
        self.due = due
        """When it is asked next."""
        self.fault = ""
        self.notes: tuple[str, ...] = ()
        self.waits_for = ""
        """The limit that it waits for, for people; "" when it waits for none."""
        self.latest: datetime | None = None
        """The latest time of a row that was read: how far a history has come."""
        self.backoff = Backoff(2.0, 300.0)
        self._context = context
        self._reader: Reader | None = None
        self._request: ApiRequest | None = None
        self._window = PullWindow(progress.since, None)
        self._is_settling = False
        self._began_at = due
        self._cursor = ""
        self._floor, self._floor_grows = "", True
        self._known: dict[int | str, tuple[bytes, datetime | None]] = {}
        """Rows that were delivered and will be read again: key or name -> (digest of what it gave, its time)."""
        self._not_ready_since: datetime | None = None
        self._has_changed = False
        """Something changed while it is read: what was read before may lack it."""

    def request(self, now: datetime) -> ApiRequest:
        """What to send now: the same one until `receive` was called. Raises StreamFault."""
        if self._request is None:
            self._open(now)
        assert self._request is not None
        return self._request

    def receive(self, answer: object, now: datetime) -> Iterator[Items]:
        """What is new, page by page; `progress` is that of behind it. Raises StreamFault."""
        reader = self._reader
        assert reader is not None
        self._request = self._not_ready_since = None
        try:
            step = reader.send(answer)
            while isinstance(step, PulledPage):
                if step.is_cut:
                    self._halve(now)
                    return
                yield self._page(step, now)
                if step.is_last:
                    self._close(now)
                    return
                step = next(reader)
        except Misread as misread:
            self.forget()
            raise StreamFault(f"{self.stream.name}: {misread.bad.detail}: the vendor's API has changed") from None
        except StopIteration:
            raise StreamFault(f"{self.stream.name}: its last page was not marked: an error of the program") from None
        self._request = step

    def ends(self, fault: str, again: datetime) -> None:
        """It cannot go on; it is tried again then, from its last cursor."""
        self.fault, self.due = fault, again
        self.backoff.succeeded()
        self.forget()

    def wake(self, now: datetime, *, is_away: bool) -> None:
        """Something changed: it is read at once, or once more when what is being read has been.

        Not more often than every so many seconds, and not while the server has trouble or the stream has ended: it is
        read again then anyway.
        """
        if self.fault or is_away or self.backoff.waits:
            return
        if self._reader is not None:
            self._has_changed = True
        else:
            self.due = min(self.due, max(now, self._began_at + _WAKE_EVERY))

    def forget(self) -> None:
        """Begin what is being read once more, from its last cursor."""
        self._reader = self._request = self._not_ready_since = None

    def is_waiting_too_long(self, now: datetime) -> bool:
        """Told of each answer that says that a report is not made yet."""
        self._not_ready_since = self._not_ready_since or now
        return now - self._not_ready_since > _MOST_WAIT

    def report_note(self, now: datetime) -> str:
        """For people, while a report takes long."""
        since = self._not_ready_since
        if since is None or now - since < _LONG_WAIT:
            return ""
        return f"{self.stream.name}: the vendor is making a report since {since:%H:%M} UTC"

    def _open(self, now: datetime) -> None:
        settle = settle_window(self.stream, self.progress, now) if self.progress.until is None else None
        self._is_settling = settle is not None
        self._window = (settle or next_window(self.stream, self.progress, now))._replace(now=now)
        self._cursor = "" if self._is_settling else self.progress.cursor
        self._began_at = now
        self._has_changed = False
        self._floor, self._floor_grows = self.progress.cursor, True
        self._reader = self.stream.read(self._window, self._cursor, self._context)
        first = next(self._reader)
        if isinstance(first, PulledPage):
            raise StreamFault(f"{self.stream.name}: a page before any request: an error of the program")
        self._request = first

    def _page(self, page: PulledPage, now: datetime) -> Items:
        self._check(page)
        self.notes = page.notes
        self._cursor = page.cursor
        fresh: Items = []
        for row in page.rows:
            if self._is_new(row):
                fresh += row.items
            if row.at is not None:
                self.latest = max(row.at, self.latest or row.at)
        if self._is_settling:
            return fresh
        if self.stream.order is Order.BY_ID:
            if self._floor_grows:
                old = self._began_at - self.stream.overlap
                self._floor, self._floor_grows = floor_of(page.rows, old, self._floor)
            self.progress = msgspec.structs.replace(self.progress, cursor=self._floor)
        else:
            self.progress = after_page(self.progress, self._window, page.cursor)
        return fresh

    def _is_new(self, row: PulledRow) -> bool:
        """Whether it gives something else than the last time; remembered where it will be read again."""
        digest, key = _digest(row), row.key or row.name
        known = self._known.get(key)
        if known is not None and known[0] == digest:
            return False
        is_recent = row.at is None or row.at >= self._again_from
        if key and is_recent and (known is not None or len(self._known) < _MOST_REMEMBERED):
            self._known[key] = (digest, row.at)
        return True

    @property
    def _again_from(self) -> datetime:
        """Rows of earlier times are not read again."""
        return self._began_at - max(self.stream.overlap, self.stream.settle)

    def _check(self, page: PulledPage) -> None:
        """That the vendor did as asked: where it ignores a filter the whole history comes, or one page for ever."""
        name, window, slack = self.stream.name, self._window, self.stream.slack
        last = int(self._cursor) if self.stream.order is not Order.WHOLE and self._cursor.isdecimal() else 0
        for row in page.rows:
            if row.at is not None and (row.at < window.since - slack or _is_behind(row.at, window, slack)):
                raise StreamFault(
                    f"{name}: a row of {row.at.isoformat()} came for {window.since.isoformat()} to"
                    f" {window.until.isoformat() if window.until else 'now'}: the server ignores the filter by time"
                )
            if row.key and self.stream.order is not Order.WHOLE:
                if row.key <= last:
                    raise StreamFault(f"{name}: row {row.key} came after {last}: the server ignores the order by id")
                last = row.key

    def _close(self, now: datetime) -> None:
        """A window was read to its end."""
        self._reader = None
        if self._is_settling:
            self.progress = msgspec.structs.replace(self.progress, settled_at=self._began_at)
            self._forget_old()
            self.due = now
            return
        self.progress = after_window(self.stream, self.progress, self._window, self._began_at, self._floor)
        if self._window.until is None:
            self._forget_old()
            self.due = now + (_WAKE_EVERY if self._has_changed else self.stream.every)

    def _forget_old(self) -> None:
        """Rows that are not read again need not be known."""
        again_from = self._again_from
        self._known = {key: one for key, one in self._known.items() if one[1] is None or one[1] >= again_from}

    def _halve(self, now: datetime) -> None:
        self.forget()
        settled = now - self.stream.overlap
        if self._window.until is None and settled - self._window.since < SHORTEST_WINDOW:
            # What is this young may still get rows: it is read once it is old enough to be read for good.
            self.due = now + self.stream.overlap
            return
        half = halved(self._window, min(now, settled) if self._window.until is None else now)
        if half is None:
            raise StreamFault(
                f"{self.stream.name}: more rows within {self._window.since.isoformat()} and a minute than the vendor"
                " gives: load an export of that time"
            )
        if self._is_settling:  # the pass is long, and read as the history is
            self.progress = msgspec.structs.replace(self.progress, settled_at=now)
        half_s = {"since": half.since, "until": half.until, "cursor": "", "span_s": 0.0}
        self.progress = msgspec.structs.replace(self.progress, **half_s)

    @property
    def is_in_history(self) -> bool:
        """It has not come to the present yet."""
        return self.progress.done_at is None


def _is_behind(at: datetime, window: PullWindow, slack: timedelta) -> bool:
    return window.until is not None and at >= window.until + slack


def _digest(row: PulledRow) -> bytes:
    """Of what a row gives, whenever it was read."""
    whole = hashlib.blake2b(digest_size=16)
    for item in row.items:
        changes: dict[str, object] = {"version": 0, "import_id": ""}
        if isinstance(item, Rejected):
            changes["at"] = datetime.fromtimestamp(0, item.at.tzinfo)
        whole.update(encode(msgspec.structs.replace(item, **changes)) + b"\n")
    return whole.digest()
