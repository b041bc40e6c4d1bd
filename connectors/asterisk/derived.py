"""Exchanges made of Asterisk that write CDRs under names of their own, with a direction.

The columns mean what Asterisk's do. What is better told than there: which way a call went, and at some which rows are
of one call.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import tzinfo
from operator import itemgetter
from zlib import crc32

from connectors.asterisk.legs import answers_as_person, read_disposition
from connectors.asterisk.peers import Peer, PeerKind, Peers
from connectors.reading import zone_proof as clock
from connectors.reading.file_format import RowRef
from connectors.reading.identity import nameless
from connectors.reading.leg import build_leg
from connectors.reading.lengths import SPANS, durations
from connectors.reading.outcomes import ANSWERED, INBOUND, INTERNAL, MACHINE, NO_ANSWER, OUTBOUND
from connectors.reading.phones import refuse_cut_digits
from connectors.reading.sample import Sample
from connectors.reading.source import Context, Hints, Recognised
from connectors.reading.table import Delimited, Layout, Make
from connectors.reading.times import Times
from schemas.records import CallLeg, Direction

_READ = (
    *("start", "src", "dst", "channel", "dstchannel", "lastapp", "lastdata", "duration", "billsec", "disposition"),
    *("uniqueid", "way", "dstext", "call", "action", "did", "recording"),
)
_NEEDED = {"start", "src", "dst", "duration", "billsec", "disposition", "way"}
_WAYS = {
    "Inbound": INBOUND,
    "Outbound": OUTBOUND,
    "inbound": INBOUND,
    "outbound": OUTBOUND,
    "internal": INTERNAL,
}
_EXTENSION, _TRUNK, _LOCAL = PeerKind.EXTENSION, PeerKind.TRUNK, PeerKind.LOCAL
_MEMBER = re.compile(r"(\w+)\((\w+)\)")
"""A menu, group or queue with the extension that it rang: `6500(1000)`."""
_VOICEMAIL = "VOICEMAIL"
"""Nobody answered, and the caller was sent there."""
_ACTION = re.compile(r"([A-Z]+)(?:\[(\w*)\])?")


class DerivedCsv(Delimited):
    """A file with a header of the vendor's names."""

    names: dict[str, str]
    title: str
    own: str
    """The column without which it is not theirs."""

    def layout(self, rows: Sequence[Sequence[str]], hints: Hints) -> Layout | None:
        columns = columns_of(rows[0], self.names) if rows else ()
        if not _NEEDED | {self.own} <= set(columns):
            return None
        order = clock.date_order(clock.dates(columns, rows[1:]), hints.region)
        header = f"the first row names {len(columns)} columns of {self.title}"
        name = f"{self.title}, {len(columns)} columns"
        return Layout(name, columns, 1, (header, order.why), order.order, guesses=order.guesses)

    def zone(self, sample: Sample, recognised: Recognised, zone: tzinfo | None) -> tuple[tzinfo, str]:
        """The zone to read the file with, and why. Raises Terminal when the epochs in uniqueid say another."""
        return clock.settle(sample, recognised, zone)

    def maker(self, recognised: Recognised, context: Context, zone: tzinfo, file: str) -> Make:
        wall = Times(zone, recognised.date_order, clock.epoch_of)
        return DerivedLegs(recognised.columns, wall, context, file).leg


def columns_of(header: Sequence[str], names: dict[str, str]) -> tuple[str, ...]:
    """What each column is by its header; "" for one that is not used."""
    return tuple(names.get(re.sub(r"[\s_.\"]", "", name).lower(), "") for name in header)


