"""What the channels of a call tell together: which way it went, and who talked with whom. Pure.

Who talked with the outside shows in the bridges: when a phone's channel and a trunk's were together. Directions and
extensions are told as from the CDR of the same call.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from connectors.asterisk.cel_bridges import Bridges, End, Pieces, length_s, within
from connectors.asterisk.cel_calls import Channel
from connectors.asterisk.peers import PeerKind, Peers
from connectors.reading.mobiles import is_mobile
from connectors.reading.source import Context
from schemas.records import Direction, Disposition

_EXTENSION, _TRUNK, _LOCAL = PeerKind.EXTENSION, PeerKind.TRUNK, PeerKind.LOCAL
_IN, _OUT, _INSIDE = Direction.INBOUND, Direction.OUTBOUND, Direction.INTERNAL
_ANSWERED, _MACHINE = Disposition.ANSWERED, Disposition.MACHINE
_STATUSES = {
    "BUSY": Disposition.BUSY,
    "NOANSWER": Disposition.NO_ANSWER,
    "CANCEL": Disposition.CANCELLED,
    "CHANUNAVAIL": Disposition.FAILED,
    "CONGESTION": Disposition.FAILED,
}
"""DIALSTATUS of who dialled, app_dial.c."""
_CAUSES = {"17": Disposition.BUSY, **dict.fromkeys(("", "0", "16", "18", "19", "26", "127"), Disposition.NO_ANSWER)}
"""Q.850 of a channel that nobody answered; 127 is what a cancelled INVITE becomes. Others: it failed."""


class EndFacts(NamedTuple):
    """What a leg says beside its channel's times."""

    direction: Direction
    extension: str
    talk: Pieces
    disposition: Disposition
    other: str = ""
    outside: str = ""


