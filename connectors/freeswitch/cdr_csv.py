"""FreeSWITCH mod_cdr_csv: a line for each A leg (or both legs), its columns chosen by a template of channel variables.

The templates of the shipped cdr_csv.conf.xml are known by their shapes; another is named by `columns`. Quotes around
all cells, no header, local time without a zone. A leg's `bleg_uuid` is the leg that it was bridged to; a B leg has
none. Sources: mod_cdr_csv.c, conf/vanilla cdr_csv.conf.xml, a Master.csv with one leg and one with both.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from datetime import timedelta, tzinfo
from operator import itemgetter

from connectors.freeswitch.causes import CAUSE, is_normal, unanswered
from connectors.reading.file_format import SHEET, FileFormat, RowRef
from connectors.reading.leg import build_leg
from connectors.reading.lengths import durations
from connectors.reading.outcomes import ANSWERED, INBOUND, INTERNAL, MACHINE, OUTBOUND
from connectors.reading.phones import refuse_cut_digits
from connectors.reading.rejects import Misread
from connectors.reading.sample import Sample
from connectors.reading.source import About, Context, Hints, Recognised
from connectors.reading.table import Delimited, Layout, Make, fits
from connectors.reading.times import DATE, NO_ZONE, Times
from connectors.reading.times import epoch as epoch_moment
from connectors.reading.zone_proof import epoch_of, settle
from schemas.errors import Terminal
from schemas.records import CallLeg, Direction, Reason

_CALL = (
    *("caller_id_name", "caller_id_number", "destination_number", "context", "start_stamp", "answer_stamp"),
    *("end_stamp", "duration", "billsec", "hangup_cause", "uuid", "bleg_uuid", "accountcode"),
)
_CODECS = ("read_codec", "write_codec")
TEMPLATES = {
    "example": (*_CALL, *_CODECS),
    "sql or default": _CALL,
    "snom": (*_CALL, *_CODECS, *("sip_user_agent", "call_clientcode", "sip_rtp_rxstat", "sip_rtp_txstat", "file")),
    "linksys": (*_CALL, *_CODECS, "sip_user_agent", "sip_p_rtp_stat"),
    "asterisk": (
        *("accountcode", "caller_id_number", "destination_number", "context", "caller_id", "channel_name"),
        *("bridge_channel", "last_app", "last_arg", "start_stamp", "answer_stamp", "end_stamp", "duration", "billsec"),
        *("hangup_cause", "amaflags", "uuid", "userfield"),
    ),
}
_READ = (
    *("uuid", "bleg_uuid", "other_leg", "caller_id_number", "destination_number", "context", "start_stamp"),
    *("start_epoch", "duration", "billsec", "hangup_cause", "bridge_channel", "last_app", "cc_queue"),
    *("cc_agent", "answer_stamp"),
)
_NEEDED = {"uuid", "caller_id_number", "destination_number", "duration", "billsec", "hangup_cause"}
_STARTS = {"start_stamp", "start_epoch"}
_OWN = {"uuid", "destination_number", "hangup_cause"}
"""Names in `columns` that say it is a template of FreeSWITCH that they describe."""
UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SECONDS = re.compile(r"\d{1,7}")
_SHAPES = {
    "uuid": UUID,
    "bleg_uuid": re.compile(rf"(?:{UUID.pattern})?"),
    "start_stamp": DATE,
    "end_stamp": DATE,
    "start_epoch": re.compile(r"\d{9,10}"),
    "duration": _SECONDS,
    "billsec": _SECONDS,
    "hangup_cause": CAUSE,
}
_INSERT = re.compile(r"\s*INSERT INTO \S+ VALUES ?\((.*)\);?\s*", re.IGNORECASE | re.DOTALL)
_MOST_COMMAS = 8
"""In the names of an INSERT, beside those between its cells."""
_USER = re.compile(r"(?:sofia|user|loopback|verto\.rtc)/(?:[^/]+/)*([^/@]+)@?")
_DRIFT_S = 2400
"""FreeSWITCH counts on from its own start: one was 17 minutes off the time in its UUIDs, and right the next day."""
_UP = (ANSWERED, MACHINE)
_OUTWARD = (OUTBOUND, Direction.UNKNOWN)


class FreeSwitchCsv(Delimited):
    """Logs in one of the shipped templates, with a header of variables, or in the order that settings give."""

    profile = "freeswitch-csv"
    about = About(
        reads="FreeSWITCH mod_cdr_csv (Master.csv), templates example, default, sql, snom, linksys, asterisk",
        recognised_by="a UUID, dates and a hangup cause where a shipped template has them; a header of variables;"
        " or `columns`, the variables of your own template",
        ids="call `uuid` of the A leg (with both legs logged: of the B leg that `bleg_uuid` names); leg `uuid`",
        zone="checked against the time inside of `uuid` where it has one (version 1); none needed with `start_epoch`",
        proof="ten rows of one exchange",
        unconfirmed="whether every version sets `bleg_uuid`: where no row has it, whoever answers an extension counts"
        " as a person; template opencdrrate has no start and is not read",
    )

    def form(self, sample: Sample) -> FileFormat:
        """As it is told; INSERTs line by line, since a comma in a name does not begin a cell."""
        form = super().form(sample)
        if form.encoding == SHEET:
            return form
        start = sample.text[:12]
        return form._replace(delimiter=",", quoted=False) if start.upper() == "INSERT INTO " else form

    def layout(self, rows: Sequence[Sequence[str]], hints: Hints) -> Layout | None:
        if not rows:
            return None
        inserts = _INSERT.fullmatch(",".join(rows[0])) is not None
        if inserts:
            rows = [_values(row) for row in rows]
        header = tuple(cell.strip() for cell in rows[0])
        if set(header) >= _NEEDED and _STARTS & set(header):
            return _layout("variables named by a header", header, rows[1:], 1, "the first row names the variables")
        if set(hints.columns) & _OWN:
            missing = _NEEDED - set(hints.columns) or (_STARTS if not _STARTS & set(hints.columns) else set())
            if missing:
                named = " or ".join(sorted(missing)) if missing == _STARTS else ", ".join(sorted(missing))
                raise Terminal(f"columns of a FreeSWITCH log without {named}: add it to the template too")
            if not fits(hints.columns, rows, _SHAPES):
                return None
            return _layout("a template of its own", hints.columns, rows, 0, "the order of `columns`")
        for name, columns in TEMPLATES.items():
            if fits(columns, rows, _SHAPES):
                named = f"template {name}, {len(columns)} columns{' in INSERTs' if inserts else ''}"
                why = f"no header; a UUID in column {columns.index('uuid') + 1}, a hangup cause, dates"
                return _layout(named, columns, rows, 0, why)
        return None

    def needs_zone(self, layout: Layout) -> bool:
        return "start_epoch" not in layout.columns

    def widths(self, recognised: Recognised) -> frozenset[int]:
        width = len(recognised.columns)
        return frozenset({width}) if recognised.form.quoted else frozenset(range(width, width + _MOST_COMMAS + 1))

    def zone(self, sample: Sample, recognised: Recognised, zone: tzinfo | None) -> tuple[tzinfo, str]:
        """The zone to read the file with, and why. Raises Terminal when the time inside of uuid says another."""
        if not recognised.needs_zone:
            return NO_ZONE
        return settle(sample, recognised, zone, start="start_stamp", unique="uuid", slack_s=_DRIFT_S)

    def maker(self, recognised: Recognised, context: Context, zone: tzinfo, file: str) -> Make:
        clock = Times(zone, recognised.date_order, epoch_of)
        legs = FreeSwitchLegs(recognised.columns, clock, context, file)
        return legs.leg if recognised.form.quoted else legs.inserted


class FreeSwitchLegs:
    """Reads rows of one file."""

    def __init__(self, columns: tuple[str, ...], clock: Times, context: Context, file: str) -> None:
        # A missing column is read from one past the end, where a "" is put.
        self._width = width = len(columns)
        self._pick = itemgetter(*(columns.index(name) if name in columns else width for name in _READ))
        self._utc = clock.utc
        self._is_extension = re.compile(context.extension_pattern).fullmatch
        self._has_epoch = "start_epoch" in columns
        self._both_legs = "other_leg" in columns
        self._knows_bridge = "bleg_uuid" in columns or "bridge_channel" in columns
        self._context = context
        self._file = file

    def inserted(self, fields: list[str], row_ref: RowRef) -> CallLeg:
        """The leg of an INSERT."""
        values = _values(fields)
        if len(values) != self._width:
            raise Misread(Reason.WRONG_WIDTH, "", f"{len(values)} values in the INSERT, {self._width} expected")
        return self.leg(values, row_ref)

    def leg(self, fields: list[str], row_ref: RowRef) -> CallLeg:
        """The leg of a row with the layout's width; `fields` is used up."""
        fields.append("")
        (uuid, bleg, other_leg, caller, dialled, where, stamp, epoch, duration, billsec, cause, bridge, last_app,
         queue, agent, answer) = self._pick(fields)  # fmt: skip
        if not uuid:
            raise Misread(Reason.MISSING_FIELD, "uuid", "no id")
        duration_s, billsec_s = durations(duration, billsec)
        started_at = epoch_moment(epoch, "start_epoch") if self._has_epoch else self._utc(stamp, "start_stamp", uuid)
        ended_at = started_at + timedelta(seconds=duration_s)
        is_bridged = bleg or bridge or other_leg
        reached = self._reached(dialled, bridge, queue, agent)
        direction, extension, other, outside, did = self._ends(caller, dialled, reached, where, is_bridged != "")
        if "+" in outside:
            refuse_cut_digits(**{"caller_id_number" if outside == caller else "destination_number": outside})
        if not billsec_s and not (answer and is_normal(cause)):
            disposition = unanswered(cause)
        elif is_bridged or (not self._knows_bridge and (direction in _OUTWARD or self._is_extension(dialled))):
            disposition = ANSWERED
        else:
            disposition = MACHINE
        context = self._context
        return build_leg(
            context,
            f"{self._file}:{row_ref}",
            other_leg or uuid,
            uuid,
            started_at,
            ended_at,
            direction,
            disposition,
            ended_at - timedelta(seconds=billsec_s) if disposition in _UP else None,
            billsec_s,
            extension=extension,
            peer=other,
            outside=outside,
            did=did,
            queue=queue.partition("@")[0],
            application=last_app,
        )

    def _reached(self, dialled: str, bridge: str, queue: str, agent: str) -> str:
        """Whose phone it was; in a queue the agent's, not what was dialled."""
        if bridge and (user := _USER.match(bridge)) and self._is_extension(user.group(1)):
            return user.group(1)
        number = agent.partition("@")[0] if queue else dialled
        return number if self._is_extension(number) else ""

    def _ends(
        self, caller: str, dialled: str, reached: str, where: str, is_bridged: bool
    ) -> tuple[Direction, str, str, str, str]:
        """(direction, the person's extension, the other extension, the outside number, the number dialled from there).

        By what the numbers look like: a log says of no leg whether it was a phone's or a gateway's.
        """
        e164 = self._context.e164
        if self._is_extension(caller):
            if not reached and e164(dialled):
                return OUTBOUND, caller, "", dialled, ""
            return INTERNAL, reached or caller, caller if reached else "", "", ""
        if self._both_legs and not (is_bridged or reached or where == "public") and e164(dialled):
            # The B leg of a call out shows the number that was sent, not who dialled.
            return Direction.UNKNOWN, "", "", dialled, ""
        return INBOUND, reached, "", caller, "" if reached == dialled else dialled


def _values(fields: Sequence[str]) -> list[str]:
    """The values of an INSERT that was split at its commas; the fields as they are when it was not."""
    insert = _INSERT.fullmatch(",".join(fields))
    if insert is None:
        return list(fields)
    try:
        return next(csv.reader([insert.group(1)], skipinitialspace=True), [])
    except csv.Error:  # a value beyond csv's limit
        return []


def _layout(name: str, columns: Sequence[str], rows: Sequence[Sequence[str]], head: int, why: str) -> Layout:
    reasons = [why]
    used = [column if column in _READ else "" for column in columns]
    if "bleg_uuid" in used:
        index = used.index("bleg_uuid")
        others = {row[index] for row in rows if len(row) == len(used)} - {""}
        own = used.index("uuid")
        if not others:
            used[index] = ""
            reasons.append("no row has a bleg_uuid: whoever answers an extension is taken for a person")
        elif others & {row[own] for row in rows if len(row) == len(used)}:
            used[index] = "other_leg"
            reasons.append("both legs are logged: they are joined by bleg_uuid")
    return Layout(f"FreeSWITCH cdr_csv, {name}", tuple(used), head, tuple(reasons))
