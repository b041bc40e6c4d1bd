"""One row of FusionPBX's `v_xml_cdr` to one leg. Pure; raises Misread.

The columns are those of fusionpbx app/xml_cdr/app_config.php.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from connectors.freeswitch.causes import is_normal, unanswered
from connectors.reading.leg import TimeFields, build_leg
from connectors.reading.lengths import check_durations
from connectors.reading.rejects import Misread
from connectors.reading.source import Context
from schemas.records import CallLeg, Direction, Disposition, Reason

COLUMNS = (
    "xml_cdr_uuid",
    "direction",
    "caller_id_number",
    "caller_destination",
    "source_number",
    "destination_number",
    "start_epoch",
    "answer_epoch",
    "end_epoch",
    "duration",
    "billsec",
    "bridge_uuid",
    "leg",
    "originating_leg_uuid",
    "last_app",
    "last_arg",
    "voicemail_message",
    "cc_side",
    "cc_queue",
    "cc_agent",
    "cc_agent_bridged",
    "cc_member_session_uuid",
    "domain_name",
    "record_name",
    "hangup_cause",
)

_TIMES = TimeFields("end_epoch", end_reason=Reason.BAD_TIME)
_DIRECTIONS = {"inbound": Direction.INBOUND, "outbound": Direction.OUTBOUND, "local": Direction.INTERNAL}


def leg(row: Mapping[str, str], origin: str, context: Context) -> CallLeg:
    """The leg of a row whose cells are texts; a column that the installation lacks is not in it."""
    uuid = row["xml_cdr_uuid"]
    if not uuid:
        raise Misread(Reason.MISSING_FIELD, "xml_cdr_uuid", "no id")
    billsec, duration = _seconds(row, "billsec"), _seconds(row, "duration")
    check_durations(duration, billsec, "billsec")
    started_at = _moment(row, "start_epoch")
    if started_at is None:
        raise Misread(Reason.BAD_TIME, "start_epoch", "no start")
    ended_at = _moment(row, "end_epoch") or started_at + timedelta(seconds=duration)
    answered_at = _moment(row, "answer_epoch")
    is_up = billsec > 0 or (answered_at is not None and is_normal(row.get("hangup_cause", "")))
    disposition = _disposition(row, is_up)
    if not is_up:
        answered_at = None
    elif answered_at is None or not started_at <= answered_at <= ended_at:
        answered_at = max(started_at, ended_at - timedelta(seconds=billsec))
    direction, extension, other, outside, did = _ends(row, context.extension_pattern)
    is_agents = row.get("cc_side") == "agent"
    return build_leg(
        context,
        origin,
        _call_id(row, uuid),
        uuid,
        started_at,
        ended_at,
        direction,
        disposition,
        answered_at,
        billsec,
        extension=_of_tenant(extension, row),
        peer=_of_tenant(other, row),
        outside=outside,
        did=did,
        # Not of an agent's leg: its talk is inside of what the member's tells.
        queue="" if is_agents else row.get("cc_queue", "").partition("@")[0],
        application=row.get("last_app", ""),
        recording=row.get("record_name", ""),
        times=_TIMES,
    )


def _call_id(row: Mapping[str, str], uuid: str) -> str:
    """The A leg's uuid: a B leg names the leg that originated it, else the one it was bridged with."""
    if row.get("cc_side") == "agent" and row.get("cc_member_session_uuid"):
        return row["cc_member_session_uuid"]
    if row.get("leg") == "b":
        return row.get("originating_leg_uuid") or row.get("bridge_uuid") or uuid
    return uuid


