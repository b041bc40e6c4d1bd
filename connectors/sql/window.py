"""Which rows to read next from a table that has no order of arrival. Pure.

A row carries the start of its call and is written when the call ends, so it appears late by the length of the call,
among rows that were read long ago. What is known is a bound: no call is longer than `overlap`. So everything that
started earlier than `overlap` ago is there already, and nothing else can be relied on. All times are the table's own
wall time.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

_TURNED_BACK = timedelta(hours=1)
"""How far clocks are turned back at most: a call that begins behind that moment has an earlier wall time."""


class Slice(NamedTuple):
    """Rows that start in [since, until); None: all that start later."""

    since: datetime
    until: datetime | None


def settled(now: datetime, overlap: timedelta, zone: tzinfo) -> datetime:
    """The wall time before which no row can appear any more: a call of at most `overlap` that ends from now on."""
    return (now - overlap).astimezone(zone).replace(tzinfo=None, fold=0) - _TURNED_BACK


def next_slice(since: datetime, settled_before: datetime, step: timedelta) -> Slice:
    """What to read next: a slice of `step` of what is settled; where that ends, all the rest, to be read again later.

    Invariant: every row that starts before `since`, now or ever, was delivered. It holds for `Slice.until` once a
    slice was read, and for `settled_before` once the rest was.
    """
    until = since + step
    return Slice(since, until if until < settled_before else None)


def read_to(done: Slice, settled_before: datetime) -> datetime:
    """The next `since`, once all rows of a slice were delivered; `settled_before` is that of before the reading."""
    return max(done.since, settled_before) if done.until is None else done.until


def skip_to(since: datetime, first_start: datetime | None, settled_before: datetime) -> datetime:
    """The next `since` when the first row that starts from `since` on starts at `first_start` (None: there is none)."""
    return max(since, min(first_start or settled_before, settled_before))
