"""The channels of one call to legs: the one that began it, and each phone. Pure.

Whole seconds are kept, as CDRs have them, so that a talk told by both is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from connectors.asterisk.cel_bridges import End, length_s, spans
from connectors.asterisk.cel_calls import Channel, Gathered
from connectors.asterisk.cel_facts import CallFacts
from connectors.asterisk.peers import PeerKind, Peers
from connectors.reading.file_format import RowRef
from connectors.reading.leg import build_leg
from connectors.reading.lengths import check_order
from connectors.reading.phones import refuse_cut_digits
from connectors.reading.rejects import Bad, Misread
from connectors.reading.source import Context
from schemas.evidence import CEL
from schemas.records import CallLeg, Direction, Disposition, Reason


class Unfinished(NamedTuple):
    """A channel that makes no leg, and why; place and text are of the row that began it."""

    bad: Bad
    row_ref: RowRef
    text: str


class CelLegs:
    """Makes the legs of calls of one file, or of one exchange's events."""

    def __init__(self, peers: Peers, file: str) -> None:
        self._peers = peers
        self._file = file

    def is_phone(self, channel: str) -> bool:
        """Whether a person inside is at a channel of this name."""
        return self._peers.of(channel).kind is PeerKind.EXTENSION

    def items(self, call: Gathered, context: Context) -> Iterator[CallLeg | Unfinished]:
        """A leg for each channel that makes one, or why it does not."""
        ends = [self._end(channel) for channel in call.channels.values()]
        call_facts = CallFacts(ends, self._peers, context)
        for end in ends:
            if end is call_facts.first or end.kind is PeerKind.EXTENSION:
                try:
                    yield self._leg(end, call_facts, context)
                except Misread as misread:
                    yield Unfinished(misread.bad, end.channel.row_ref, end.channel.text)

    def _end(self, channel: Channel) -> End:
        peer = self._peers.of(channel.name)
        return End(channel, peer.kind, peer.number, spans(channel) if channel.marks else (), peer.is_tie)

    def _leg(self, end: End, call_facts: CallFacts, context: Context) -> CallLeg:
        channel = end.channel
        started_at, ended_at = _times(channel)
        direction, extension, talk, disposition, other, outside = call_facts.of(end)
        refuse_cut_digits(number=outside)
        answered_at, billsec = None, 0
        if talk:
            answered_at, billsec = _moment(talk[0][0]), int(length_s(talk))
        elif disposition is Disposition.MACHINE and channel.answered is not None:
            answered_at = _moment(channel.answered)
        if answered_at is not None and not started_at <= answered_at <= ended_at - timedelta(seconds=billsec - 1):
            raise Misread(Reason.BAD_TIME, "at", f"{channel.name} was answered before it began, or after its end")
        began = end is call_facts.first
        return build_leg(
            context,
            f"{self._file}:{channel.end_row_ref}",
            channel.linkedid,
            f"{channel.uniqueid}{CEL}",
            started_at,
            ended_at,
            direction,
            disposition,
            answered_at,
            billsec,
            extension=extension,
            peer=other,
            outside=outside,
            did=call_facts.did if began else "",
            # Not of a phone: its talk is inside of what the queue's own CDR tells.
            queue=channel.queue if began and direction is Direction.INBOUND else "",
            application=channel.app,
        )


def _times(channel: Channel) -> tuple[datetime, datetime]:
    """Start and end. Raises Misread when the events do not tell them."""
    if channel.started is None:
        detail = f"no CHAN_START of {channel.name}: it began before the file did, or its row was rejected"
        raise Misread(Reason.MISSING_FIELD, "event", detail)
    if channel.ended is None:
        detail = f"no HANGUP of {channel.name}: it was up still, or the file is cut"
        raise Misread(Reason.TRUNCATED, "event", detail)
    check_order(channel.started, 0, channel.ended, ("at", "at"), Reason.BAD_DURATION)
    return _moment(channel.started), _moment(channel.ended)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
