"""Cisco CUCM: the CDR files that it pushes each minute, comma separated, a header, a line of types, a row a leg.

Columns are found by their names: their number and order differ by version (129, 133). Times are seconds since the
epoch, 0 for never. A transfer or a conference ends a row with cause 393216 (call split) and goes on in another one of
the same global call. Sources: Cisco's CDR administration guide, headers of three public readers, rows of a laboratory.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import tzinfo
from enum import Enum
from operator import itemgetter

from connectors.reading.file_format import RowRef
from connectors.reading.leg import build_leg
from connectors.reading.lengths import check_order
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
from connectors.reading.sample import Sample
from connectors.reading.source import About, Context, Hints, Recognised
from connectors.reading.table import Delimited, Layout, Make, fits
from connectors.reading.times import EARLIEST_S, LATEST_S, NO_ZONE, at
from schemas.errors import Terminal
from schemas.evidence import CONFERENCE
from schemas.records import CallLeg, Direction, Disposition, Reason

_READ = {
    "cdrrecordtype": 0,
    "globalcallid_callmanagerid": 1,
    "globalcallid_callid": 2,
    "datetimeorigination": 4,
    "callingpartynumber": 8,
    "origcause_value": 11,
    "originalcalledpartynumber": 29,
    "finalcalledpartynumber": 30,
    "destcause_value": 33,
    "datetimeconnect": 47,
    "datetimedisconnect": 48,
    "pkid": 50,
    "duration": 55,
    "origdevicename": 56,
    "destdevicename": 57,
    "globalcallid_clusterid": 65,
    "lastredirectdn": 49,
    "outpulsedcalledpartynumber": -1,
    "huntpilotdn": -1,
}
"""What is read, and where it stands in every version; -1 for where it differs."""
_NEEDED = {name for name, index in _READ.items() if 0 <= index < 60} - {"lastredirectdn"}
_TYPE = re.compile(r"(?:INTEGER|STRING|UNIQUEIDENTIFIER|(?:N?VARCHAR|CHAR)\(\d+\))", re.IGNORECASE)
_PHONES = re.compile(r"(?:SEP|ATA|CSF|TCT|BOT|TAB|CTI?RD|UDP|AN|VGC|BAT|CIPC|IPC)[0-9A-Z_.-]+", re.IGNORECASE)
"""Names of devices that are somebody's: desk phones, soft phones of desk, mobile and tablet, analog ports."""
_MACHINES = re.compile(r"(?:CiscoUM|CFB|ANN|MOH|MTP|IVR|CONF)[\w.-]*", re.IGNORECASE)
_VOICEMAIL = re.compile(r"(?:^|[^a-z])(?:cuc|ucxn|cuxn|unity|voice-?_?mail|vmail|vm)(?:[^a-z]|$)", re.IGNORECASE)
"""Trunks to a voicemail server: by their names, since nothing else tells them from lines. Named in `trunks`: a line."""
_BRIDGE = re.compile(r"b\d{10,}")
"""The number of a conference, of a recording: no one's."""
_FEWEST_HEADLESS = 90
_SHAPES = {
    "cdrrecordtype": re.compile(r"1"),
    "datetimeorigination": re.compile(r"\d{9,10}"),
    "origcause_value": re.compile(r"\d+"),
    "destcause_value": re.compile(r"\d+"),
    "datetimeconnect": re.compile(r"0|\d{9,10}"),
    "datetimedisconnect": re.compile(r"\d{9,10}"),
    "pkid": re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    "duration": re.compile(r"\d+"),
}
"""Of a file whose first lines were cut off."""
_ALIKE = "the columns stand alike in all versions"
_SPLIT = "393216"
_NOBODY = frozenset({"0", "16", "18", "19", _SPLIT, ""})


class CucmEnd(Enum):
    """Who is at an end."""

    PHONE = 0
    OUTSIDE = 1
    MACHINE = 2


_PHONE, _OUTSIDE, _MACHINE = CucmEnd


