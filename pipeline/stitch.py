"""Fold the legs of one call into the call they tell of. Pure, and indifferent to order and repetition.

Rules: docs/metrics.md, "Base facts". Rows are not calls: real exports hold 1.6-2.1 legs a call, up to 15.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from datetime import datetime, timedelta

import msgspec

from schemas.calls import Call
from schemas.evidence import ROOMS, is_exact, is_of_queue_log
from schemas.records import CallLeg, Direction, Disposition

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
    started_at, ended_at = leg.started_at, leg.ended_at
    return Call(
        leg.source,
        leg.call_id,
        started_at,
        ended_at,
        direction=leg.direction,
        disposition=leg.disposition,
        contact=leg.contact,
        contact_raw=leg.contact_raw,
        extension=leg.extension if answered or leg.direction is not Direction.INBOUND else "",
        talk_s=_within(leg.billsec, started_at, ended_at) if answered else 0,
        wait_s=_whole_s(started_at, _picked_up(leg) if answered else ended_at),
        did=leg.did,
        queue=leg.queue,
        recording=leg.recording,
        legs=1,
        forwarded_by=leg.peer_extension if leg.extension.startswith("+") else "",
    )


def _several(legs: Sequence[CallLeg]) -> Call:
    legs = _in_order(legs)
    first = legs[0]
    exact = [leg for leg in legs if is_exact(leg)]
    on_trunk = _first_on_trunk(exact) or _first_on_trunk(legs) or first
    direction = on_trunk.direction
    ended_at, did, queue = first.ended_at, "", ""
    for leg in legs:
        if leg.ended_at > ended_at:
            ended_at = leg.ended_at
        did = did or leg.did
        queue = queue or leg.queue
    bridged = _bridged(exact, direction)
    if not bridged:
        bridged = _bridged(legs, direction) + _in_room(legs)
        if direction is Direction.INBOUND:
            bridged = [_sent_on(leg, on_trunk.contact) for leg in bridged]
        if bridged:
            bridged = _of_one_mobile(_talks(bridged, legs))
        if len(bridged) > 1:
            bridged = _tightest(_without_callers(bridged))
    extension, talk_s = _longest_talker(bridged) if bridged else ("", 0)
    if not extension:
        extension = _dialler(legs, direction)
    with_contact = on_trunk if on_trunk.contact else next((leg for leg in legs if leg.contact), on_trunk)
    picked_up = min([_picked_up(leg) for leg in bridged]) if bridged else ended_at
    return Call(
        first.source,
        first.call_id,
        first.started_at,
        ended_at,
        direction=direction,
        disposition=_ANSWERED if bridged else _unanswered(legs),
        contact=with_contact.contact,
        contact_raw=with_contact.contact_raw,
        extension=extension,
        talk_s=_within(talk_s, first.started_at, ended_at) if talk_s else 0,
        wait_s=_whole_s(first.started_at, picked_up),
        did=did,
        queue=queue,
        recording=_recording(bridged or legs),
        legs=len(legs),
        forwarded_by=_forwarder(extension, legs) if extension.startswith("+") else "",
    )


def _in_order(legs: Sequence[CallLeg]) -> Sequence[CallLeg]:
    """By start; most come in order, and are not sorted."""
    before = legs[0].started_at
    for leg in legs[1:]:
        if leg.started_at <= before:
            return sorted(legs, key=_by_start)
        before = leg.started_at
    return legs


def _whole_s(start: datetime, end: datetime) -> int:
    """Whole seconds from start to end; 0 when the end is before."""
    waited = end - start
    return waited.days * 86_400 + waited.seconds if waited.days >= 0 else 0


def _within(talk_s: int, start: datetime, end: datetime) -> int:
    """The talk, or the seconds begun in the call: nobody talks longer than it lasts, whatever billsec says."""
    begun_s = _whole_s(start, end + _NEARLY_A_SECOND)
    return talk_s if talk_s < begun_s else begun_s


_SECOND = timedelta(seconds=1)
_NEARLY_A_SECOND = timedelta(seconds=1) - timedelta(microseconds=1)


def _first_on_trunk(legs: Iterable[CallLeg]) -> CallLeg | None:
    """The first leg between the exchange and the outside."""
    for leg in legs:
        if leg.direction in _TRUNK:
            return leg
    return None


def _forwarder(mobile: str, legs: Sequence[CallLeg]) -> str:
    """Whose phone sent the call on to this number."""
    return next((leg.peer_extension for leg in legs if leg.extension == mobile and leg.peer_extension), "")


def _in_room(legs: Sequence[CallLeg]) -> list[CallLeg]:
    """For each person in a conference and each time that the outside was in it too, a leg of that talk."""
    inside = [leg for leg in legs if leg.application in ROOMS and leg.billsec]
    outside = [_interval(leg) for leg in inside if leg.direction in _TRUNK and not leg.extension]
    talks = []
    for leg in inside:
        if not leg.extension or leg.disposition is _ANSWERED:
            continue
        since, until = _interval(leg)
        for start, end in outside:
            if (first := max(since, start)) < (last := min(until, end)):
                talk_s = int((last - first).total_seconds())
                talks.append(msgspec.structs.replace(leg, answered_at=first, billsec=talk_s, disposition=_ANSWERED))
    return talks


def _bridged(legs: Iterable[CallLeg], direction: Direction) -> list[CallLeg]:
    """The legs on which a person talked with the external party (or, in an internal call, with a colleague)."""
    return [
        leg
        for leg in legs
        if leg.disposition is _ANSWERED and (leg.direction is direction or leg.direction is not _INTERNAL)
    ]


def _talks(bridged: Sequence[CallLeg], legs: Sequence[CallLeg]) -> list[CallLeg]:
    """The bridged legs but for those that another record of the call shows to be no talk, or to begin later.

    A leg that went out by a Local channel was answered by whatever that came to: its machine is a leg inside of it, to
    the same end. The line that was dialled in an originated call has a record of its own (Asterisk: AppDial): it tells
    whether the outside answered, and when; the phone's leg holds the ringing.
    """
    machines = [
        leg for leg in legs if leg.disposition is Disposition.MACHINE and leg.extension and leg.application not in ROOMS
    ]
    lines = [leg for leg in legs if leg.application == "AppDial" and not leg.extension]
    if not machines and not lines:
        return list(bridged)
    found = []
    for leg in bridged:
        own = next((line for line in lines if line is not leg and _is_line_of(line, leg)), None)
        if own is not None:
            if own.disposition in _WAS_UP and own.billsec:
                found.append(_bounded(leg, own))
        elif not any(_took_over(machine, leg) for machine in machines):
            found.append(leg)
    return [leg for leg in found if leg not in lines] if len(found) > 1 else found


_WAS_UP = (Disposition.ANSWERED, Disposition.MACHINE)


def _is_line_of(line: CallLeg, leg: CallLeg) -> bool:
    """The dialled line's own record beside a leg to it: of one number, to the same end."""
    return (
        line.contact == leg.contact
        and leg.extension != ""
        and line.started_at >= leg.started_at
        and abs(line.ended_at - leg.ended_at) <= _SECOND
    )