class DerivedLegs:
    """Reads rows of one file."""

    def __init__(self, columns: tuple[str, ...], clock: Times, context: Context, file: str) -> None:
        # A missing column is read from one past the end, where a "" is put.
        width = len(columns)
        self._pick = itemgetter(*(columns.index(name) if name in columns else width for name in _READ))
        self._has_channels = "channel" in columns
        self._utc = clock.utc
        self._peer = Peers(context.extension_pattern, context.trunks, ties=context.ties).of
        self._is_extension = re.compile(context.extension_pattern).fullmatch
        self._context = context
        self._file = file

    def leg(self, fields: list[str], row_ref: RowRef) -> CallLeg:
        """The leg of a row with the layout's width; `fields` is used up."""
        fields.append("")
        (start, src, dst, channel, dstchannel, lastapp, lastdata, duration, billsec, disposition, uniqueid, way, dstext,
         call, action, did, recording) = self._pick(fields)  # fmt: skip
        duration_s, billsec_s = durations(duration, billsec)
        started_at = self._utc(start, "start", uniqueid)
        ended_at = started_at + SPANS[duration_s]
        if "+" in src + dst:
            refuse_cut_digits(src=src, dst=dst)
        if dst[-1:] == ")" and (member := _MEMBER.fullmatch(dst)):
            dst, dstext = member[1], dstext or member[2]
        near, far = self._peer(channel), self._peer(dstchannel)
        does, queue = ("DIAL", "") if action == "DIAL" else _does(action, lastapp, lastdata)
        reached = far.number or self._inside(dstext)
        stated_way = _WAYS.get(way) or _WAYS.get(way.strip().lower())
        if (
            not reached
            and does == "DIAL"
            and stated_way is not OUTBOUND
            and not (self._has_channels and stated_way is INBOUND)
        ):
            reached = self._inside(dst)  # from outside a menu's number would be one
        direction, extension, other, outside = self._ends(stated_way, near, src, dst, reached)
        outcome = read_disposition(disposition)
        if disposition == _VOICEMAIL:
            outcome, billsec_s = NO_ANSWER, 0
        if outcome is ANSWERED:
            person = self._is_person(direction, far, lastapp, reached, billsec_s)
            outcome = ANSWERED if person else MACHINE
        if direction is not INBOUND:
            did = ""
        elif not did:
            did = "" if self._inside(dst) else dst
        rest = f"{src}\x1f{dst}\x1f{channel}\x1f{dstchannel}\x1f{lastapp}\x1f{action}\x1f"
        if uniqueid:
            rest += f"{started_at.minute % 15}:{started_at.second}"
            record_id = f"{uniqueid}:{crc32(rest.encode('utf-8', 'surrogateescape')):08x}"
        else:
            record_id = nameless(f"{start}\x1f{call}\x1f{rest}")
        context = self._context
        is_up = outcome is ANSWERED or outcome is MACHINE
        return build_leg(
            context,
            f"{self._file}:{row_ref}",
            call or uniqueid or record_id,
            record_id,
            started_at,
            ended_at,
            direction,
            outcome,
            # Not the answer's time as written: an IVR's call has one beside NO ANSWER.
            ended_at - SPANS[billsec_s] if is_up else None,
            billsec_s,
            extension=extension,
            peer=other,
            outside=outside,
            did=did,
            queue=queue,
            application=lastapp,
            recording=recording,
        )

    def _ends(
        self, direction: Direction | None, near: Peer, src: str, dst: str, reached: str
    ) -> tuple[Direction, str, str, str]:
        """(direction, the person's extension, the other extension, the outside number)."""
        if direction is INBOUND:
            return direction, reached, "", src
        caller = near.number if near.kind is _EXTENSION else self._inside(src)
        if direction is None:
            if not caller:
                return INBOUND, reached, "", src
            is_outward = not self._inside(dst) and self._context.e164(dst) != ""
            direction = OUTBOUND if is_outward else INTERNAL
        if direction is OUTBOUND:
            return direction, caller, "", dst
        return direction, reached or caller, caller if reached and caller != reached else "", ""

    def _is_person(self, direction: Direction, far: Peer, lastapp: str, reached: str, billsec_s: int) -> bool:
        """Whether a person's channel answered: an IVR, a queue and voicemail answer too."""
        if self._has_channels:
            kind = far.kind
            is_local = kind is _LOCAL and billsec_s > 0 and (far.number != "" or far.outside)
            return (kind is _EXTENSION or kind is _TRUNK or is_local) and answers_as_person(lastapp, billsec_s)
        return answers_as_person(lastapp, billsec_s) and (direction is OUTBOUND or reached != "")

    def _inside(self, number: str) -> str:
        return number if number and self._is_extension(number) else ""


def _does(action: str, lastapp: str, lastdata: str) -> tuple[str, str]:
    """(what the row is of: DIAL, QUEUE, IVR, VM; the queue)."""
    if action_match := _ACTION.match(action):
        return action_match.group(1), (action_match.group(2) or "") if action_match.group(1) == "QUEUE" else ""
    does = lastapp.upper()
    return does, lastdata.partition(",")[0] if does == "QUEUE" else ""
