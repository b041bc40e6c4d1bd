"""The one reader of times: as exchanges, services, CRMs and spreadsheets write them, to UTC.

Wall time year first, day first or month first, of 24 or 12 hours, with the name of a weekday or not; with an offset
(`+03`, `Z`, `GMT`); seconds or milliseconds since the epoch; RFC 2822; the days that a spreadsheet counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from connectors.reading.lengths import SPANS
from connectors.reading.rejects import Misread
from schemas.records import Reason

_OFFSET = r"(?:\s?(?:Z|[+-]\d\d(?::?\d\d)?))?"
PARTS = re.compile(r"\s*(\d{1,4})[-/.](\d{1,4})[-/.](\d{1,4})(?:,?[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?)?\s*")
"""Three numbers of a date, and a time of day."""
DATE = re.compile(
    r"\s*(\d{4}-\d\d?-\d\d?|\d{4}/\d\d?/\d\d?|\d\d?[./]\d\d?[./]\d{2,4})[ T]\d\d?:\d\d"
    rf"(:\d\d(\.\d+)?)?{_OFFSET}\s*"
)
"""A date and time as exchanges write them: what a column of times is told by."""
SECONDS = {f"{second:02d}": timedelta(seconds=second) for second in range(60)}
"""Of the two digits behind `2026-11-02 09:00:`."""
EARLIEST, LATEST = 1990, 2104
"""Years: buckets hold 32 bits of seconds, to 2106."""
EARLIEST_S, LATEST_S = 631_152_000, 4_260_000_000
"""The same in seconds since the epoch."""
NO_ZONE: tuple[tzinfo, str] = UTC, "times are seconds since the epoch: no zone is asked for"
"""What a source says of the zone of such times, whatever is given."""
_EPOCH = re.compile(r"\d{9,10}|\d{12,13}")
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_RFC = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d)(?::(\d\d))? (?:([+-])(\d\d)(\d\d)|GMT|UTC)"
)
_NAMED = re.compile(r"(.*\d) ?(?:UTC|GMT)")
_WEEKDAY = re.compile(r"[A-Za-zА-Яа-я]{2,11}\.?,? +(?=\d)")
_HALF = re.compile(r"(.*[ T])(\d{1,2})(:\d\d(?::\d\d)?)\s*([AaPp])\.?[Mm]\.?")
_SERIAL = re.compile(r"\d{5}[.,]\d+")
_COMPACT = re.compile(r"(?:19|20)\d{12}")
_SERIAL_BEGINS = datetime(1899, 12, 30)
_ENDS_WITH_OFFSET = re.compile(r"(.*:\d\d(?:\.\d+)?)\s?([+-]\d\d)(?::?(\d\d))?")
_WITH_SECONDS = re.compile(r"[^:]*[T ]\d{1,2}:\d\d:\d\d(?:[^\d:][^:]*(?::\d\d)?)?")
"""An hour before the first colon, and no seconds in the offset: the seconds can be taken out and put back."""
_MOST_MINUTES = 200_000


def _no_epoch(_: str) -> None:
    return None


class Times:
    """Reads the times of one file, fast: whole minutes are remembered.

    Those without an offset are wall time of `zone`, days and months stand in `order` (ymd, dmy or mdy); with zone None
    each must say its offset.
    """

    def __init__(self, zone: tzinfo | None, order: str, epoch_of: Callable[[str], int | None] = _no_epoch) -> None:
        self._zone = zone
        self._order = order
        self._epoch_of = epoch_of
        self._minutes: dict[str, datetime] = {}
        self._around: dict[str, datetime] = {}
        """The same of texts that do not end with their seconds."""

    def utc(self, text: str, field: str = "", uniqueid: str = "") -> datetime:
        """The moment, in whole milliseconds; the epoch in the row's id settles an hour that a change of clocks repeats.

        Raises Misread naming `field`.
        """
        if (minute := self._minutes.get(text[:-2])) and (second := SECONDS.get(text[-2:])) is not None:
            return minute + second
        index = text.find(":") + 4  # of the seconds
        rest, second = text[:index] + text[index + 2 :], SECONDS.get(text[index : index + 2])
        if (minute := self._around.get(rest)) and second is not None:
            return minute + second
        moment, is_known = self._read(text, field, uniqueid)
        if is_known:
            self._remember(text, rest, second, moment)
        return moment

    def end(self, text: str, field: str, started_at: datetime) -> datetime:
        """A moment after `started_at`: of an hour that the clocks repeat, the second one where the first is before."""
        moment = self.utc(text, field)
        if moment < started_at and moment + timedelta(hours=1) >= started_at and absolute(text) is None:
            local = moment.astimezone(self._zone)
            later = local.replace(fold=1).astimezone(UTC)
            return later if later > moment else moment
        return moment

    def written(self, text: str) -> str:
        """The time as ISO text, however the file writes it: wall time, or UTC where it says its offset."""
        return read(text, self._order).isoformat()

    def _read(self, text: str, field: str, uniqueid: str) -> tuple[datetime, bool]:
        """(the moment, whether others of its minute are that far from it)."""
        local = read(text, self._order, field)
        if local.tzinfo is not None:
            return local, True
        if self._zone is None:
            raise Misread(Reason.BAD_TIME, field, f"{text[:40]!r} says no offset, as others here do: give --tz")
        early, late = (local.replace(tzinfo=self._zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        if early == late:
            return early, True
        # Repeated hour: nearest to the channel's creation. Skipped hour: the offset that held before it.
        epoch = self._epoch_of(uniqueid)
        if epoch is None or early > late:
            return early, False
        return min(early, late, key=lambda at: abs(at.timestamp() - epoch)), False

    def _remember(self, text: str, rest: str, second: timedelta | None, moment: datetime) -> None:
        """Clocks change between minutes."""
        if text[-3:-2] == text[-6:-5] == ":" and text[-2:] in SECONDS and "." not in text[-9:]:
            minutes, key, seconds = self._minutes, text[:-2], SECONDS[text[-2:]]
        elif second is not None and _WITH_SECONDS.fullmatch(text):
            minutes, key, seconds = self._around, rest, second
        else:
            return
        if len(minutes) > _MOST_MINUTES:
            minutes.clear()
        minutes[key] = moment - seconds


def stated(zone: tzinfo) -> tzinfo | None:
    """None for the UTC that stands for a file whose times say their offset; a zone that somebody gave has a name."""
    return None if zone is UTC else zone


def read(text: str, order: str, field: str = "", *, earliest: int = EARLIEST) -> datetime:
    """A moment in UTC, of a text that says its offset or is an epoch; else a naive wall time. Raises Misread."""
    text = text.strip()
    if not text:
        raise Misread(Reason.BAD_TIME, field, "no time")
    moment = absolute(text)
    if moment is None:
        moment = _wall(text, order, field)
    if not earliest <= moment.year <= LATEST:
        raise Misread(Reason.BAD_TIME, field, f"{text[:40]!r} is not between {earliest} and {LATEST}")
    return moment


def _wall(text: str, order: str, field: str) -> datetime:
    found = PARTS.fullmatch(text) or PARTS.fullmatch(plain(text))
    if found is None:
        if _SERIAL.fullmatch(text):
            return from_serial(text)
        if _COMPACT.fullmatch(text):
            return _wall(f"{text[:4]}-{text[4:6]}-{text[6:8]} {text[8:10]}:{text[10:12]}:{text[12:]}", order, field)
        raise Misread(Reason.BAD_TIME, field, f"{text[:40]!r} is not a date and time")
    first, second, third = found.group(1), found.group(2), found.group(3)
    if len(first) == 4:
        year, month, day = first, second, third
    else:
        year = third if len(third) == 4 else f"20{third}"
        day, month = (first, second) if order != "mdy" else (second, first)
    try:
        return datetime(int(year), int(month), int(day), int(found[4] or 0), int(found[5] or 0), int(found[6] or 0))
    except ValueError as error:
        raise Misread(Reason.BAD_TIME, field, f"{text[:40]!r}: {error}") from None


def say_offset(texts: Sequence[str]) -> bool:
    """Whether more than half of the texts that hold something say their offset."""
    bare = [text for one in texts if (text := one.strip())]
    return sum(absolute(text) is not None for text in bare) * 2 > len(bare)


def from_serial(text: str) -> datetime:
    """The wall time of the days, with a fraction, that a spreadsheet counts since the end of 1899; whole seconds."""
    days = float(text.replace(",", "."))
    return _SERIAL_BEGINS + timedelta(seconds=round(days * 86_400))


def absolute(text: str) -> datetime | None:
    """The moment of a text that says its offset, or is an epoch; None for any other text."""
    if text[4:5] == "-" and len(text) <= _NO_OFFSET and text[-1:].isdecimal():
        return None  # the usual wall time
    try:
        if _EPOCH.fullmatch(text):
            return datetime.fromtimestamp(int(text) / (1000 if len(text) > 10 else 1), UTC)
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _other(text)
    except OverflowError:
        return None
    return _cut(moment) if moment.tzinfo is not None else None


_NO_OFFSET = len("2026-11-02 09:00:00")


def _other(text: str) -> datetime | None:
    try:
        if (found := _RFC.fullmatch(text)) and found[2] in _MONTHS:
            return _of_rfc(found)
        if named := _NAMED.fullmatch(text):
            return datetime.fromisoformat(named.group(1)).replace(tzinfo=UTC)
        if found := _ENDS_WITH_OFFSET.fullmatch(text):
            return _cut(datetime.fromisoformat(f"{found[1]}{found[2]}:{found[3] or '00'}"))
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


PACKED_DAY, PACKED_CLOCK = r"\d{6}", r"(?:[01]?\d|2[0-3])[0-5]\d"
_PACKED = re.compile(rf"({PACKED_DAY}) ({PACKED_CLOCK})")
"""A day and a time of day in columns of their own, without marks: Avaya's `030226` and `1015`."""


def plain(text: str) -> str:
    """Without a weekday's name, with marks between its numbers, and in 24 hours."""
    if packed := _PACKED.fullmatch(text):
        day, clock = packed.groups()
        return f"{day[:2]}/{day[2:4]}/{day[4:]} {clock[:-2]}:{clock[-2:]}"
    text = _WEEKDAY.sub("", text, count=1) if text[:1].isalpha() else text
    if half := _HALF.fullmatch(text):
        day, hour, rest, which = half.groups()
        hours = int(hour) % 12 + (12 if which in "Pp" else 0)
        text = f"{day}{hours:02d}{rest}"
    return text


def epoch(text: str, field: str) -> datetime:
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
