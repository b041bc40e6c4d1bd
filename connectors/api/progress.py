"""How far a stream has come, and what it reads next. Pure: a clock is given, nothing is remembered here.

Invariant, for each order: every row of the stream that lies before the progress, now or ever, is in the journal. So a
checkpoint is written only behind the rows it speaks of, and a kill costs requests, never rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from connectors.api.adapter import Order, PulledRow, PullStream, PullWindow, SourceMapping
from connectors.api.limiter import DaySpent

BEGINNING = datetime(1990, 1, 1, tzinfo=UTC)
"""Before anything that a vendor of today has."""
SHORTEST_WINDOW = timedelta(minutes=1)
"""A window of a vendor's cap is halved down to this; a shorter one that is cut still ends the stream, with words."""


class StreamProgress(msgspec.Struct, frozen=True):
    """Of one stream. `since` is unused for streams that are read whole."""

    began: datetime
    """Where its history begins: asking for an earlier day begins there."""
    since: datetime
    """BY_TIME: every row with an earlier time is kept. BY_ID: as `began`."""
    until: datetime | None = None
    """BY_TIME: the end of the window that is being read; None when it is to be chosen."""
    cursor: str = ""
    """Where that window, or the open one of BY_ID, is read on."""
    span_s: float = 0.0
    """BY_TIME: how long a window the vendor gave whole last; 0: the stream's step."""
    settled_at: datetime | None = None
    """When the pass over what may have changed ended last."""
    done_at: datetime | None = None
    """When the stream was read to its end last."""


class PullState(msgspec.Struct, frozen=True):
    """The checkpoint of one source."""

    streams: dict[str, StreamProgress] = {}
    mapping: SourceMapping = SourceMapping()
    """With what streams were read; with another one the histories of those that depend on it are read again."""
    before: SourceMapping | None = None
    """With what they were read before that, until they have been."""
    import_id: str = ""
    """Of everything that is pulled into this source, by all processes: only so can a later one take a claim back."""
    spent: DaySpent = DaySpent()


def begin(begin_at: datetime, before: StreamProgress | None) -> StreamProgress:
    """Where the last process left off, or the beginning; an earlier beginning than ever begins there."""
    if before is not None and before.began <= begin_at:
        return before
    return StreamProgress(began=begin_at, since=begin_at)


def with_mapping(state: PullState, mapping: SourceMapping) -> PullState:
    """The state to begin with under these settings; `mapped_streams` of it begin anew where they differ."""
    if not state.streams or state.mapping == mapping:
        return msgspec.structs.replace(state, mapping=mapping)
    # A history that was not read to its end with the last mapping still holds records of the one before it.
    return msgspec.structs.replace(state, mapping=mapping, before=state.before or state.mapping)


def next_window(stream: PullStream, progress: StreamProgress, now: datetime) -> PullWindow:
    """What to read now."""
    if stream.order is not Order.BY_TIME:
        return PullWindow(progress.began, None)
    if progress.until is not None:
        return PullWindow(progress.since, progress.until)
    settled = now - stream.overlap
    left = settled - progress.since
    if left <= stream.overlap:
        return PullWindow(progress.since, None)
    step = min(stream.step, left)
    if progress.span_s:  # what was halved grows again, for months that are emptier
        step = min(step, timedelta(seconds=2 * progress.span_s))
    return PullWindow(progress.since, progress.since + step)


def after_page(progress: StreamProgress, window: PullWindow, cursor: str) -> StreamProgress:
    """Once a page of a closed window is delivered: it is read on from there. An open one is read from its beginning."""
    if window.until is None:
        return progress
    return msgspec.structs.replace(progress, until=window.until, cursor=cursor)


def after_window(
    stream: PullStream, progress: StreamProgress, window: PullWindow, began_at: datetime, floor: str
) -> StreamProgress:
    """Once all pages of a window are delivered; `began_at` is when its reading began, `floor` that of `floor_of`."""
    if stream.order is Order.WHOLE:
        return msgspec.structs.replace(progress, done_at=began_at)
    if stream.order is Order.BY_ID:
        return msgspec.structs.replace(progress, cursor=floor, done_at=began_at)
    if window.until is not None:
        span_s = (window.until - window.since).total_seconds()
        return msgspec.structs.replace(progress, since=window.until, until=None, cursor="", span_s=span_s)
    since = max(progress.since, began_at - stream.overlap)
    return msgspec.structs.replace(progress, since=since, until=None, cursor="", done_at=began_at)


def floor_of(rows: Iterable[PulledRow], old_before: datetime, floor: str) -> tuple[str, bool]:
    """The id up to which no row can appear any more, out of rows in order of their ids; and whether more may follow.

    A row that is younger than the overlap ends it: an id that was given before may not be readable yet. A row whose
    time cannot be read is as old as the one behind it.
    """
    for row in rows:
        if row.at is None:
            continue
        if row.at >= old_before:
            return floor, False
        floor = str(row.key)
    return floor, True


def halved(window: PullWindow, now: datetime) -> PullWindow | None:
    """The first half of a window whose rows the vendor cut off; None when it is as short as may be."""
    span = (now if window.until is None else window.until) - window.since
    if span / 2 < SHORTEST_WINDOW:
        return None
    return PullWindow(window.since, window.since + span / 2)


def settle_window(stream: PullStream, progress: StreamProgress, now: datetime) -> PullWindow | None:
    """What to read once more for rows that have changed since; None when that is not due or already read each time."""
    if not stream.settle or progress.done_at is None:
        return None
    if progress.settled_at is not None and now - progress.settled_at < stream.settle_every:
        return None
    return PullWindow(max(progress.began, now - stream.settle), now - stream.overlap)
