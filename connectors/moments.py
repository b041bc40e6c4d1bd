"""Times as services and CRMs write them, to UTC: ISO with or without an offset, epochs, RFC 2822, 12 hours."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime

from connectors.rejects import Misread
from connectors.wall import WallClock
from schemas.records import Reason

_EARLIEST, _LATEST = 1990, 2104
_EPOCH = re.compile(r"\d{9,10}|\d{12,13}")
_RFC = re.compile(r"(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d(?::\d\d)? (?:[+-]\d{4}|GMT|UTC)")
_NAMED = re.compile(r"(.*\d) ?(?:UTC|GMT)")
_WEEKDAY = re.compile(r"[A-Za-zА-Яа-я]{2,9}\.?,? +(?=\d)")
_HALF = re.compile(r"(.*[ T])(\d{1,2})(:\d\d(?::\d\d)?)\s*([AaPp])\.?[Mm]\.?")
_DAY = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
_WHOLE_DAY = " 00:00:00"


class Moments:
    """Reads the times of one file: those without an offset in `zone`, days and months in `order`."""

    def __init__(self, zone: tzinfo, order: str) -> None:
        self._zone = zone
        self._wall = WallClock(zone, order)

    def utc(self, text: str, field: str) -> datetime:
        """The moment, in whole milliseconds. Raises Misread naming `field`."""
        if not (text := text.strip()):
            raise Misread(Reason.BAD_TIME, field, "no time")
        if (said := absolute(text)) is not None:
            if not _EARLIEST <= said.year <= _LATEST:
                raise Misread(Reason.BAD_TIME, field, f"{text[:40]!r} is not between {_EARLIEST} and {_LATEST}")
            return said
        if self._zone is UTC:
            # Given zones have names: this one stands for a file whose times all said their offset.
            raise Misread(Reason.BAD_TIME, field, f"{text[:40]!r} says no offset, as others here do: give --tz")
        return self._wall.utc(_plain(text), "", field)

    def end(self, text: str, field: str, started_at: datetime) -> datetime:
        """A moment after `started_at`: of an hour that the clocks repeat, the second one where the first is before."""
        moment = self.utc(text, field)
        if moment < started_at and moment + timedelta(hours=1) >= started_at and absolute(text) is None:
            local = moment.astimezone(self._zone)
            later = local.replace(fold=1).astimezone(UTC)
            return later if later > moment else moment
        return moment


def absolute(text: str) -> datetime | None:
    """The moment of a text that says its offset, or is an epoch; None for any other text."""
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        return _other(text)
    except OverflowError:
        return None
    return _cut(said) if said.tzinfo is not None else None


def _other(text: str) -> datetime | None:
    try:
        if _EPOCH.fullmatch(text):
            return datetime.fromtimestamp(int(text) / (1000 if len(text) > 10 else 1), UTC)
        if _RFC.fullmatch(text):
            return _cut(parsedate_to_datetime(text.replace("UTC", "GMT")))
        if named := _NAMED.fullmatch(text):
            return datetime.fromisoformat(named.group(1)).replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return None


def _cut(moment: datetime) -> datetime:
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:
        return datetime(1, 1, 1, tzinfo=UTC)  # out of bounds, which is said
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def _plain(text: str) -> str:
    """Without a weekday's name, in 24 hours, and with a time of day."""
    text = _WEEKDAY.sub("", text, count=1) if text[:1].isalpha() else text
    if half := _HALF.fullmatch(text):
        day, hour, rest, which = half.groups()
        hours = int(hour) % 12 + (12 if which in "Pp" else 0)
        text = f"{day}{hours:02d}{rest}"
    return f"{text}{_WHOLE_DAY}" if _DAY.fullmatch(text) else text
