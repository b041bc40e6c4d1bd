"""One row of the family to one CallLeg. Pure; raises Misread for a row that cannot be understood."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from operator import itemgetter
from zlib import crc32

from connectors.asterisk.line_prefixes import DIALLED_NUMBER
from connectors.asterisk.peers import NOBODY, Peer, PeerKind, Peers, mobile_of
from connectors.asterisk.servers import SharedIds
from connectors.reading.file_format import RowRef
from connectors.reading.identity import nameless
from connectors.reading.leg import build_leg
from connectors.reading.lengths import SPANS, WEEK_S, durations
from connectors.reading.mobiles import is_mobile
from connectors.reading.outcomes import (
    ANSWERED,
    BUSY,
    CANCELLED,
    FAILED,
    INBOUND,
    INTERNAL,
    MACHINE,
    NO_ANSWER,
    OUTBOUND,
)
from connectors.reading.phones import refuse_cut_digits
from connectors.reading.rejects import Misread
from connectors.reading.source import Context
from connectors.reading.times import Times
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

# Applications that bridge a caller to somebody. app_dial.c, app_queue.c, app_followme.c, features: Bridge, Pickup,
# Transferred Call.
BRIDGING = frozenset({"dial", "queue", "appdial", "appqueue", "followme", "bridge", "pickup", "transferred call"})
# What answers a channel by itself, also where an unanswered phone is named beside it (Asterisk before 12). Of any other
# application between two ends (Stasis, RetryDial, Macro, Park, one of the exchange's own) people talked.
_MACHINES = frozenset(
    {"voicemail", "voicemailmain", "vmauthenticate", "minivmgreet", "minivmrecord", "minivmaccmess", "playback"}
    | {"background", "backgrounddetect", "playtones", "musiconhold", "wait", "waitexten", "waitmusiconhold", "read"}
    | {"record", "echo", "milliwatt", "directory", "busy", "congestion", "saydigits", "saynumber", "saytime", "speech"}
    | {"speechbackground", "controlplayback", "ringing", "answer", "progress", "dictate", "sendfax", "receivefax"}
    | {"playback", "morsecode", "festival", "sayunixtime", "sayalpha", "sayphonetic", "zapateller", "amd"}
)
# Whoever dials these comes to a call that is there already, whichever way that went.
_JOINING = frozenset({"parkedcall", "pickup", "pickupchan", "bridge"})
_ROOMS = frozenset({"ConfBridge", "MeetMe"})
_DISPOSITIONS = {
    "ANSWERED": ANSWERED,
    "NO ANSWER": NO_ANSWER,
    "BUSY": BUSY,
    "FAILED": FAILED,
    "CONGESTION": FAILED,
    "CANCEL": CANCELLED,
    "UNKNOWN": Disposition.UNKNOWN,
}
_EXTENSION, _TRUNK, _LOCAL, _NONE = PeerKind.EXTENSION, PeerKind.TRUNK, PeerKind.LOCAL, PeerKind.NONE
_UNKNOWN = Direction.UNKNOWN


_HOUR = timedelta(hours=1, seconds=5)
"""A change of clocks, and a bit."""


class LegReader:
    """Reads rows of one file."""

    def __init__(
        self,
        columns: tuple[str, ...],
        clock: Times,
        peers: Peers,
        context: Context,
        file: str,
        shared: SharedIds | None = None,
    ) -> None:
        """A column `server` is a part of the ids; `shared` are ids that two servers gave."""
        width = len(columns)
        self._server = columns.index("server") if "server" in columns else None
        self._shared = shared
        # A missing column is read from one past the end, where a "" is put.
        self._pick = itemgetter(*(columns.index(name) if name in columns else width for name in FIELDS))
        self._clock = clock
        self._utc = clock.utc
        self._peers = peers
        self._context = context
        self._file = file
        self._has_channels = "channel" in columns
        self._has_application = "lastapp" in columns
        self._has_duration = "duration" in columns

    def leg(self, fields: list[str], row_ref: RowRef) -> CallLeg:
        """The leg of a row with the layout's width; `fields` is used up."""
        fields.append("")
        picked: Sequence[str] = self._pick(fields)
        everything = "".join(picked)
        if '"' in everything:
            picked = _clean(picked)
        (start, answer, end, src, dst, dcontext, channel, dstchannel, lastapp, lastdata, duration, billsec, disposition,
         uniqueid, linkedid, sequence, did, _, recording) = picked  # fmt: skip
        try:
            duration_s, billsec_s = int(duration), int(billsec)
        except ValueError:
            duration_s, billsec_s = durations(duration if self._has_duration else billsec, billsec)
        if not 0 <= billsec_s <= duration_s + 1 or duration_s > WEEK_S:
            raise _no_duration(duration_s, billsec_s)
        if not start:
            raise Misread(Reason.BAD_TIME, "start", "no start time")
        started_at = self._utc(start, "start", uniqueid)
        # Not the end as written: an hour that a change of clocks repeats would mislead it.
        ended_at = started_at + SPANS[duration_s]
        if (
            end
            and (reported_end := self._utc(end, "end", uniqueid)) != ended_at
            and abs(reported_end - ended_at) > _HOUR
        ):
            raise Misread(Reason.BAD_TIME, "end", f"end {end} is not {duration_s} s after start {start}")
        if "+" in everything:
            refuse_cut_digits(src=src, dst=dst)
        near, far = self._peers.of(channel), self._peers.of(dstchannel)
        if lastapp in _ROOMS:
            far = NOBODY  # whoever else is in the room
        if near.kind is _LOCAL:
            direction, extension, other, outside = self._from_local(near, far, picked)
        else:
            direction, extension, other, outside = self._ends(near, far, picked)
            if far.outside and direction is INBOUND:
                extension = self._context.e164(mobile_of(dstchannel))
                # A group's phones are not its forwards (RG-600-...), nor are a queue's members.
                if lastapp != "Queue" and "/RG-" not in dstchannel and is_mobile(extension):
                    other = self._first_extension(dst)
        outcome = read_disposition(disposition)
        if outcome is ANSWERED:
            outcome = self._who_answered(billsec_s, lastapp, far)
            if extension and extension == other:
                outcome = MACHINE  # its own voicemail, say
        if uniqueid and sequence and sequence != "0":
            record_id = f"{uniqueid}:{sequence}"
        else:
            # As FreePBX cuts them. The start within a quarter of an hour, which is the same in every zone.
            rest = f"{src}\x1f{dst}\x1f{channel[:80]}\x1f{dstchannel[:80]}\x1f{lastapp}\x1f"
            if uniqueid:
                rest += f"{started_at.minute % 15}:{started_at.second}"
                record_id = f"{uniqueid}:{crc32(rest.encode('utf-8', 'surrogateescape')):08x}"
            else:
                record_id = nameless(f"{linkedid}\x1f{sequence}\x1f{self._clock.written(start)}\x1f{rest}")
        call_id = linkedid or uniqueid or record_id
        if self._server is not None or self._shared is not None:
            call_id, record_id = self._of_server(fields, call_id, record_id, uniqueid, channel)
        answered_at = None
        if outcome is ANSWERED or outcome is MACHINE:
            answered_at = self._utc(answer, "answer", uniqueid) if answer else None
            if answered_at is None or not started_at <= answered_at <= ended_at:
                answered_at = ended_at - SPANS[billsec_s]
        queue = dst if dcontext == "ext-queues" else ""
        if lastapp == "Queue":
            queue = lastdata.partition(",")[0]
        context = self._context
        return build_leg(
            context,
            f"{self._file}:{row_ref}",
            call_id,
            record_id,
            started_at,
            ended_at,
            direction,
            outcome,
            answered_at,
            billsec_s,
            extension=extension,
            peer=other,
            outside=outside,
            did=did,
            queue=queue,
            application=lastapp,
            recording=recording,
        )

    def _of_server(
        self, fields: list[str], call_id: str, record_id: str, uniqueid: str, channel: str
    ) -> tuple[str, str]:
        """The ids of a row of one of several servers."""
        if self._server is not None:
            server = fields[self._server].strip('"') or "-"
            return f"{call_id}:{server}", f"{record_id}:{server}"
        tag = self._shared.call(call_id, uniqueid, channel) if self._shared is not None else ""
        return (f"{call_id}:{tag}", f"{record_id}:{tag}") if tag else (call_id, record_id)

    def _ends(self, near: Peer, far: Peer, picked: Sequence[str]) -> tuple[Direction, str, str, str]:
        """(direction, the person's extension, the other extension, the outside number as written)."""
        _, _, _, src, dst, _, _, dstchannel, lastapp, lastdata, _, _, _, _, _, _, _, cnum, _ = picked
        if near.kind is _EXTENSION:
            number = self._first_extension(cnum, src) or near.number if near.is_device else near.number
            if number[:1] == "9" and (number[2:] == cnum or number[2:] == src) and self._is_device(number):
                number = number[2:]
            return self._from_inside(number, far, dst, lastapp)
        if near.kind is not _TRUNK:
            return self._by_numbers(src, dst, far)
        called = self._first_extension(dst) or far.number if far.is_device else far.number
        if called[:1] == "9" and called[2:] == dst and self._is_device(called):
            called = dst
        # A call through two exchanges is counted where its phone is.
        if near.is_tie and (caller := self._first_extension(cnum, src)):
            return INTERNAL, called or caller, caller if called else "", ""
        if far.is_tie:
            return INTERNAL, "", "", ""
        if far.kind is _TRUNK:
            if caller := self._first_extension(cnum):
                return OUTBOUND, caller, "", dst
            # Forwarded: whose number that is, the roster knows. What was dialled may be the number of the office.
            dialled = DIALLED_NUMBER.fullmatch(lastdata)
            return INBOUND, self._context.e164(dialled[1]) if dialled else "", "", src
        if lastapp == "AppDial" and not dstchannel:
            return OUTBOUND, "", "", src  # the record of the line that was dialled
        return INBOUND, called, "", src

    def _is_device(self, number: str) -> bool:
        """A second device beside the extension that the row names, as FreePBX numbers them: 99101, 98101, 90101."""
        return number[1:2] in "089" and self._peers.is_extension(number[2:])

    def _first_extension(self, *numbers: str) -> str:
        return next((number for number in numbers if number and self._peers.is_extension(number)), "")

    def _from_inside(self, extension: str, far: Peer, dst: str, lastapp: str) -> tuple[Direction, str, str, str]:
        if far.kind is _TRUNK:
            if lastapp.lower() in _JOINING:
                return _UNKNOWN, extension, "", ""
            if far.is_tie and (called := self._first_extension(dst)):
                return INTERNAL, called, extension, ""
            return OUTBOUND, extension, "", dst
        # Nobody's channel yet: a number outside that was not reached, or a service inside (*97, s, vmu101).
        nobody = far.kind is _NONE or (far.kind is _LOCAL and not far.number)
        if nobody and not self._peers.is_extension(dst) and self._context.e164(dst):
            return OUTBOUND, extension, "", dst
        called = self._first_extension(dst) or far.number if far.is_device else far.number
        return INTERNAL, extension, called or (dst if self._peers.is_extension(dst) else ""), ""

    def _from_local(self, near: Peer, far: Peer, picked: Sequence[str]) -> tuple[Direction, str, str, str]:
        """A half of a Local pair: a call ordered by a program (click to dial), or the way of a queue to a phone."""
        _, _, _, src, dst, _, channel, _, _, _, _, _, _, uniqueid, linkedid, _, _, _, _ = picked
        inside = src if self._peers.is_extension(src) else ""
        ordered = _began_with_pair(near, uniqueid, linkedid)
        outward = far.kind is _TRUNK or (far.kind is _NONE and ordered and self._context.e164(dst) != "")
        # The ;1 half dials only when it was ordered to; the ;2 half of a forward has the outside caller as src.
        if outward and (ordered or inside or not near.mirror):
            return OUTBOUND, inside or near.number, "", dst
        called = self._first_extension(dst) or far.number if far.is_device else far.number
        # Without a linkedid the leg would look like a call of its own: the caller's channel tells of it already.
        if ordered or not linkedid or inside:
            extension = called or near.number
            return INTERNAL, extension, inside if inside != extension else "", ""
        if near.outside:
            return INBOUND, self._context.e164(mobile_of(channel)), "", src
        return INBOUND, called or near.number, "", src

    def _by_numbers(self, src: str, dst: str, far: Peer) -> tuple[Direction, str, str, str]:
        """No channel: by what the numbers look like."""
        from_inside, to_inside = self._peers.is_extension(src), self._peers.is_extension(dst)
        if from_inside and to_inside:
            return INTERNAL, src, dst, ""
        if from_inside:
            return (OUTBOUND, src, "", dst) if self._context.e164(dst) else (INTERNAL, src, "", "")
        if self._context.e164(src) or to_inside or far.number:
            return INBOUND, far.number or (dst if to_inside else ""), "", src
        return _UNKNOWN, "", "", src or dst

    def _who_answered(self, billsec_s: int, lastapp: str, far: Peer) -> Disposition:
        """ANSWERED is what a machine says too."""
        if not self._has_channels:
            return ANSWERED if billsec_s > 0 else NO_ANSWER
        kind = far.kind
        if kind is _LOCAL:
            somebody = billsec_s > 0 and (far.number != "" or far.outside)
        else:
            somebody = kind is _EXTENSION or kind is _TRUNK
        bridges = not self._has_application or answers_as_person(lastapp, billsec_s)
        return ANSWERED if somebody and bridges else MACHINE


