"""One row of the family to one CallLeg. Pure; raises Misread for a row that cannot be understood."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from operator import itemgetter

from connectors.asterisk.clock import WallClock
from connectors.asterisk.peers import Kind, Peer, Peers
from connectors.phones import e164, is_scientific
from connectors.rejects import Misread
from connectors.source import Context
from schemas.records import CallLeg, Direction, Disposition, Reason

FIELDS = [
    "start",
    "answer",
    "end",
    "src",
    "dst",
    "dcontext",
    "channel",
    "dstchannel",
    "lastapp",
    "lastdata",
    "duration",
    "billsec",
    "disposition",
    "uniqueid",
    "linkedid",
    "sequence",
    "did",
    "cnum",
    "recordingfile",
]

# Applications that bridge a caller to somebody. Everything else that answers a channel is a machine (IVR, voicemail,
# announcement), and a queue is one until an agent's channel is there. app_dial.c, app_queue.c, app_followme.c,
# features: Bridge, Pickup, Transferred Call.
_BRIDGING = frozenset({"dial", "queue", "appdial", "appqueue", "followme", "bridge", "pickup", "transferred call"})
_DISPOSITIONS = {
    "NO ANSWER": Disposition.NO_ANSWER,
    "BUSY": Disposition.BUSY,
    "FAILED": Disposition.FAILED,
    "CONGESTION": Disposition.FAILED,
    "CANCEL": Disposition.CANCELLED,
}
_EXTENSION, _TRUNK, _LOCAL, _NONE = Kind.EXTENSION, Kind.TRUNK, Kind.LOCAL, Kind.NONE
_IN, _OUT, _INSIDE, _UNKNOWN = Direction.INBOUND, Direction.OUTBOUND, Direction.INTERNAL, Direction.UNKNOWN


class LegReader:
    """Reads rows of one file."""

    def __init__(self, columns: tuple[str, ...], clock: WallClock, peers: Peers, context: Context, file: str) -> None:
        width = len(columns)
        # A missing column is read from one past the end, where a "" is put.
        self._pick = itemgetter(*(columns.index(name) if name in columns else width for name in FIELDS))
        self._clock = clock
        self._peers = peers
        self._region = context.region
        self._context = context
        self._file = file
        self._has_channels = "channel" in columns

    def leg(self, fields: list[str], line: int) -> CallLeg:
        """The leg of a row with the layout's width."""
        (start, answer, end, src, dst, dcontext, channel, dstchannel, lastapp, lastdata, duration, billsec, disposition,
         uniqueid, linkedid, sequence, did, cnum, recording) = self._pick([*fields, ""])  # fmt: skip
        duration_s, billsec_s = _seconds(duration, "duration"), _seconds(billsec, "billsec")
        if billsec_s > duration_s + 1:  # both are cut to whole seconds, from different beginnings
            raise Misread(Reason.BAD_DURATION, "billsec", f"billsec {billsec} is longer than duration {duration}")
        if not start:
            raise Misread(Reason.BAD_TIME, "start", "no start time")
        started_at = self._clock.utc(start, uniqueid)
        ended_at = self._clock.utc(end, uniqueid) if end else started_at + timedelta(seconds=duration_s)
        if is_scientific(src) or is_scientific(dst):
            raise Misread(Reason.BAD_PHONE, "src" if is_scientific(src) else "dst", "a spreadsheet cut the digits off")
        near, far = self._peers.of(channel), self._peers.of(dstchannel)
        direction, extension, other, outside = self._ends(near, far, src, dst, cnum, bool(linkedid))
        became = self._disposition(disposition, billsec_s, lastapp, far, direction)
        answered_at = None
        if became is Disposition.ANSWERED or became is Disposition.MACHINE:
            answered_at = self._clock.utc(answer, uniqueid) if answer else ended_at - timedelta(seconds=billsec_s)
        context = self._context
        call_id, record_id = _identity(uniqueid, linkedid, sequence, (start, src, dst, channel, dstchannel, lastapp))
        return CallLeg(
            source=context.source,
            call_id=call_id,
            record_id=record_id,
            started_at=started_at,
            answered_at=answered_at,
            ended_at=ended_at,
            billsec=billsec_s,
            direction=direction,
            disposition=became,
            extension=extension,
            peer_extension=other,
            contact=e164(outside, self._region) if outside else "",
            contact_raw=outside,
            did=did,
            queue=_queue(lastapp, lastdata, dcontext, dst),
            application=lastapp,
            recording=recording,
            import_id=context.import_id,
            origin=f"{self._file}:{line}",
            version=context.version,
        )

    def _ends(
        self, near: Peer, far: Peer, src: str, dst: str, cnum: str, linked: bool
    ) -> tuple[Direction, str, str, str]:
        """(direction, the person's extension, the other extension, the outside number as written)."""
        if near.kind is _EXTENSION:
            return self._from_inside(near.number, far, dst)
        if near.kind is _TRUNK:
            if self._peers.is_extension(cnum) and far.kind is _TRUNK:
                return _OUT, cnum, "", dst
            return _IN, far.number, "", src
        if near.kind is _LOCAL:
            # Half of a pair inside of Asterisk. Without a linkedid it would look like a call of its own.
            if not linked or not e164(src, self._region):
                return _INSIDE, far.number or near.number, src if self._peers.is_extension(src) else "", ""
            return _IN, far.number or near.number, "", src
        return self._by_numbers(src, dst, far)

    def _from_inside(self, extension: str, far: Peer, dst: str) -> tuple[Direction, str, str, str]:
        if far.kind is _TRUNK:
            return _OUT, extension, "", dst
        # Nobody's channel yet: a number outside that was not reached, or a service inside (*97, s, vmu101).
        nobody = far.kind is _NONE or (far.kind is _LOCAL and not far.number)
        if nobody and not self._peers.is_extension(dst) and e164(dst, self._region):
            return _OUT, extension, "", dst
        return _INSIDE, extension, far.number or (dst if self._peers.is_extension(dst) else ""), ""

    def _by_numbers(self, src: str, dst: str, far: Peer) -> tuple[Direction, str, str, str]:
        """No channel: by what the numbers look like."""
        from_inside, to_inside = self._peers.is_extension(src), self._peers.is_extension(dst)
        if from_inside and to_inside:
            return _INSIDE, src, dst, ""
        if from_inside:
            return (_OUT, src, "", dst) if e164(dst, self._region) else (_INSIDE, src, "", "")
        if e164(src, self._region) or to_inside or far.number:
            return _IN, far.number or (dst if to_inside else ""), "", src
        return _UNKNOWN, "", "", src or dst

    def _disposition(self, said: str, billsec_s: int, lastapp: str, far: Peer, direction: Direction) -> Disposition:
        said = said.strip().upper()
        if said != "ANSWERED":
            return _DISPOSITIONS.get(said, Disposition.UNKNOWN)
        if not self._has_channels:
            return Disposition.ANSWERED if billsec_s > 0 else Disposition.NO_ANSWER
        somebody = far.kind is _EXTENSION or far.kind is _TRUNK or (far.kind is _LOCAL and far.number != "")
        if billsec_s > 0 and somebody and lastapp.lower() in _BRIDGING:
            return Disposition.ANSWERED
        return Disposition.MACHINE


