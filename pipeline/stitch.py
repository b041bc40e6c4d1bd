"""Fold the legs of one call into the call they tell of. Pure, and indifferent to order and repetition.

Rules: docs/metrics.md, "Base facts". Rows are not calls: real exports hold 1.6-2.1 legs a call, up to 15.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from schemas.records import Call, CallLeg, Direction, Disposition

_ANSWERED, _INTERNAL = Disposition.ANSWERED, Direction.INTERNAL
_TRUNK = (Direction.INBOUND, Direction.OUTBOUND)
# What an unanswered call was, when its legs differ: the strongest word about a person's phone first.
_UNANSWERED = (
    Disposition.BUSY,
    Disposition.NO_ANSWER,
    Disposition.CANCELLED,
    Disposition.FAILED,
    Disposition.MACHINE,
    Disposition.UNKNOWN,
)


def stitch(legs: Sequence[CallLeg]) -> Call:
    """The call that these legs (at least one, of one call, each record_id once) tell of."""
    return _alone(legs[0]) if len(legs) == 1 else _several(legs)


def _alone(leg: CallLeg) -> Call:
    """What `_several` says of a single leg, in a third of the time: half of all calls are one leg."""
    answered = leg.disposition is _ANSWERED
    picked_up = _interval(leg)[0] if answered else leg.ended_at
    return Call(
        source=leg.source,
        call_id=leg.call_id,
        started_at=leg.started_at,
        ended_at=leg.ended_at,
        direction=leg.direction,
        disposition=leg.disposition,
        contact=leg.contact,
        contact_raw=leg.contact_raw,
        extension=leg.extension if answered or leg.direction is not Direction.INBOUND else "",
        talk_s=_within(leg.billsec, leg.started_at, leg.ended_at) if answered else 0,
        wait_s=max(0, int((picked_up - leg.started_at).total_seconds())),
        did=leg.did,
        queue=leg.queue,
        recording=leg.recording,
        legs=1,
    )


def _several(legs: Sequence[CallLeg]) -> Call:
    legs = sorted(legs, key=_by_start)
    first = legs[0]
    on_trunk = next((leg for leg in legs if leg.direction in _TRUNK), first)
    direction = on_trunk.direction
    bridged = [
        leg
        for leg in legs
        if leg.disposition is _ANSWERED and (leg.direction is direction or leg.direction is not _INTERNAL)
    ]
    if len(bridged) > 1:
        bridged = _without_waiting(bridged)
    extension, talk_s = _longest_talker(bridged) if bridged else (_dialler(legs, direction), 0)
    with_contact = on_trunk if on_trunk.contact else next((leg for leg in legs if leg.contact), on_trunk)
    ended_at = max([leg.ended_at for leg in legs])
    picked_up = min([_interval(leg)[0] for leg in bridged]) if bridged else ended_at
    return Call(
        source=first.source,
        call_id=first.call_id,
        started_at=first.started_at,
        ended_at=ended_at,
        direction=direction,
        disposition=_ANSWERED if bridged else _unanswered(legs),
        contact=with_contact.contact,
        contact_raw=with_contact.contact_raw,
        extension=extension,
        talk_s=_within(talk_s, first.started_at, ended_at),
        wait_s=max(0, int((picked_up - first.started_at).total_seconds())),
        did=_first_said(legs, "did"),
        queue=_first_said(legs, "queue"),
        recording=_first_said(bridged or legs, "recording"),
        legs=len(legs),
    )


_SECOND = timedelta(seconds=1)


def _within(talk_s: int, start: datetime, end: datetime) -> int:
    """The talk, or the seconds begun in the call: nobody talks longer than it lasts, whatever billsec says."""
    return min(talk_s, max(0, -((start - end) // _SECOND)))


def _without_waiting(bridged: Sequence[CallLeg]) -> list[CallLeg]:
    """The bridged legs but for a queue's own one where the phone's stands beside it.

    A caller who came through a menu was answered by it, so billsec of the queue's leg holds the ringing too; the leg
    of the phone inside of it (Asterisk: `Local/101@from-queue;2` to `PJSIP/101`) is exact.
    """
    exact = [leg for leg in bridged if not leg.queue and leg.extension and leg.billsec]
    return [leg for leg in bridged if not leg.queue or not any(_inside(one, leg) for one in exact)]


def _inside(phone: CallLeg, queue: CallLeg) -> bool:
    """Of the same person, and within the queue's leg; both are cut to whole seconds."""
    if phone.extension != queue.extension:
        return False
    (start, end), (first, last) = _interval(phone), _interval(queue)
    return first <= start and end <= last + timedelta(seconds=1)


def _by_start(leg: CallLeg) -> tuple[datetime, int, str, int, str]:
    """Exchanges write whole seconds and number what they write: of one second, 1793610000.9:1 is before .10:2."""
    channel = leg.record_id.partition(":")[0]
    return leg.started_at, len(channel), channel, len(leg.record_id), leg.record_id


def _first_said(legs: Sequence[CallLeg], field: str) -> str:
    for leg in legs:
        if said := getattr(leg, field):
            return str(said)
    return ""


def _dialler(legs: Sequence[CallLeg], direction: Direction) -> str:
    """Nobody, for an unanswered inbound call: a queue that rang twelve phones blames none of them."""
    if direction is Direction.INBOUND:
        return ""
    return next((leg.extension for leg in legs if leg.direction is direction and leg.extension), "")


def _unanswered(legs: Sequence[CallLeg]) -> Disposition:
    said = {leg.disposition for leg in legs}
    return next(disposition for disposition in _UNANSWERED if disposition in said)


def _interval(leg: CallLeg) -> tuple[datetime, datetime]:
    """When a person was bridged on this leg: billsec from the answer, or up to the end when no answer time is known."""
    start = leg.answered_at or leg.ended_at - timedelta(seconds=leg.billsec)
    return start, start + timedelta(seconds=leg.billsec)


def _longest_talker(bridged: Sequence[CallLeg]) -> tuple[str, int]:
    """Who talked longest with the external party, and how long; of equals, who was first."""
    if len(bridged) == 1:
        return bridged[0].extension, bridged[0].billsec
    by_person: dict[str, list[tuple[datetime, datetime]]] = {}
    for leg in bridged:
        by_person.setdefault(leg.extension, []).append(_interval(leg))
    ranked = [(-union_s(spans), min(spans)[0], person) for person, spans in by_person.items() if person]
    if not ranked:
        return "", union_s(by_person[""])
    talk_s, _, person = min(ranked)
    return person, -talk_s


def union_s(spans: Iterable[tuple[datetime, datetime]]) -> int:
    """Whole seconds covered by intervals, however they overlap."""
    total, reached = timedelta(), None
    for start, end in sorted(spans):
        if reached is None or start > reached:
            total, reached = total + (end - start), end
        elif end > reached:
            total, reached = total + (end - reached), end
    return int(total.total_seconds())
