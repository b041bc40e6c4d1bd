"""Channel events gathered to calls: which channels a call has, and when each of them was in which bridge.

Pure, and bounded: a call is given back once all of its channels have ended, at the latest after the longest call's
span, and of very many open calls the oldest. Rows of one call may be in any order within a minute, and far apart.
LINKEDID_END ends nothing: after a transfer it comes while a channel of that call talks on under another linkedid.
Sources: Asterisk main/cel.c, "CEL Specification"; the `cel` table of an exchange.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from connectors.reading.file_format import RowRef
from connectors.reading.lengths import WEEK_S
from connectors.reading.rejects import Misread
from schemas.records import Reason

READ = ("event", "at", "uniqueid", "linkedid", "channel", "number", "ani", "exten", "context", "app", "data", "peer",
        "extra")  # fmt: skip
"""What is read of an event, in the order of `Gatherer.add`."""
GRACE_S = 60.0
"""How much later than a call's end the last of its rows stand in a file."""
_MOST_OPEN = 20_000
"""Calls that have not ended; of more the oldest is given up."""
_MOST_MARKS = 2_000
"""Channels, and steps in and out of bridges, of one call; one with more is given up too."""
_BRIDGE_ID = re.compile(r'"bridge_id":\s*"([^"]+)"')
_STATUS = re.compile(r'"dialstatus":\s*"(\w*)"')
_CAUSE = re.compile(r'"hangupcause":\s*"?(\d+)')

Seconds = Callable[[str, str], float]
"""The text of a time, and the uniqueid beside it, to seconds since the epoch; raises Misread."""


class Channel:
    """What the events say of one channel so far. Times are seconds since the epoch, None where no event said it."""

    __slots__ = (
        *(
            "uniqueid",
            "born",
            "linkedid",
            "name",
            "row_ref",
            "text",
            "seen",
            "started",
            "answered",
            "ended",
            "end_row_ref",
        ),
        *("exten", "number", "queue", "app", "originated", "status", "cause", "marks"),
    )

    def __init__(self, uniqueid: str, linkedid: str, name: str, row_ref: RowRef, text: str, at: float) -> None:
        self.uniqueid = uniqueid
        self.born = self.linkedid = linkedid
        """The id of its call at first, and at last: a transfer makes calls one."""
        self.name = name
        self.row_ref, self.text = row_ref, text
        """Of the row that began it, else of the first one that tells of it."""
        self.seen = at
        self.started: float | None = None
        self.answered: float | None = None
        self.ended: float | None = None
        self.end_row_ref: RowRef = row_ref
        self.exten = ""
        """What it dialled, or was called by, when it was made."""
        self.number = ""
        self.queue = ""
        self.app = ""
        self.originated = False
        """A program had it dialled (Originate), rather than that it came in or was dialled by another channel."""
        self.status = ""
        self.cause = ""
        self.marks: list[tuple[float, str, bool]] = []
        """(when, bridge, whether it left it)."""


class Gathered:
    """The channels of one call, and of calls that became one by a transfer."""

    __slots__ = ("bridges", "channels", "closed_at", "guests", "linkedids", "marks", "open", "since")

    def __init__(self, linkedid: str, at: float) -> None:
        self.channels: dict[str, Channel] = {}
        self.bridges: set[str] = set()
        self.guests: dict[str, str] = {}
        """The ids of phones' calls into this one's conference -> this one's."""
        self.linkedids = [linkedid]
        self.since = at
        self.open = 0
        self.marks = 0
        self.closed_at: float | None = None


