"""Times as seconds since the epoch: they have no zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo

from connectors.rejects import Misread
from schemas.records import Reason

EARLIEST_S, LATEST_S = 631_152_000, 4_260_000_000
"""1990 to 2104: buckets hold 32 bits of seconds."""
NO_ZONE: tuple[tzinfo, str] = UTC, "times are seconds since the epoch: no zone is asked for"
"""What a source says of the zone of such times, whatever is given."""


def moment(text: str, field: str) -> datetime:
    """The moment of whole seconds since the epoch; raises Misread naming `field`."""
    if not re.fullmatch(r"\d{9,10}", text) or not EARLIEST_S <= int(text) <= LATEST_S:
        raise Misread(Reason.BAD_TIME, field, f"{text[:40]!r} is no number of seconds since the epoch")
    return datetime.fromtimestamp(int(text), UTC)