def answers_as_person(lastapp: str, billsec_s: int) -> bool:
    """Whether an answered channel beside another one means that people talked."""
    application = lastapp.lower()
    # Picked up and dropped within the second is answered; of an unknown application it proves nothing.
    return application in BRIDGING or (billsec_s > 0 and application not in _MACHINES)


def read_disposition(written: str) -> Disposition:
    """What Asterisk's word means, whatever answered (main/cdr.c, ast_cdr_disp2str)."""
    return _DISPOSITIONS.get(written) or _DISPOSITIONS.get(written.strip().upper(), Disposition.UNKNOWN)


def is_disposition(written: str) -> bool:
    """Whether it is a whole word that Asterisk writes (main/cdr.c, ast_cdr_disp2str)."""
    return written.strip().upper() in _DISPOSITIONS


def _clean(cells: Sequence[str]) -> list[str]:
    """PBXware dumps write NULL for nothing and quote wrongly: what is left of the quotes goes."""
    return ["" if cell == "NULL" else cell.strip('"') for cell in cells]


def _began_with_pair(near: Peer, uniqueid: str, linkedid: str) -> bool:
    """The call began with this Local pair: its ;1 half gave the linkedid, its ;2 half is the next channel."""
    if not near.mirror or not linkedid:
        return uniqueid == linkedid != ""
    (_, _, own), (_, _, first) = uniqueid.rpartition("."), linkedid.rpartition(".")
    return own.isdecimal() and first.isdecimal() and int(own) == int(first) + 1


def _no_duration(duration_s: int, billsec_s: int) -> Misread:
    for field, seconds in (("duration", duration_s), ("billsec", billsec_s)):
        if not 0 <= seconds <= WEEK_S:
            return Misread(Reason.BAD_DURATION, field, f"{seconds} s is not a duration of a call (0 to a week)")
    # Both are cut to whole seconds, from different beginnings: one second is nothing.
    return Misread(Reason.BAD_DURATION, "billsec", f"billsec {billsec_s} is longer than duration {duration_s}")