def _bounded(leg: CallLeg, line: CallLeg) -> CallLeg:
    """The leg, with talk no longer than the line was up."""
    if line.billsec >= leg.billsec:
        return leg
    return msgspec.structs.replace(
        leg, answered_at=leg.ended_at - timedelta(seconds=line.billsec), billsec=line.billsec
    )


def _took_over(machine: CallLeg, leg: CallLeg) -> bool:
    """A machine at the same extension, inside of a leg that was answered there, to its end."""
    return (
        machine.extension == leg.extension
        and machine.direction is leg.direction
        and leg.started_at <= machine.started_at < leg.ended_at  # at its end: parked, say, for a second
        and abs(machine.ended_at - leg.ended_at) <= _SECOND
        and machine.billsec > 0
        and not is_of_queue_log(leg)
    )


def _sent_on(leg: CallLeg, caller: str) -> CallLeg:
    """The leg; of a call that a service sent on to a number outside (Twilio's Dial), that number's: a mobile, say."""
    goes_on = leg.direction is Direction.OUTBOUND and not leg.extension and leg.contact not in ("", caller)
    if not goes_on or leg.application == "AppDial":
        return leg
    return msgspec.structs.replace(leg, extension=leg.contact, direction=Direction.INBOUND)


def _of_one_mobile(bridged: list[CallLeg]) -> list[CallLeg]:
    """The legs of a line to the outside without a number are of the mobile that the call was forwarded to."""
    mobiles = {leg.extension for leg in bridged if leg.extension.startswith("+")}
    if len(mobiles) != 1:
        return bridged
    mobile = mobiles.pop()
    return [leg if leg.extension else msgspec.structs.replace(leg, extension=mobile) for leg in bridged]


def _without_callers(bridged: list[CallLeg]) -> list[CallLeg]:
    """The bridged legs but for the caller's own, where the phones' are told too.

    The caller's leg (its record is the call's, as FreeSWITCH's A leg is) runs from a menu's answer on, through every
    transfer, and names whoever talked last.
    """
    own = [leg for leg in bridged if leg.record_id == leg.call_id]
    if len(own) != 1 or len(own) == len(bridged):
        return bridged
    (caller,) = own
    since, until = _interval(caller)
    phones = [leg for leg in bridged if leg is not caller and leg.extension]
    inside = [leg for leg in phones if since - _SECOND <= _interval(leg)[0] and _interval(leg)[1] <= until + _SECOND]
    return [leg for leg in bridged if leg is not caller] if inside and len(inside) == len(phones) else bridged