class CucmCdr(Delimited):
    """CDR files; a quality file (cmr_...) is refused by its name for what it is."""

    profile = "cucm"
    about = About(
        reads="Cisco CUCM CDR files (cdr_...)",
        recognised_by="a header with `cdrRecordType` and `finalCalledPartyNumber`, or its line of types",
        ids="call cluster, `globalCallID_callManagerId` and `globalCallID_callId`; leg `pkid`",
        zone="none needed: times are seconds since the epoch",
        proof="rows of a laboratory",
        unconfirmed="real traffic over trunks; a device named like no phone (SEP, CSF, ...) is taken for a trunk,"
        " one named like a voicemail server (CUC, Unity, VM) for a machine;"
        " whether a hunt group's row names its member",
    )

    def layout(self, rows: Sequence[Sequence[str]], hints: Hints) -> Layout | None:
        if not rows:
            return None
        header = [cell.strip().lower() for cell in rows[0]]
        if header[0] == "cdrrecordtype":
            if missing := _NEEDED - set(header):
                if "directorynum" in header:
                    raise Terminal("a Cisco CMR file (quality of voice) holds no calls: load the cdr_ files beside it")
                raise Terminal(f"a Cisco CDR file without {', '.join(sorted(missing))}: its columns are not known")
            head = 2 if len(rows) > 1 and _are_types(rows[1]) else 1
            return _layout(header, head, f"the first row names {len(header)} columns, cdrRecordType first")
        if _are_types(rows[0]) and len(rows[0]) > _READ["globalcallid_clusterid"]:
            return _layout(_alike(len(rows[0])), 1, f"no header but a line of types: {_ALIKE}")
        width = max(Counter(map(len, rows)).items(), key=lambda one: one[1])[0]
        if width > _FEWEST_HEADLESS and fits(columns := _alike(width), rows, _SHAPES):
            return _layout(columns, 0, f"no header; epochs, a cause and a pkid where {_ALIKE}")
        return None

    def needs_zone(self, layout: Layout) -> bool:
        return False

    def zone(self, sample: Sample, recognised: Recognised, zone: tzinfo | None) -> tuple[tzinfo, str]:
        """UTC, whatever is given: an epoch has no zone."""
        return NO_ZONE

    def maker(self, recognised: Recognised, context: Context, zone: tzinfo, file: str) -> Make:
        return CucmLegs(recognised.columns, context, file).leg


class CucmLegs:
    """Reads rows of one file."""

    def __init__(self, columns: Sequence[str], context: Context, file: str) -> None:
        self._context = context
        self._file = file
        self._is_extension = re.compile(context.extension_pattern).fullmatch
        self._kinds: dict[str, CucmEnd] = {}
        self._order(columns)

    def _order(self, columns: Sequence[str]) -> None:
        # A missing column is read from one past the end, where a "" is put.
        width = len(columns)
        self._pick = itemgetter(*(columns.index(name) if name in columns else width for name in _READ))

    def leg(self, fields: list[str], row_ref: RowRef) -> CallLeg:
        """The leg of a row with the layout's width; `fields` is used up."""
        fields.append("")
        (record, manager, number, start, caller, orig_cause, first, called, dest_cause, connect, disconnect, pkid,
         duration, near_device, far_device, cluster, redirected, outpulsed, pilot) = self._pick(fields)  # fmt: skip
        if record != "1":
            raise self._no_call(fields)
        if not pkid or not number:
            raise Misread(Reason.MISSING_FIELD, "globalCallID_callId" if pkid else "pkid", "no id")
        start_s, connect_s, end_s, billsec_s = _times(start, connect, disconnect, duration)
        if "+" in caller + called:
            refuse_cut_digits(callingPartyNumber=caller, finalCalledPartyNumber=called)
        near, far = self._kind(near_device, caller), self._kind(far_device, called)
        direction, extension, other, outside = _who(near, far, caller, called if called != pilot else "")
        if direction is INBOUND and far is _OUTSIDE:
            extension, other = self._elsewhere(called, outpulsed, redirected or first)
        if connect_s:  # picked up and dropped within the second has a time of connection, and no length
            disposition = MACHINE if far is _MACHINE or near is _MACHINE else ANSWERED
        else:
            disposition, connect_s, billsec_s = _unanswered(orig_cause, dest_cause), 0, 0
        context = self._context
        contact = ""
        if direction is OUTBOUND:
            contact = (context.e164(outpulsed) if outpulsed else "") or context.e164(outside)
        elif outside:
            contact = context.e164(outside)
        return build_leg(
            context,
            f"{self._file}:{row_ref}",
            f"{cluster}:{manager}:{number}" if cluster else f"{manager}:{number}",
            pkid,
            at(start_s),
            at(end_s),
            direction,
            disposition,
            at(connect_s) if connect_s else None,
            billsec_s,
            extension=extension,
            peer=other,
            outside=outside,
            contact=contact,
            did="" if direction is not INBOUND or first in (extension, pilot) or _BRIDGE.match(first) else first,
            queue=pilot,
            application=CONFERENCE if _BRIDGE.match(called) or _BRIDGE.match(caller) else "",
        )

    def _elsewhere(self, called: str, outpulsed: str, redirected: str) -> tuple[str, str]:
        """(the mobile that a call was sent on to by a trunk, whose phone sent it there); "" where no number says it."""
        if self._is_extension(called):
            return "", ""  # of a sister exchange, or a recorder's
        e164 = self._context.e164
        number = (e164(outpulsed) if outpulsed else "") or e164(called)
        return number, redirected if is_mobile(number) and self._is_extension(redirected) else ""

    def _no_call(self, fields: list[str]) -> Misread:
        """What a row is that is not a call; behind a header within the file its order holds."""
        if fields[0].strip().lower() == "cdrrecordtype":
            self._order([cell.strip().lower() for cell in fields[:-1]])
            return Misread(Reason.UNKNOWN_LAYOUT, "", "a header within the file: its order holds from here")
        if _are_types(fields[:-1]):
            return Misread(Reason.UNKNOWN_LAYOUT, "", "a line of types within the file")
        return Misread(Reason.BAD_KIND, "cdrRecordType", f"{fields[0][:40]!r} is not a call (1)")

    def _kind(self, device: str, number: str) -> CucmEnd:
        """Who an end is: by the device's name; by the number where there is none."""
        if number[:1] == "b" and _BRIDGE.fullmatch(number):
            return _MACHINE
        if not device:
            return _PHONE if self._is_extension(number) else _OUTSIDE
        kind = self._kinds.get(device)
        if kind is None:
            kind = _OUTSIDE
            if device not in self._context.trunks:
                kind = _PHONE if _PHONES.fullmatch(device) else kind
                kind = _MACHINE if _MACHINES.fullmatch(device) or _VOICEMAIL.search(device) else kind
            if len(self._kinds) < 100_000:
                self._kinds[device] = kind
        return kind


