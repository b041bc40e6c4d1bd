"""`CEL` events to legs: the same as those of the channel event log's rows. Asterisk cel_manager.c."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from connectors.asterisk.ami.messages import AmiMessage
from connectors.asterisk.cel import WallSeconds, epoch_s
from connectors.asterisk.cel_calls import READ, Gathered, Gatherer
from connectors.asterisk.cel_layouts import EPOCH
from connectors.asterisk.cel_legs import CelLegs, Unfinished
from connectors.asterisk.peers import peers_taught
from connectors.reading.rejects import Misread, reject
from connectors.reading.source import Context
from schemas.records import CallLeg, Reason, Rejected

_OURS = {
    "event": "eventname", "at": "eventtime", "number": "calleridnum", "ani": "calleridani", "app": "application",
    "data": "appdata",
}  # fmt: skip
HEADERS = tuple(_OURS.get(name, name) for name in READ)
"""Headers in lower case, in the order of READ."""
_GRACE_S = 5.0
"""How long after a call's end its last event comes."""
_ORIGIN = "ami"
_NOT_WHOLE = (Reason.MISSING_FIELD, Reason.TRUNCATED)


class CelEvents:
    """Reads `CEL` events of one connection.

    A channel that began before it makes no leg, nor one that goes on after it: the gap tells of that time, and the
    `Cdr` event of the same call comes without it.
    """

    def __init__(self, context: Callable[[], Context], monotonic: Callable[[], float] = time.monotonic) -> None:
        first = context()
        if first.zone is None:
            raise ValueError("events need the exchange's zone")
        self._context = context
        self._monotonic = monotonic
        self._wall_s = WallSeconds(first.zone, "ymd").seconds
        self._legs = CelLegs(peers_taught(first), _ORIGIN)
        self._calls = Gatherer(self._seconds, self._legs.is_phone, _GRACE_S)
        self._heard = monotonic()

    def items(self, events: Sequence[AmiMessage]) -> list[CallLeg | Rejected]:
        """The legs of calls that are over, and what is not an event. Asked without events, it tells the last ones."""
        found: list[CallLeg | Rejected] = []
        if events:
            self._heard = self._monotonic()
        elif self._monotonic() - self._heard > _GRACE_S:
            found += self._items_of(self._calls.closed())
        for event in events:
            row_ref = event.get("uniqueid") or "-"
            try:
                if not event.whole:
                    raise Misread(Reason.LINE_TOO_LONG, "", "the event is too long; its beginning is kept")
                is_due = self._calls.add([event.get(name) for name in HEADERS], row_ref, event.text)
            except Misread as misread:
                found.append(reject(misread.bad, event.text, row_ref, _ORIGIN, self._context()))
                continue
            if is_due:
                found += self._items_of(self._calls.settled())
        return found

    def _items_of(self, calls: Iterable[Gathered]) -> Iterator[CallLeg | Rejected]:
        for call in calls:
            context = self._context()
            for item in self._legs.items(call, context):
                if not isinstance(item, Unfinished):
                    yield item
                elif item.bad.reason not in _NOT_WHOLE:
                    yield reject(item.bad, item.text, item.row_ref, _ORIGIN, context)

    def _seconds(self, text: str, uniqueid: str) -> float:
        """cel_manager writes local time, a newer one what `dateformat` of cel.conf says."""
        return epoch_s(text, uniqueid) if EPOCH.fullmatch(text) else self._wall_s(text, uniqueid)
