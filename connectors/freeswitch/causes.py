"""What FreeSWITCH's hangup causes (Q.850 by name) say of a leg that nobody answered."""

from __future__ import annotations

import re

from connectors.reading.outcomes import BUSY, CANCELLED, FAILED, NO_ANSWER
from schemas.records import Disposition

CAUSE = re.compile(r"[A-Z][A-Z0-9_]+")
_UNANSWERED = {
    "USER_BUSY": BUSY,
    "ORIGINATOR_CANCEL": CANCELLED,
    "NO_ANSWER": NO_ANSWER,
    "NO_USER_RESPONSE": NO_ANSWER,
    "ALLOTTED_TIMEOUT": NO_ANSWER,
    "LOSE_RACE": NO_ANSWER,
    "PICKED_OFF": NO_ANSWER,
    "NORMAL_CLEARING": NO_ANSWER,  # nobody had answered
    "": Disposition.UNKNOWN,
}


def is_normal(cause: str) -> bool:
    """Whether a leg ended because somebody hung up: with an answer and no seconds it was picked up and dropped."""
    return cause.strip().upper() == "NORMAL_CLEARING"


def unanswered(cause: str) -> Disposition:
    """What became of a leg that nobody answered."""
    return _UNANSWERED.get(cause) or _UNANSWERED.get(cause.strip().upper(), FAILED)
