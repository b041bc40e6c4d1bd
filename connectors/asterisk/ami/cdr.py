"""A `Cdr` event to a leg: the same as the row of Master.csv that tells of the same channel. Asterisk cdr_manager.c."""

from __future__ import annotations

from collections.abc import Callable

from connectors.asterisk.ami.messages import AmiMessage
from connectors.asterisk.legs import LegReader
from connectors.asterisk.peers import peers_taught
from connectors.reading.rejects import Bad, Misread, reject
from connectors.reading.source import Context
from connectors.reading.times import Times
from connectors.reading.zone_proof import epoch_of
from schemas.records import CallLeg, Reason, Rejected

HEADERS = {
    "starttime": "start",
    "answertime": "answer",
    "endtime": "end",
    "source": "src",
    "destination": "dst",
    "destinationcontext": "dcontext",
    "channel": "channel",
    "destinationchannel": "dstchannel",
    "lastapplication": "lastapp",
    "lastdata": "lastdata",
    "duration": "duration",
    "billableseconds": "billsec",
    "disposition": "disposition",
    "uniqueid": "uniqueid",
    "linkedid": "linkedid",
    "sequence": "sequence",
    "did": "did",
    "cnum": "cnum",
    "recordingfile": "recordingfile",
}
"""Headers in lower case -> our columns. Those from linkedid on are there when cdr_manager.conf maps them."""

MAPPINGS = "linkedid => LinkedID and sequence => Sequence"
_ORIGIN = "ami"


class CdrEvents:
    """Reads `Cdr` events of one exchange."""

    def __init__(self, context: Callable[[], Context]) -> None:
        """`context` gives the context of what is read next, with a new version each time."""
        self._context = context
        first = context()
        if first.zone is None:
            raise ValueError("events need the exchange's zone")
        self._clock = Times(first.zone, "ymd", epoch_of)
        self._peers = peers_taught(first)
        self._columns = tuple(HEADERS.values())

    def item(self, event: AmiMessage) -> CallLeg | Rejected:
        """The leg of an event, or why there is none."""
        context = self._context()
        event_ref = event.get("uniqueid") or "-"
        if not event.whole:
            bad = Bad(Reason.LINE_TOO_LONG, detail="the event is too long; its beginning is kept")
            return reject(bad, event.text, event_ref, _ORIGIN, context)
        cells = [event.get(header) for header in HEADERS]
        try:
            return LegReader(self._columns, self._clock, self._peers, context, _ORIGIN).leg(cells, event_ref)
        except Misread as misread:
            return reject(misread.bad, event.text, event_ref, _ORIGIN, context)


def lacks_ids(event: AmiMessage) -> bool:
    """It has not what makes a leg the same as its row in Master.csv or SQL."""
    return not (event.get("linkedid") and event.get("sequence"))
