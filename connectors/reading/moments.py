"""Times as services and CRMs write them, to UTC: ISO with or without an offset, epochs, RFC 2822, 12 hours."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from connectors.reading.epochs import EARLIEST_S, LATEST_S, at
from connectors.reading.rejects import Misread
from connectors.reading.wall import EARLIEST, LATEST, SECONDS, WallClock
from schemas.records import Reason

_EPOCH = re.compile(r"\d{9,10}|\d{12,13}")
_RFC = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d)(?::(\d\d))? (?:([+-])(\d\d)(\d\d)|GMT|UTC)"
)
_MONTHS = {
    "Jan": 1,
    "Feb": 2,
    "Mar": 3,
    "Apr": 4,
    "May": 5,
    "Jun": 6,
    "Jul": 7,
    "Aug": 8,
    "Sep": 9,
    "Oct": 10,
    "Nov": 11,
    "Dec": 12,
}
_NAMED = re.compile(r"(.*\d) ?(?:UTC|GMT)")
_WEEKDAY = re.compile(r"[A-Za-zА-Яа-я]{2,9}\.?,? +(?=\d)")
_HALF = re.compile(r"(.*[ T])(\d{1,2})(:\d\d(?::\d\d)?)\s*([AaPp])\.?[Mm]\.?")
_DAY = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
_WHOLE_DAY = " 00:00:00"
_WITH_SECONDS = re.compile(r"[^:]*[T ]\d{1,2}:\d\d:\d\d(?:[^\d:][^:]*(?::\d\d)?)?")
"""An hour before the first colon, and no seconds in the offset: the seconds can be taken out and put back."""
_MOST_MINUTES = 200_000


class Moments:
    """Reads the times of one file: those without an offset in `zone`, days and months in `order`."""

    def __init__(self, zone: tzinfo, order: str) -> None:
        self._zone = zone
        self._wall = WallClock(zone, order)
        self._minutes: dict[str, datetime] = {}

    def utc(self, text: str, field: str) -> datetime:
        """The moment, in whole milliseconds. Raises Misread naming `field`."""
        index = text.find(":") + 4  # of the seconds
        rest, second = text[:index] + text[index + 2 :], SECONDS.get(text[index : index + 2])
        if (minute := self._minutes.get(rest)) and second is not None:
            return minute + second
        moment = self._slow(text, field)
        if second is not None and _WITH_SECONDS.fullmatch(text):
            if len(self._minutes) > _MOST_MINUTES:
                self._minutes.clear()
            self._minutes[rest] = moment - second  # clocks change between minutes
        return moment

    def _slow(self, text: str, field: str) -> datetime:
        if not (text := text.strip()):
            raise Misread(Reason.BAD_TIME, field, "no time")
        if text.isdecimal() and len(text) <= 10 and EARLIEST_S <= (seconds := int(text)) <= LATEST_S:
            return at(seconds)
        if (moment := absolute(text)) is not None:
            if not EARLIEST <= moment.year <= LATEST:
                raise Misread(Reason.BAD_TIME, field, f"{text[:40]!r} is not between {EARLIEST} and {LATEST}")
            return moment
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
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _other(text)
    except OverflowError:
        return None
    return _cut(moment) if moment.tzinfo is not None else None


def _other(text: str) -> datetime | None:
    try:
        if _EPOCH.fullmatch(text):
            return datetime.fromtimestamp(int(text) / (1000 if len(text) > 10 else 1), UTC)
        if (found := _RFC.fullmatch(text)) and found[2] in _MONTHS:
            return _of_rfc(found)
        if named := _NAMED.fullmatch(text):
            return datetime.fromisoformat(named.group(1)).replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return None


def _of_rfc(found: re.Match[str]) -> datetime:
    """A tenth of what email.utils takes, which reads any mail."""
    day, month, year, hour, minute, second, sign, hours, minutes = found.groups()
    at = datetime(int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second or 0), tzinfo=UTC)
    if sign is None or hours == minutes == "00":
        return at
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return at - offset if sign == "+" else at + offset


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
