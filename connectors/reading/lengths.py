"""Lengths that exchanges, services and people write beside a call."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import lru_cache

from connectors.reading.rejects import Misread
from schemas.records import Reason

WEEK_S = 604_800
"""No call is longer."""
WEEK, ZERO = timedelta(seconds=WEEK_S), timedelta()
_DIGITS = 9
"""As many as a number of seconds may have."""


class _Spans(dict[int, timedelta]):
    """Those of usual calls are remembered: making one is slow (0.3 us)."""

    def __missing__(self, seconds: int) -> timedelta:
        span = timedelta(seconds=seconds)
        if 0 <= seconds < 7200:
            self[seconds] = span
        return span


SPANS = _Spans()
"""Seconds to a timedelta."""
UNITS = {"s": 1.0, "min": 60.0, "ms": 0.001, "h": 3600.0, "days": 86_400.0}
"""What a number without a unit may count, in seconds."""
_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):(\d{2})(?:[.,]\d+)?")
_WORDS = re.compile(
    r"(?:(\d{1,9})\s*(?:ч|час|h|hr)[а-яa-z.]*\s*)?(?:(\d{1,9}(?:[.,]\d+)?)\s*(?:м|мин|m|min)(?!с|s)[а-яa-z.]*\s*)?"
    r"(?:(\d{1,9}(?:[.,]\d+)?)\s*(?:с|сек|s|sec)[а-яa-z.]*)?",
    re.IGNORECASE,
)
_MILLISECONDS = re.compile(r"(\d{1,12})\s*(?:ms|msec|мс|мсек)\.?", re.IGNORECASE)
_ISO = re.compile(r"P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,]\d+)?S)?", re.IGNORECASE)
_BESIDE = re.compile(r"(.*\S)\s*\([^()]*\)")
"""The same once more in brackets: `60s (1m)`."""
_GROUPED = re.compile(r"\d{1,3}(?:[ \u00a0\u2009\u202f']\d{3})+")
_NUMBER = re.compile(r"\d{1,15}(?:[.,]\d{1,18})?")
_PARTS_OF_SECONDS = re.compile(r"\d+[.,]\d*[1-9]\d*")
"""What no exchange writes that counts whole seconds: minutes, perhaps."""
_FEW_DIGITS = 5
"""Of seconds that are surely less than a week."""
_OF_A_DAY = 4
"""Decimals, at least, of a time of day that a spreadsheet wrote as a part of one."""


def seconds(text: str, field: str, unit: str = "s") -> int:
    """A length: `85`, `1:25`, `00:01:25`, `1 мин 25 сек`, `PT1M`, `60s (1m)`, 0.00098 of a day; "" and `-` are 0.

    `unit` is that of a number without one (UNITS). Raises Misread.
    """
    if unit == "s" and text.isdecimal() and len(text) <= _FEW_DIGITS:
        return int(text)
    return _seconds(text.strip(), field, unit)


@lru_cache(maxsize=20_000)
def _seconds(text: str, field: str, unit: str) -> int:
    if not text or text == "-":
        return 0
    if beside := _BESIDE.fullmatch(text):
        text = beside[1]
    if _GROUPED.fullmatch(text):
        text = re.sub(r"\D", "", text)
    if _NUMBER.fullmatch(text):
        return _checked(_of_number(text, field, unit), text, field)
    if found := _CLOCK.fullmatch(text):
        hours, minutes, rest = found.groups()
        return _checked(int(hours or 0) * 3600 + int(minutes) * 60 + int(rest), text, field)
    if found := _MILLISECONDS.fullmatch(text):
        return _checked(int(found[1]) // 1000, text, field)
    if (found := _WORDS.fullmatch(text)) and any(found.groups()):
        parts = zip(found.groups(), (3600, 60, 1), strict=True)
        return _checked(round(sum(float((n or "0").replace(",", ".")) * each for n, each in parts)), text, field)
    if (found := _ISO.fullmatch(text)) and any(found.groups()):
        parts = zip(found.groups(), (86_400, 3600, 60, 1), strict=True)
        if all(len(n or "") <= _DIGITS for n in found.groups()):
            return _checked(sum(int(n or 0) * each for n, each in parts), text, field)
    raise Misread(Reason.BAD_DURATION, field, f"{text[:40]!r} is not a length: 85, 1:25, 00:01:25, 1 мин 25 сек")


def _of_number(text: str, field: str, unit: str) -> int:
    number = float(text.replace(",", "."))
    if unit != "s":
        return int(number * UNITS[unit]) if unit == "ms" else round(number * UNITS[unit])
    if 0 < number < 1:
        if len(text) - 2 < _OF_A_DAY:
            why = f"{text[:40]!r}: seconds are whole: say what it counts, such as `callfunnel map --unit {field}=min`"
            raise Misread(Reason.BAD_DURATION, field, why)
        return round(number * 86_400)
    return int(number)


def _checked(value: int, text: str, field: str) -> int:
    if value > WEEK_S:
        raise Misread(Reason.BAD_DURATION, field, f"{text[:40]!r} is longer than a week")
    return value


def durations(duration: str, billsec: str) -> tuple[int, int]:
    """Whole seconds of the call and of the talk in it, from their texts; raises Misread naming `duration` or `billsec`.

    Both are cut to whole seconds from different beginnings, so a second more of talk than of call is a rounding.
    """
    if duration.isdecimal() and billsec.isdecimal() and len(duration) <= _DIGITS and len(billsec) <= _DIGITS:
        duration_s, billsec_s = int(duration), int(billsec)
    else:
        duration_s, billsec_s = _stated(duration, "duration"), _stated(billsec, "billsec")
    check_durations(duration_s, billsec_s, "billsec")
    return duration_s, billsec_s if billsec_s < duration_s else duration_s


def check_durations(duration_s: int, billsec_s: int, field: str) -> None:
    """Raises Misread for a talk that is longer than its call, and for a call of over a week."""
    if not 0 <= billsec_s <= duration_s + 1 or duration_s > WEEK_S:
        raise Misread(Reason.BAD_DURATION, field, f"billsec {billsec_s}, duration {duration_s} (0 to a week)")


def check_order(start: float, answer: float, end: float, names: tuple[str, str], end_reason: Reason) -> None:
    """Times in seconds, 0 for no answer: raises Misread for an end or an answer that cannot be, by their names."""
    if not start <= end <= start + WEEK_S:
        raise Misread(end_reason, names[1], f"{end} is not within a week after {start}")
    if answer and not start <= answer <= end:
        raise Misread(Reason.BAD_TIME, names[0], f"{answer} is not between {start} and {end}")


def _stated(text: str, field: str) -> int:
    """As `seconds`, of a length that must be there."""
    if not text.strip() or _PARTS_OF_SECONDS.fullmatch(text.strip()):
        raise Misread(Reason.BAD_DURATION, field, f"{text[:40]!r} is not a number of seconds")
    return seconds(text, field)