def _ends(row: Mapping[str, str], pattern: str) -> tuple[Direction, str, str, str, str]:
    """(direction, the person's extension, the other extension, the outside number, the number that was dialled)."""

    def inside(*names: str) -> str:
        return next((row[name] for name in names if name in row and re.fullmatch(pattern, row[name])), "")

    def outside(*names: str) -> str:
        return next((row[name] for name in names if row.get(name) and not re.fullmatch(pattern, row[name])), "")

    direction = _DIRECTIONS.get(row.get("direction", "").lower(), Direction.UNKNOWN)
    if direction is Direction.OUTBOUND:
        return direction, inside("source_number", "caller_id_number"), "", row.get("destination_number", ""), ""
    if direction is Direction.INBOUND:
        did = row.get("caller_destination", "")
        dialled = inside("destination_number")
        person = _who(row, pattern) or ("" if _is_group(dialled, row) else dialled)
        return direction, person, "", outside("caller_id_number", "source_number"), did
    if direction is Direction.INTERNAL:
        caller = inside("caller_id_number", "source_number")
        if not caller and row.get("leg") == "b" and outside("caller_id_number", "source_number"):
            # The phone of a ring group or a queue that a caller from outside rang.
            person = _who(row, pattern) or inside("destination_number")
            return Direction.INBOUND, person, "", outside("caller_id_number", "source_number"), ""
        return direction, caller, inside("destination_number"), "", ""
    return direction, "", "", outside("caller_id_number", "destination_number"), ""


_USER = re.compile(r"(?:^|[\],|:_])user/([^@,|:\]]+)")


def _who(row: Mapping[str, str], pattern: str) -> str:
    """Who took the call of a group or a queue: the agent, else the one phone that it was bridged to; "" when none says.

    `last_arg` names every phone that rang together: of several it says nothing.
    """
    if agent := row.get("cc_agent", "").partition("@")[0]:
        return agent
    users = _USER.findall(row.get("last_arg", "")) if row.get("last_app") == "bridge" else []
    return users[0] if len(users) == 1 and re.fullmatch(pattern, users[0]) else ""


def _is_group(number: str, row: Mapping[str, str]) -> bool:
    """A queue's number, or one that rang other phones than its own."""
    users = _USER.findall(row.get("last_arg", "")) if row.get("last_app") == "bridge" else []
    return number == row.get("cc_queue", "").partition("@")[0] or (users != [] and number not in users)


def _of_tenant(extension: str, row: Mapping[str, str]) -> str:
    """The extension with its domain: tenants of one exchange have the same ones."""
    domain = row.get("domain_name", "")
    return f"{extension}@{domain}" if extension and domain else extension


def _disposition(row: Mapping[str, str], is_up: bool) -> Disposition:
    """A channel that was up was answered; by a person when it was bridged and no voicemail was left."""
    if is_up:
        voicemail = _is_true(row.get("voicemail_message", "")) or row.get("last_app") == "voicemail"
        agent = row.get("cc_side") != "member" or _is_true(row.get("cc_agent_bridged", "true"))
        bridged = bool(row.get("bridge_uuid")) or row.get("last_app") == "bridge" or row.get("leg") == "b"
        return Disposition.ANSWERED if bridged and agent and not voicemail else Disposition.MACHINE
    return unanswered(row.get("hangup_cause", ""))


def _is_true(cell: str) -> bool:
    return cell.lower() in ("true", "t", "1")


def _seconds(row: Mapping[str, str], name: str) -> int:
    cell = row.get(name, "")
    if not cell:
        return 0
    if not re.fullmatch(r"\d{1,9}", cell):
        raise Misread(Reason.BAD_DURATION, name, f"{cell[:40]!r} is not a number of seconds")
    return int(cell)


def _moment(row: Mapping[str, str], name: str) -> datetime | None:
    """The moment of an epoch in whole seconds; None for 0, which means that there was none."""
    cell = row.get(name, "")
    if cell in ("", "0"):
        return None
    if not re.fullmatch(r"\d{9,10}", cell) or int(cell) >= 2**32 - 86_400 * 366:
        raise Misread(Reason.BAD_TIME, name, f"{cell[:40]!r} is not a time in seconds since 1970")
    return datetime.fromtimestamp(int(cell), UTC)
