"""The two lengths that exchanges write beside a call."""

from __future__ import annotations

from connectors.rejects import Misread
from schemas.records import Reason

WEEK_S = 604_800


def durations(duration: str, billsec: str) -> tuple[int, int]:
    """Whole seconds of the call and of the talk in it, from their texts; raises Misread naming `duration` or `billsec`.

    Both are cut to whole seconds from different beginnings, so a second more of talk than of call is a rounding.
    """
    for field, text in (("duration", duration), ("billsec", billsec)):
        if not (text.isdecimal() and len(text) <= 9):
            raise Misread(Reason.BAD_DURATION, field, f"{text[:40]!r} is no number of seconds")
    duration_s, billsec_s = int(duration), int(billsec)
    if billsec_s > duration_s + 1 or duration_s > WEEK_S:
        raise Misread(Reason.BAD_DURATION, "billsec", f"billsec {billsec_s}, duration {duration_s} (0 to a week)")
    return duration_s, min(billsec_s, duration_s)
