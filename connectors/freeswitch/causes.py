"""What FreeSWITCH's hangup causes (Q.850 by name) say of a leg that nobody answered."""

from __future__ import annotations

import re

from schemas.records import Disposition

CAUSE = re.compile(r"[A-Z][A-Z0-9_]+")
_UNANSWERED = {
    "USER_BUSY": Disposition.BUSY,
    "ORIGINATOR_CANCEL": Disposition.CANCELLED,
    "NO_ANSWER": Disposition.NO_ANSWER,
    "NO_USER_RESPONSE": Disposition.NO_ANSWER,
    "ALLOTTED_TIMEOUT": Disposition.NO_ANSWER,
    "LOSE_RACE": Disposition.NO_ANSWER,
    "PICKED_OFF": Disposition.NO_ANSWER,
    "NORMAL_CLEARING": Disposition.NO_ANSWER,  # with billsec 0 nobody had answered
    "": Disposition.UNKNOWN,
}


def unanswered(cause: str) -> Disposition:
    """What became of a leg with billsec 0."""
    return _UNANSWERED.get(cause) or _UNANSWERED.get(cause.strip().upper(), Disposition.FAILED)
