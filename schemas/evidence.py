"""What a leg was read from, where that says how exactly it tells who talked: told by its identity.

The order of trust: Asterisk's channel events (CEL) tell when each channel was in which bridge; a queue's log tells how
long its member talked, and misses what a transfer changed; a CDR's billsec runs from the answer of the *channel*, which
may have been a menu's or a queue's, and so may hold ringing.
"""

from __future__ import annotations

from schemas.records import CallLeg

CEL = ":cel"
"""The end of `record_id` of a leg that was made of channel events."""

QUEUE_LOG_TALKS = frozenset({"COMPLETEAGENT", "COMPLETECALLER", "TRANSFER", "BLINDTRANSFER", "ATTENDEDTRANSFER"})
"""Events of Asterisk's queue_log that end a member's talk; a leg's `application` holds them."""

CONFERENCE = "Conference"
ROOMS = frozenset({CONFERENCE, "ConfBridge", "MeetMe"})
"""Applications of a leg into a conference: it says how long its end was in the room, not with whom."""


def is_exact(leg: CallLeg) -> bool:
    """Made of channel events: its talk is the time in a bridge."""
    return leg.record_id.endswith(CEL)


def is_of_queue_log(leg: CallLeg) -> bool:
    """A member's talk as a queue's log tells it."""
    return leg.application in QUEUE_LOG_TALKS
