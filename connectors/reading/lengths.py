"""Lengths that exchanges write beside a call."""

from __future__ import annotations

from datetime import timedelta

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


def durations(duration: str, billsec: str) -> tuple[int, int]:
    """Whole seconds of the call and of the talk in it, from their texts; raises Misread naming `duration` or `billsec`.

    Both are cut to whole seconds from different beginnings, so a second more of talk than of call is a rounding.
    """
    if not (duration.isdecimal() and billsec.isdecimal() and len(duration) <= _DIGITS and len(billsec) <= _DIGITS):
        raise _no_seconds(duration, billsec)
    duration_s, billsec_s = int(duration), int(billsec)
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


def _no_seconds(duration: str, billsec: str) -> Misread:
    is_first = not (duration.isdecimal() and len(duration) <= _DIGITS)
    field, text = ("duration", duration) if is_first else ("billsec", billsec)
    return Misread(Reason.BAD_DURATION, field, f"{text[:40]!r} is not a number of seconds")
