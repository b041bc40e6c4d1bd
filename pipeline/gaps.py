"""Gaps of live feeds: which a loaded file fills, and how those of late stand.

A file fills a gap when calls of its source began before the gap, and after it: it spans the time. That is all that a
file can prove. A call that the exchange did not write down is in no file either.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from pipeline.clock import Clock, as_datetime, wall_clock
from pipeline.store import Store, texts
from schemas.codec import encode
from schemas.gaps import gap_of
from schemas.records import Reason, Rejected

_MOST = 1_000
"""Gaps of one source that are open: the latest of them."""
_NAMED = 5
"""So many are listed one by one."""


class CallSpan(NamedTuple):
    """When the first and the last call of a file began."""

    first: datetime
    last: datetime

    def __str__(self) -> str:
        return f"{self.first:%Y-%m-%d %H:%M:%S} to {self.last:%Y-%m-%d %H:%M:%S} UTC"


def spanned(gaps: Iterable[Rejected], span: CallSpan) -> list[Rejected]:
    """Those whose whole time lies within a file's."""
    return [reject for reject in gaps if (gap := gap_of(reject)) and span.first <= gap.since and gap.until <= span.last]


def resolved_gap(gap: Rejected, by: str, now: int, import_id: str = "") -> Rejected:
    """The gap as resolved `by` what, at `now` (nanoseconds)."""
    version = max(now, gap.version + 1)
    changes = {"detail": f"filled by {by}", "at": as_datetime(now), "version": version}
    return msgspec.structs.replace(gap, resolved=1, resolved_by=import_id, **changes)


def fill(
    store: Store, source: str, span: CallSpan, by: str, import_id: str = "", clock: Clock = wall_clock
) -> list[Rejected]:
    """Resolve the open gaps of a source that a file spans; those it did. Raises Transient or Terminal.

    A gap whose report is still on the wire stays open: the next file that spans it fills it.
    """
    done = [resolved_gap(gap, by, clock(), import_id) for gap in spanned(_open_gaps(store, source), span)]
    store.keep("rejected", [encode(gap) for gap in done])
    return done


def _open_gaps(store: Store, source: str) -> list[Rejected]:
    return _gaps(store, f"source IN ({texts([source])}) AND resolved = 0", _MOST)


def latest_gaps(store: Store, since: datetime, most: int) -> Sequence[Rejected]:
    """Open and filled ones that were reported since a moment, newest first."""
    return _gaps(store, f"at >= toDateTime({int(since.timestamp())})", most)


def _gaps(store: Store, which: str, most: int) -> list[Rejected]:
    return store.rows(
        msgspec.json.Decoder(Rejected),
        f"SELECT * FROM rejected FINAL WHERE reason = '{Reason.FEED_GAP}' AND {which}"
        f" ORDER BY at DESC, rejected_id LIMIT {most}",
    )


def describe_gaps(gaps: Sequence[Rejected]) -> str:
    """How gaps stand, newest first as given: the open ones, and by what the others were filled; "" for none."""
    open_ = [gap for gap in gaps if not gap.resolved]
    others = [gap for gap in gaps if gap.resolved]
    parts = []
    if open_:
        listed = _listed([f"{_describe_gap(gap)}" for gap in open_])
        parts.append(f"{len(open_):,} open, to be filled by a file of the source that spans them: {listed}")
    if others:
        listed = _listed([f"{_describe_gap(gap)}, {gap.detail}" for gap in others])
        parts.append(f"{len(others):,} filled: {listed}")
    return "; ".join(parts)


def _describe_gap(gap: Rejected) -> str:
    return f"{gap.source} {gap.origin} {gap_of(gap) or gap.payload}"


def _listed(items: Sequence[str]) -> str:
    more = f"; and {len(items) - _NAMED:,} before" if len(items) > _NAMED else ""
    return "; ".join(items[:_NAMED]) + more
