"""A time in which a live feed may have missed calls: the payload of a `feed_gap` reject."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from schemas.records import Reason, Rejected


class Gap(NamedTuple):
    """Since when, and until when; both are known to have been heard."""

    since: datetime
    until: datetime

    @property
    def payload(self) -> str:
        return f"{self.since.isoformat()}/{self.until.isoformat()}"

    def __str__(self) -> str:
        """For people, to the second."""
        return f"{self.since:%Y-%m-%d %H:%M:%S} to {self.until:%Y-%m-%d %H:%M:%S} UTC"


def gap_of(reject: Rejected) -> Gap | None:
    """The time that a reject tells of; None when it tells of none, or of one that cannot be."""
    if reject.reason is not Reason.FEED_GAP:
        return None
    since, _, until = reject.payload.partition("/")
    try:
        gap = Gap(datetime.fromisoformat(since), datetime.fromisoformat(until))
    except ValueError:
        return None
    has_zones = gap.since.tzinfo is not None and gap.until.tzinfo is not None
    return gap if has_zones and gap.since <= gap.until else None