def _who(near: CucmEnd, far: CucmEnd, caller: str, called: str) -> tuple[Direction, str, str, str]:
    """(direction, extension, the other extension, the number outside)."""
    rang = called if far is _PHONE else ""
    if near is _OUTSIDE:
        return INBOUND, rang, "", caller
    dialler = caller if near is _PHONE else ""
    if far is _OUTSIDE and dialler:
        return OUTBOUND, dialler, "", called
    return INTERNAL, rang or dialler, dialler if rang else "", ""


def _unanswered(orig_cause: str, dest_cause: str) -> Disposition:
    """By the Q.850 cause of the side that has one: one side has 0, the other says how it ended."""
    if "17" in (orig_cause, dest_cause):
        return BUSY
    if orig_cause == "16" and dest_cause in ("0", ""):
        return CANCELLED
    return NO_ANSWER if orig_cause in _NOBODY and dest_cause in _NOBODY else FAILED


def _times(start: str, connect: str, disconnect: str, duration: str) -> tuple[int, int, int, int]:
    """Start, connect (0: never) and end in seconds since the epoch, and the duration; raises Misread."""
    try:
        start_s, connect_s, end_s, duration_s = int(start), int(connect or 0), int(disconnect), int(duration or 0)
    except ValueError:
        named = {"dateTimeOrigination": start, "dateTimeConnect": connect, "dateTimeDisconnect": disconnect}
        field = next((name for name, text in named.items() if not text.strip().isdecimal()), "duration")
        reason = Reason.BAD_DURATION if field == "duration" else Reason.BAD_TIME
        raise Misread(reason, field, f"{named.get(field, duration)[:40]!r} is not a number of seconds") from None
    if not EARLIEST_S <= start_s <= LATEST_S:
        raise Misread(Reason.BAD_TIME, "dateTimeOrigination", f"{start_s} is not between 1990 and 2104 in seconds")
    check_order(start_s, connect_s, end_s, ("dateTimeConnect", "dateTimeDisconnect"), Reason.BAD_TIME)
    if not 0 <= duration_s <= end_s - (connect_s or start_s) + 1:
        raise Misread(Reason.BAD_DURATION, "duration", f"{duration_s} s do not fit between connect and disconnect")
    return start_s, connect_s, end_s, duration_s


def _alike(width: int) -> tuple[str, ...]:
    """The columns that stand alike in all versions, of so many."""
    named = {index: name for name, index in _READ.items() if index >= 0}
    return tuple(named.get(index, "") for index in range(width))


def _are_types(cells: Sequence[str]) -> bool:
    return len(cells) > 1 and all(_TYPE.fullmatch(cell.strip()) for cell in cells)


def _layout(header: Sequence[str], head: int, why: str) -> Layout:
    used = tuple(name if name in _READ else "" for name in header)
    missing = [name for name in ("huntpilotdn", "outpulsedcalledpartynumber") if name not in used]
    reasons = (why, f"without {', '.join(missing)}") if missing else (why,)
    return Layout(f"Cisco CUCM CDR, {len(used)} columns", used, head, reasons)