class CallFacts:
    """What the channels of a call tell together."""

    def __init__(self, ends: Sequence[End], peers: Peers, context: Context) -> None:
        self._peers = peers
        self._context = context
        self._phones = [end for end in ends if end.kind is _EXTENSION]
        self._locals = [end for end in ends if end.kind is _LOCAL]
        trunks = [end for end in ends if end.kind is _TRUNK]
        self._dialled = [end for end in trunks if not _is_caller(end)]
        self.first = self._first(ends, [end for end in trunks if _is_caller(end)])
        self._trunks = [end for end in trunks if end is not self.first or end.channel.originated]
        self._shared = Bridges(self._locals).shared
        self._direction = self._way_of(self.first)
        called = self.first.channel.exten
        is_did = self._direction is _IN and called.lstrip("+").isdecimal() and not peers.is_extension(called)
        self.did = called if is_did else ""

    def _first(self, ends: Sequence[End], callers: Sequence[End]) -> End:
        """Who began it. Of calls that became one by a transfer: the earliest, but one from outside before inside."""
        own = [end for end in ends if _is_caller(end)]
        first = min(own or ends, key=lambda end: end.channel.seen)
        if first.kind is _EXTENSION and callers and not self._dialled:
            return min(callers, key=lambda end: end.channel.seen)
        return first

    def _way_of(self, first: End) -> Direction:
        if first.is_tie and self._peers.is_extension(first.channel.number):
            return _INSIDE  # it is counted at the sister exchange
        if first.kind is _TRUNK:
            return _OUT if first.channel.originated else _IN
        if self._dialled or (first.kind is _EXTENSION and len(self._phones) == 1 and self._goes_outside(first)):
            return _OUT
        return _INSIDE

    def _goes_outside(self, end: End) -> bool:
        number = end.channel.exten
        return not self._peers.is_extension(number) and self._context.e164(number) != ""

    def of(self, end: End) -> EndFacts:
        """What the leg of a channel says."""
        if self._direction is _INSIDE:
            return self._of_inside(end)
        if end is self.first:
            return self._of_first(end)
        if _is_caller(end):
            return self._of_question(end)
        if self._direction is _OUT:
            return self._of_dialled_outward(end)
        return self._of_rung(end)

    def _of_first(self, end: End) -> EndFacts:
        if self._direction is _IN:
            outside = end.channel.number
            if talk := self._shared(end, self._phones):
                return EndFacts(
                    _IN, "", self._shared(end, [*self._phones, *self._trunks]) or talk, _ANSWERED, "", outside
                )
            if talk := self._shared(end, self._trunks):
                # The other end is a mobile: of a member of a queue at home (Local/101@from-queue), or of a forward.
                member = next((one.number for one in self._locals if one.number and one.channel.answered), "")
                if member:
                    return EndFacts(_IN, member, talk, _ANSWERED, "", outside)
                mobile, called = self._mobile(end), end.channel.exten
                by = called if is_mobile(mobile) and self._peers.is_extension(called) else ""
                return EndFacts(_IN, mobile, talk, _ANSWERED, by, outside)
            return EndFacts(_IN, "", [], _unanswered(end.channel), "", outside)
        outside = self._number_outside(end)
        if end.kind is _EXTENSION:
            talk = self._shared(end, self._trunks)
            return EndFacts(_OUT, end.number, talk, _ANSWERED if talk else self._not_reached(), "", outside)
        talks = [(talk, phone.number) for phone in self._phones if (talk := self._shared(phone, self._trunks))]
        if not talks:
            return EndFacts(_OUT, end.number, [], self._not_reached(), "", outside)
        # Begun by a program: the pair may be gone once it has brought the two together.
        talk, number = max(talks, key=lambda one: length_s(one[0]))
        own = within(talk, end.channel.seen, end.channel.ended or end.channel.seen)
        return EndFacts(_OUT, number, own, _ANSWERED if own else Disposition.UNKNOWN, "", outside)

    def _mobile(self, end: End) -> str:
        """The number of the dialled line that it talked with longest, in E.164: the roster may know whose it is."""
        others = [one for one in self._trunks if one is not end]
        talks = [(length_s(self._shared(end, [one])), one.channel.number) for one in others]
        return self._context.e164(max(talks)[1]) if talks else ""

    def _of_rung(self, end: End) -> EndFacts:
        """A phone that a call from outside rang."""
        outside = self.first.channel.number
        if talk := self._shared(end, [self.first, *self._trunks]):
            return EndFacts(_IN, end.number, talk, _ANSWERED, "", outside)
        return self._among_phones(end) or EndFacts(_IN, end.number, [], _unanswered(end.channel), "", outside)

    def _of_dialled_outward(self, end: End) -> EndFacts:
        """A phone that came into a call to outside: that a program called first, or a colleague's."""
        outside = self._number_outside(self.first)
        if talk := self._shared(end, self._trunks):
            return EndFacts(_OUT, end.number, talk, _ANSWERED, "", outside)
        if among := self._among_phones(end):
            return among
        if self.first.kind is _LOCAL:
            return EndFacts(_OUT, end.number, [], self._not_reached(), "", outside)
        return EndFacts(_INSIDE, end.number, [], _unanswered(end.channel))

    def _of_question(self, end: End) -> EndFacts:
        """A phone that dialled into the call: into a parking place, to pick up, or to consult before a transfer."""
        if self._direction is _IN and (talk := self._shared(end, [self.first])):
            return EndFacts(_IN, end.number, talk, _ANSWERED, "", self.first.channel.number)
        if (talk := self._shared(end, self._dialled)) or self._goes_outside(end):
            disposition = _ANSWERED if talk else _unanswered(end.channel)
            return EndFacts(_OUT, end.number, talk, disposition, "", self._number_outside(end))
        return self._among_phones(end) or EndFacts(_INSIDE, end.number, [], _unanswered(end.channel))

    def _of_inside(self, end: End) -> EndFacts:
        caller = self.first
        others = [one for one in self._phones if one is not end]
        talk = self._shared(end, others)
        number, other = end.number, self._with_whom(end, others)
        if end is caller and not other and self._peers.is_extension(end.channel.exten):
            other = end.channel.exten
        elif end is not caller and caller.kind is _EXTENSION:
            number, other = caller.number, end.number
        disposition = _ANSWERED if talk else _unanswered(end.channel)
        return EndFacts(_INSIDE, number, talk, disposition, other if other != number else "")

    def _among_phones(self, end: End) -> EndFacts | None:
        """That two phones talked aside; None when it did not."""
        others = [one for one in self._phones if one is not end]
        if not (talk := self._shared(end, others)):
            return None
        return EndFacts(_INSIDE, end.number, talk, _ANSWERED, self._with_whom(end, others))

    def _with_whom(self, end: End, others: Sequence[End]) -> str:
        return next((one.number for one in others if self._shared(end, [one])), "")

    def _number_outside(self, end: End) -> str:
        """The number that a call to outside went to: as dialled, else as the trunk has it."""
        if end.kind is _EXTENSION and self._goes_outside(end):
            return end.channel.exten
        return next((one.channel.number for one in self._dialled if one.channel.number), "")

    def _not_reached(self) -> Disposition:
        """What became of a call to outside that brought nobody together."""
        if any(end.channel.answered is not None for end in self._dialled):
            return _MACHINE
        statuses = (_STATUSES.get(end.channel.status) for end in (self.first, *self._locals))
        return next(filter(None, statuses), None) or _unanswered((self._dialled or [self.first])[0].channel)


def _is_caller(end: End) -> bool:
    """It began a call, and was not dialled in one; a line to the outside that a program dialled began none."""
    channel = end.channel
    return channel.born == channel.uniqueid and not (channel.originated and end.kind is _TRUNK)


def _unanswered(channel: Channel) -> Disposition:
    """What became of a channel that nobody was bridged with."""
    if channel.answered is not None:
        return _MACHINE
    return _STATUSES.get(channel.status) or _CAUSES.get(channel.cause, Disposition.FAILED)
