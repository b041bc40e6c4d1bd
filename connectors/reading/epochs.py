"""Times as seconds since the epoch: they have no zone."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from connectors.reading.lengths import SPANS
from connectors.reading.rejects import Misread
from schemas.records import Reason

EARLIEST_S, LATEST_S = 631_152_000, 4_260_000_000
"""1990 to 2104: buckets hold 32 bits of seconds."""
NO_ZONE: tuple[tzinfo, str] = UTC, "times are seconds since the epoch: no zone is asked for"
"""What a source says of the zone of such times, whatever is given."""


def moment(text: str, field: str) -> datetime:
    """The moment of whole seconds since the epoch; raises Misread naming `field`."""
    if text.isdecimal() and 9 <= len(text) <= 10 and EARLIEST_S <= (seconds := int(text)) <= LATEST_S:
        return at(seconds)
    raise Misread(Reason.BAD_TIME, field, f"{text[:40]!r} is not a number of seconds since the epoch")


class _Hundreds(dict[int, datetime]):
    """Hundreds of seconds since the epoch to their moments: those of a file are few, and making one is slow."""

    def __missing__(self, hundred: int) -> datetime:
        if len(self) > 100_000:
            self.clear()
        moment = self[hundred] = datetime.fromtimestamp(hundred * 100, UTC)
        return moment


_HUNDREDS = _Hundreds()


def at(seconds: int) -> datetime:
    """The moment of seconds since the epoch that are within bounds."""
    return _HUNDREDS[seconds // 100] + SPANS[seconds % 100]