def _tightest(bridged: Sequence[CallLeg]) -> list[CallLeg]:
    """The bridged legs but for those that a tighter record of the same talk bounds.

    A caller who came through a menu was answered by it, so billsec of a queue's leg holds the ringing too; the leg of
    the phone inside of it (Asterisk: `Local/101@from-queue;2` to `PJSIP/101`) is exact. queue_log misses a transfer,
    which the phone's leg shows. So of two records of one person, of different kinds and one inside of the other, the
    outer one tells nothing. A member of a queue whose own phone did not talk (known by name alone, or picked up by a
    colleague) is whoever's phone was bridged meanwhile.
    """
    if not any(leg.queue or is_of_queue_log(leg) for leg in bridged):
        return list(bridged)
    phones = {leg.extension for leg in bridged if leg.extension and not _is_of_queue(leg)}
    # Of a phone's own leg no seconds are a word too: it was picked up and dropped at once.
    talks = [leg for leg in bridged if leg.extension and (leg.billsec or not _is_of_queue(leg))]
    return [leg for leg in bridged if not _is_bounded(leg, talks) and not _is_alias(leg, talks, phones)]


def _is_bounded(outer: CallLeg, talks: Sequence[CallLeg]) -> bool:
    """A tighter record of another kind tells of the same talk."""
    rank = _rank(outer)
    return any(
        inner is not outer
        and _rank(inner) not in (rank, _OF_QUEUE)
        and (inner.billsec, _rank(inner)) < (outer.billsec, rank)
        and _inside(inner, outer)
        for inner in talks
    )


_OF_QUEUE = 2


def _rank(leg: CallLeg) -> int:
    """The kind of record: a phone's own leg, the queue's log, the queue's own leg, which bounds nothing."""
    return 1 if is_of_queue_log(leg) else _OF_QUEUE if leg.queue else 0


def _inside(inner: CallLeg, outer: CallLeg) -> bool:
    """Of the same person, and within the outer leg; both are cut to whole seconds."""
    if inner.extension != outer.extension:
        return False
    (start, end), (first, last) = _interval(inner), _interval(outer)
    return first - _SECOND <= start and end <= last + _SECOND


def _is_of_queue(leg: CallLeg) -> bool:
    """A queue's own leg, or what its log tells."""
    return leg.queue != "" or is_of_queue_log(leg)


def _is_alias(leg: CallLeg, talks: Sequence[CallLeg], phones: Set[str]) -> bool:
    """A queue's member under a name that no phone of the call has, while a phone of it talked."""
    if not _is_of_queue(leg) or leg.extension in phones:
        return False
    first, last = _interval(leg)
    return any(not _is_of_queue(other) and first < (span := _interval(other))[1] and span[0] < last for other in talks)


def _by_start(leg: CallLeg) -> tuple[datetime, int, str, int, str]:
    """Exchanges write whole seconds and number what they write: of one second, 1793610000.9:1 is before .10:2."""
    channel = leg.record_id.partition(":")[0]
    return leg.started_at, len(channel), channel, len(leg.record_id), leg.record_id


def _recording(legs: Sequence[CallLeg]) -> str:
    for leg in legs:
        if leg.recording:
            return leg.recording
    return ""


def _dialler(legs: Sequence[CallLeg], direction: Direction) -> str:
    """Nobody, for an unanswered inbound call: a queue that rang twelve phones blames none of them."""
    if direction is Direction.INBOUND:
        return ""
    if direction is Direction.OUTBOUND and (phone := _dialling_phone(legs)):
        return phone
    return next((leg.extension for leg in legs if leg.direction is direction and leg.extension), "")


def _dialling_phone(legs: Sequence[CallLeg]) -> str:
    """Who dialled: a leg to the outside says it, else the phone of the leg inside that began the call."""
    outward = (leg.extension for leg in legs if leg.direction is Direction.OUTBOUND and leg.extension)
    return next(outward, "") or next((leg.extension for leg in legs if leg.extension), "")


def _unanswered(legs: Sequence[CallLeg]) -> Disposition:
    dispositions = {leg.disposition for leg in legs}
    return next(disposition for disposition in _UNANSWERED if disposition in dispositions)


def _picked_up(leg: CallLeg) -> datetime:
    """When a person was bridged on this leg: at the answer, or billsec before the end when no answer time is known."""
    return leg.answered_at or leg.ended_at - timedelta(seconds=leg.billsec)


def _interval(leg: CallLeg) -> tuple[datetime, datetime]:
    """How long the person was bridged: billsec."""
    start = _picked_up(leg)
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