class Gatherer:
    """Takes events one by one; `settled` are the calls that are over since it was asked last."""

    def __init__(self, seconds: Seconds, is_phone: Callable[[str], bool], grace_s: float = GRACE_S) -> None:
        """`is_phone` says of a channel's name whether a person inside is at it."""
        self._seconds = seconds
        self._is_phone = is_phone
        self._grace_s = grace_s
        self._calls: dict[str, Gathered] = {}
        self._of_channel: dict[str, Gathered] = {}
        self._of_bridge: dict[str, list[Gathered]] = {}
        self._closing: deque[tuple[float, Gathered]] = deque()
        self._large: Gathered | None = None
        self._now = self._before = 0.0
        """The times of the last event, and of the one before."""

    def add(self, event_fields: Sequence[str], row_ref: RowRef, text: str) -> bool:
        """Take an event, its cells in the order of READ. True when `settled` has something. Raises Misread."""
        event, when, uniqueid, linkedid, name, number, ani, exten, context, app, data, peer, extra = event_fields
        if not (event and uniqueid and linkedid):
            field = "linkedid" if event and uniqueid else "uniqueid" if event else "event"
            raise Misread(Reason.MISSING_FIELD, field, "an event says its type, and the ids of its channel and call")
        at = self._seconds(when, uniqueid)
        call = self._calls.get(linkedid)
        channel = call.channels.get(uniqueid) if call is not None else None
        if call is None or channel is None:
            call, channel = self._channel(linkedid, uniqueid, name, row_ref, text, at)
        channel.linkedid = call.guests.get(linkedid, linkedid) if call.guests else linkedid
        if not channel.number:
            channel.number = number or ani
        if app:
            channel.app = app
            if app == "AppDial2":
                channel.originated = True
            if app == "Queue":
                channel.queue = data.partition(",")[0]
        if context == "ext-queues" and not channel.queue and exten.isdecimal():
            channel.queue = exten
        if event == "BRIDGE_ENTER" or event == "BRIDGE_EXIT":
            if "holding_bridge" not in extra:
                _mark(call, channel, at, peer, extra, event == "BRIDGE_EXIT")
                if event == "BRIDGE_ENTER" and "softmix" in extra:
                    self._meet(call, channel.marks[-1][1])
                self._count(self._of_channel[uniqueid])
        elif event == "HANGUP" or event == "CHAN_END":
            self._end(call, channel, at, row_ref, extra, event == "HANGUP")
        elif event == "CHAN_START":
            channel.started, channel.exten, channel.row_ref, channel.text = at, exten, row_ref, text
            channel.name, channel.born = name, linkedid
        elif event == "ANSWER" and channel.answered is None:
            channel.answered = at
        return self.is_due(at)

    def is_due(self, at: float) -> bool:
        """Whether a call is over for long enough. One odd time alone hastens nothing."""
        self._before, self._now = self._now, at
        if self._closing and self._is_past(self._closing[0][0]):
            return True
        return self._large is not None or len(self._calls) > _MOST_OPEN

    def _is_past(self, at: float) -> bool:
        return abs(self._now - at) > self._grace_s and abs(self._before - at) > self._grace_s

    def settled(self) -> Iterator[Gathered]:
        """The calls that are over, with those that waited in vain for their end."""
        if (large := self._large) is not None:
            self._large = None
            yield self._given(large)
        while self._closing and self._is_past(self._closing[0][0]):
            closed_at, call = self._closing.popleft()
            if call.closed_at == closed_at:
                yield self._given(call)
        now = min(self._now, self._before)
        while self._calls:
            oldest = next(iter(self._calls.values()))
            if len(self._calls) <= _MOST_OPEN and now - oldest.since <= WEEK_S:
                return
            yield self._given(oldest)

    def closed(self) -> Iterator[Gathered]:
        """The calls that are over, however short a time ago: when nothing more of them will come."""
        while self._closing:
            closed_at, call = self._closing.popleft()
            if call.closed_at == closed_at:
                yield self._given(call)

    def rest(self) -> Iterator[Gathered]:
        """All that is left when no more events come."""
        while self._calls:
            yield self._given(next(iter(self._calls.values())))
        self._closing.clear()

    def _given(self, call: Gathered) -> Gathered:
        for linkedid in call.linkedids:
            del self._calls[linkedid]
        for uniqueid in call.channels:
            del self._of_channel[uniqueid]
        for bridge in call.bridges:
            calls = self._of_bridge[bridge]
            calls.remove(call)
            if not calls:
                del self._of_bridge[bridge]
        call.closed_at = None  # what stands in `_closing` of it means nothing any more
        return call

    def _channel(
        self, linkedid: str, uniqueid: str, name: str, row_ref: RowRef, text: str, at: float
    ) -> tuple[Gathered, Channel]:
        """A channel that is new to its call; a transfer moves one, and with it all of its call."""
        call = self._calls.get(linkedid)
        other = self._of_channel.get(uniqueid)
        if call is None and other is None:
            call = self._calls[linkedid] = Gathered(linkedid, at)
        elif call is None and other is not None:
            call = self._calls[linkedid] = other
            call.linkedids.append(linkedid)
        elif call is not None and other is not None:
            self._merge(call, other)
        assert call is not None
        channel = call.channels.get(uniqueid)
        if channel is None:
            channel = call.channels[uniqueid] = Channel(uniqueid, linkedid, name, row_ref, text, at)
            self._of_channel[uniqueid] = call
            call.open += 1
            call.closed_at = None
            self._count(call)
        return call, channel

    def _count(self, call: Gathered) -> None:
        call.marks += 1
        if call.marks > _MOST_MARKS:
            self._large = call

    def _close(self, call: Gathered, at: float) -> None:
        call.closed_at = at
        self._closing.append((at, call))

    def _meet(self, call: Gathered, bridge: str) -> None:
        """A phone that dialled into a conference by itself is of the call that it meets there: ids do not join them."""
        if bridge in call.bridges:
            return
        others = [one for one in self._of_bridge.get(bridge, ()) if _is_in(one, bridge)]
        call.bridges.add(bridge)
        self._of_bridge.setdefault(bridge, []).append(call)
        for other in others:
            if self._is_of_phones(other):
                self._take_in(call, other)
            elif self._is_of_phones(call):
                self._take_in(other, call)
                return

    def _is_of_phones(self, call: Gathered) -> bool:
        return all(self._is_phone(channel.name) for channel in call.channels.values())

    def _take_in(self, call: Gathered, guest: Gathered) -> None:
        own = call.linkedids[0]
        call.guests |= dict.fromkeys(guest.linkedids, own)
        for channel in guest.channels.values():
            channel.linkedid = own
        self._merge(call, guest)

    def _merge(self, call: Gathered, other: Gathered) -> None:
        for bridge in other.bridges:
            calls = self._of_bridge[bridge]
            calls.remove(other)
            if bridge not in call.bridges:
                calls.append(call)
        call.bridges |= other.bridges
        call.guests |= other.guests
        for uniqueid in other.channels:
            self._of_channel[uniqueid] = call
        for linkedid in other.linkedids:
            self._calls[linkedid] = call
        call.channels |= other.channels
        call.linkedids += other.linkedids
        call.open += other.open
        call.marks += other.marks
        call.since = min(call.since, other.since)
        call.closed_at = other.closed_at = None
        if call.open == 0:
            self._close(call, self._now)

    def _end(self, call: Gathered, channel: Channel, at: float, row_ref: RowRef, extra: str, hangup: bool) -> None:
        if channel.ended is None:
            call.open -= 1
            if call.open == 0:
                self._close(call, at)
        elif not hangup:
            return
        channel.ended, channel.end_row_ref = at, row_ref
        if hangup:
            status, cause = _STATUS.search(extra), _CAUSE.search(extra)
            channel.status = status[1] if status else ""
            channel.cause = cause[1] if cause else ""


def _is_in(call: Gathered, bridge: str) -> bool:
    """Whether a channel of it is in this bridge now."""
    return any(one.marks and one.marks[-1][1:] == (bridge, False) for one in call.channels.values())


def _mark(call: Gathered, channel: Channel, at: float, peer: str, extra: str, left: bool) -> None:
    """Note that a channel entered or left a bridge."""
    if found := _BRIDGE_ID.search(extra):
        bridge = found[1]
    elif left:
        bridge = channel.marks[-1][1] if channel.marks else channel.name
    else:
        bridge = _bridge_of(call, channel, peer.partition(",")[0])
    channel.marks.append((at, bridge, left))


def _bridge_of(call: Gathered, channel: Channel, peer: str) -> str:
    """The bridge that a channel entered, where no id is told: by who is in it already.

    A log without `extra` and `peer` tells neither: then it is the bridge that a channel of the call entered last and
    has not left.
    """
    inside = [one for one in call.channels.values() if one is not channel and one.marks and not one.marks[-1][2]]
    if peer:
        there = [one for one in call.channels.values() if one.name == peer and one.marks]
        return there[0].marks[-1][1] if there else peer
    return max(inside, key=lambda one: one.marks[-1][0]).marks[-1][1] if inside else channel.name
