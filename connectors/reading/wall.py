"""Wall time, as exchanges write it, to UTC."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

from connectors.reading.rejects import Misread
from schemas.records import Reason

PARTS = re.compile(r"\s*(\d{1,4})[-/.](\d{1,4})[-/.](\d{1,4})[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*")
DATE = re.compile(
    r"\s*(\d{4}-\d\d?-\d\d?|\d{4}/\d\d?/\d\d?|\d\d?[./]\d\d?[./]\d{2,4})[ T]\d\d?:\d\d(:\d\d(\.\d+)?)?\s*"
)
SECONDS = {f"{second:02d}": timedelta(seconds=second) for second in range(60)}
"""Of the two digits behind `2026-11-02 09:00:`."""
EARLIEST, LATEST = 1990, 2104  # buckets hold 32 bits of seconds, to 2106


def _no_epoch(_: str) -> None:
    return None


def wall(text: str, order: str, field: str = "") -> datetime:
    """A naive wall time from its text; raises Misread. `order` is ymd, dmy or mdy; ISO is known by its first year."""
    found = PARTS.fullmatch(text)
    if found is None:
        raise Misread(Reason.BAD_TIME, field, f"{text[:40]!r} is not a date and time")
    first, second, third = found.group(1), found.group(2), found.group(3)
    if len(first) == 4:
        year, month, day = first, second, third
    else:
        year = third if len(third) == 4 else f"20{third}"
        day, month = (first, second) if order != "mdy" else (second, first)
    try:
        moment = datetime(
            int(year), int(month), int(day), int(found.group(4)), int(found.group(5)), int(found.group(6) or 0)
        )
    except ValueError as error:
        raise Misread(Reason.BAD_TIME, field, f"{text!r}: {error}") from None
    if not EARLIEST <= moment.year <= LATEST:
        raise Misread(Reason.BAD_TIME, field, f"{text!r} is not between {EARLIEST} and {LATEST}")
    return moment


class WallClock:
    """Texts of wall time to UTC, fast: whole minutes are remembered."""

    def __init__(self, zone: tzinfo, order: str, epoch_of: Callable[[str], int | None] = _no_epoch) -> None:
        self._zone = zone
        self._order = order
        self._epoch_of = epoch_of
        self._minutes: dict[str, datetime | None] = {}

    def utc(self, text: str, uniqueid: str, field: str = "") -> datetime:
        """The moment of a wall time; the epoch in the row's id settles an hour that a change of clocks repeats.

        Raises Misread naming `field`.
        """
        if (minute := self._minutes.get(text[:-2])) and (second := SECONDS.get(text[-2:])) is not None:
            return minute + second
        return self._slow(text, uniqueid, field)

    def written(self, text: str) -> str:
        """The wall time as ISO text, however the file writes it."""
        return wall(text, self._order).isoformat()

    def _slow(self, text: str, uniqueid: str, field: str) -> datetime:
        local = wall(text, self._order, field)
        early, late = (local.replace(tzinfo=self._zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        if early != late:
            # Repeated hour: nearest to the channel's creation. Skipped hour: the offset that held before it.
            epoch = self._epoch_of(uniqueid)
            return (
                early if epoch is None or early > late else min(early, late, key=lambda at: abs(at.timestamp() - epoch))
            )
        if text[-3:-2] == text[-6:-5] == ":":  # it ends with its seconds
            if len(self._minutes) > 200_000:
                self._minutes.clear()
            self._minutes[text[:-2]] = early.replace(second=0)
        return early