def _seconds(text: str, field: str) -> int:
    try:
        seconds = int(text)
    except ValueError:
        raise Misread(Reason.BAD_DURATION, field, f"{text!r} is no number of seconds") from None
    if seconds < 0 or seconds > 604_800:
        raise Misread(Reason.BAD_DURATION, field, f"{text} s is no duration of a call (0 to a week)")
    return seconds


def _queue(lastapp: str, lastdata: str, dcontext: str, dst: str) -> str:
    if lastapp == "Queue":
        return lastdata.partition(",")[0]
    return dst if dcontext == "ext-queues" else ""


def _identity(uniqueid: str, linkedid: str, sequence: str, rest: tuple[str, ...]) -> tuple[str, str]:
    """(call_id, record_id). Of what a correction does not change, and only of what the family's layouts share.

    (uniqueid, sequence) is unique in a run of Asterisk, and uniqueid holds the epoch. Without a sequence the legs of
    a channel differ by whom they rang. Without a uniqueid identical rows are one record: nothing tells them apart.
    """
    if uniqueid and sequence:
        return linkedid or uniqueid, f"{uniqueid}:{sequence}"
    name = hashlib.blake2b("\x1f".join(rest).encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
    if uniqueid:
        return linkedid or uniqueid, f"{uniqueid}:{name}"
    return linkedid or f"row:{name}", f"row:{name}"
