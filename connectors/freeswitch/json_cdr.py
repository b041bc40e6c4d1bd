"""FreeSWITCH mod_json_cdr: an object for each leg, in a file of its own or as the body of a post that was saved.

`variables` are the channel's, texts all of them, percent-encoded when `encode-values` is on. `callflow` holds the
caller's profiles, the latest first (one object in old versions). `direction` is the switch's: a phone that calls is
`inbound`, whatever the call is. Sources: mod_json_cdr.c, switch_ivr.c (switch_ivr_generate_json_cdr), bodies of two
exchanges.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any
from urllib.parse import unquote

import msgspec

from connectors.freeswitch.causes import is_normal, unanswered
from connectors.reading.file_format import RowRef
from connectors.reading.json_source import JsonLayout, JsonSource
from connectors.reading.leg import TimeFields, build_leg
from connectors.reading.lengths import check_durations
from connectors.reading.outcomes import ANSWERED, INBOUND, INTERNAL, MACHINE, OUTBOUND
from connectors.reading.rejects import Misread
from connectors.reading.sample import Sample
from connectors.reading.source import About, Context, Hints, Recognised
from connectors.reading.times import NO_ZONE
from connectors.reading.times import epoch as epoch_moment
from schemas.records import CallLeg, Direction, Disposition, Reason

_Text = str | int | float | None


class _Variables(msgspec.Struct, frozen=True, gc=False):
    """What is read of a channel's variables."""

    uuid: _Text = ""
    direction: _Text = ""
    start_epoch: _Text = ""
    answer_epoch: _Text = ""
    end_epoch: _Text = ""
    duration: _Text = ""
    billsec: _Text = ""
    hangup_cause: _Text = ""
    originator: _Text = ""
    originating_leg_uuid: _Text = ""
    bridge_uuid: _Text = ""
    signal_bond: _Text = ""
    user_name: _Text = ""
    sip_auth_username: _Text = ""
    dialed_user: _Text = ""
    sip_gateway_name: _Text = ""
    last_app: _Text = ""
    voicemail_message: _Text = ""
    cc_queue: _Text = ""
    cc_side: _Text = ""
    cc_agent: _Text = ""
    cc_member_session_uuid: _Text = ""
    cc_agent_bridged: _Text = ""
    record_name: _Text = ""


class _Profile(msgspec.Struct, frozen=True, gc=False):
    """One end as the switch saw it."""

    caller_id_number: _Text = ""
    destination_number: _Text = ""
    uuid: _Text = ""
    context: _Text = ""
    originatee: _Others | None = None
    originator: _Others | None = None


class _Others(msgspec.Struct, frozen=True, gc=False):
    """The profiles of the legs that this one called (the last that was bridged first), or was called by."""

    originatee_caller_profiles: list[_Profile] = []
    originator_caller_profiles: list[_Profile] = []


class _Flow(msgspec.Struct, frozen=True, gc=False):
    caller_profile: _Profile = _Profile()


class Cdr(msgspec.Struct, frozen=True, gc=False):
    """What is read of an object."""

    variables: _Variables
    callflow: list[_Flow] | _Flow = []


_TIMES = TimeFields("variables.end_epoch", end_reason=Reason.BAD_TIME)


class FreeSwitchJson(JsonSource[Cdr]):
    """Objects of legs: one a file, one a line, an array, or bodies of forms."""

    profile = "freeswitch-json"
    about = About(
        reads="FreeSWITCH mod_json_cdr: files, JSON lines, arrays, saved bodies (`cdr=...`, percent-encoded or base64)",
        recognised_by="objects with `variables` that hold `uuid` and `start_epoch`",
        ids="call `uuid` of the A leg, which its B legs name as `originator`; leg `uuid`",
        zone="none needed: times are seconds since the epoch",
        proof="shapes of two exchanges; `listen esl` makes the same legs of events",
        unconfirmed="real files of today: none was at hand; objects whose texts hold bare quotes are rejected",
    )
    field = "cdr"

    def values(self) -> type[Cdr]:
        return Cdr

    def layout(self, values: Sequence[dict[str, Any]], hints: Hints) -> JsonLayout | None:
        ours = [value["variables"] for value in values if isinstance(value.get("variables"), dict)]
        both = sum({"uuid", "start_epoch"} <= variables.keys() for variables in ours)
        if not both or both * 2 < len(values):
            return None
        legs = "both legs" if any(variables.get("direction") == "outbound" for variables in ours) else "A legs"
        return JsonLayout("FreeSWITCH json_cdr", (f"variables hold uuid and start_epoch; {legs}",), needs_zone=False)

    def zone(self, sample: Sample, recognised: Recognised, zone: tzinfo | None) -> tuple[tzinfo, str]:
        """UTC, whatever is given: an epoch has no zone."""
        return NO_ZONE

    def maker(
        self, recognised: Recognised, context: Context, zone: tzinfo, file: str
    ) -> Callable[[Cdr, RowRef], CallLeg]:
        return CdrReader(context, file).leg


class CdrReader:
    """Objects to legs, for a file and for a listener."""

    def __init__(self, context: Context, origin: str) -> None:
        self._context = context
        self._origin = origin
        self._is_extension = re.compile(context.extension_pattern).fullmatch

    def leg(self, cdr: Cdr, row_ref: RowRef) -> CallLeg:
        """The leg of an object; raises Misread."""
        variables = cdr.variables
        uuid = _text(variables.uuid)
        if not uuid:
            raise Misread(Reason.MISSING_FIELD, "variables.uuid", "no id")
        flows = cdr.callflow if isinstance(cdr.callflow, list) else [cdr.callflow]
        last = flows[0].caller_profile if flows else _Profile()
        first = flows[-1].caller_profile if flows else last
        billsec_s, duration_s = _seconds(variables.billsec, "billsec"), _seconds(variables.duration, "duration")
        check_durations(duration_s, billsec_s, "variables.billsec")
        started_at = _moment(variables.start_epoch, "start_epoch")
        if started_at is None:
            raise Misread(Reason.BAD_TIME, "variables.start_epoch", "no start")
        ended_at = _moment(variables.end_epoch, "end_epoch") or started_at + timedelta(seconds=duration_s)
        answered_at = _moment(variables.answer_epoch, "answer_epoch")
        is_up = billsec_s > 0 or (answered_at is not None and is_normal(_text(variables.hangup_cause)))
        if not is_up:
            answered_at = None
        elif answered_at is None or not started_at <= answered_at <= ended_at:
            answered_at = max(started_at, ended_at - timedelta(seconds=billsec_s))
        is_b = _is_b(variables, last)
        direction, extension, other, outside, did = (
            self._of_b(variables, last) if is_b else self._of_a(variables, first, last)
        )
        context = self._context
        return build_leg(
            context,
            f"{self._origin}:{row_ref}",
            _member_session(variables) or (_originator(variables, last, uuid) if is_b else uuid),
            uuid,
            started_at,
            ended_at,
            direction,
            _disposition(variables, is_up, is_b),
            answered_at,
            billsec_s,
            extension=extension,
            peer=other,
            outside=outside,
            did=did,
            # Not of an agent's leg: its talk is inside of what the member's tells.
            queue="" if variables.cc_side == "agent" else _text(variables.cc_queue).partition("@")[0],
            application=_text(variables.last_app),
            recording=_text(variables.record_name),
            times=_TIMES,
        )

    def _of_a(self, variables: _Variables, first: _Profile, last: _Profile) -> tuple[Direction, str, str, str, str]:
        """(direction, the person's extension, the other extension, the outside number, the number that was dialled)."""
        caller, dialled = _text(first.caller_id_number), _text(first.destination_number)
        reached = self._agent(variables) or self._reached(variables, last)
        own = self._inside(_text(variables.user_name), _text(variables.sip_auth_username), caller)
        if variables.sip_gateway_name or not own or _text(first.context) == "public":
            return INBOUND, reached, "", caller, "" if self._is_extension(dialled) else dialled
        if not self._is_extension(dialled) and self._context.e164(dialled):
            return OUTBOUND, own, "", dialled, ""
        return INTERNAL, reached or own, own if reached else "", "", ""

    def _of_b(self, variables: _Variables, last: _Profile) -> tuple[Direction, str, str, str, str]:
        """The same of a leg that the switch called."""
        caller, called = _text(last.caller_id_number), _text(last.destination_number)
        by = last.originator.originator_caller_profiles if last.originator else []
        own = self._agent(variables) or self._inside(_text(variables.dialed_user), called)
        if variables.cc_side == "agent" and not self._is_extension(caller):
            return INBOUND, own, "", caller, ""
        if variables.sip_gateway_name or (not own and self._context.e164(called)):
            dialler = [_text(number) for one in by[:1] for number in (one.caller_id_number, one.destination_number)]
            return OUTBOUND, self._inside(caller, *dialler), "", called, ""
        inside = self._inside(caller)
        if inside or not by:  # a leg that a program ordered has no originator
            return INTERNAL, own, inside if inside != own else "", "", ""
        return INBOUND, own, "", caller, ""

    def _reached(self, variables: _Variables, last: _Profile) -> str:
        """The extension that an A leg was bridged to; else the one that was dialled, but for a queue's."""
        others = last.originatee.originatee_caller_profiles if last.originatee else []
        dialled = _text(last.destination_number)
        if dialled == _text(variables.cc_queue).partition("@")[0]:
            dialled = ""
        return self._inside(*(_text(one.destination_number) for one in others), dialled)

    def _agent(self, variables: _Variables) -> str:
        """The agent of a leg of mod_callcenter: an extension, or a name that a roster's logins know."""
        return _text(variables.cc_agent).partition("@")[0] if variables.cc_side in ("member", "agent") else ""

    def _inside(self, *numbers: str) -> str:
        """The first that is an extension."""
        return next((number for number in numbers if self._is_extension(number)), "")


def _is_b(variables: _Variables, last: _Profile) -> bool:
    if variables.direction:
        return variables.direction == "outbound"
    return last.originator is not None and last.originatee is None


def _originator(variables: _Variables, last: _Profile, uuid: str) -> str:
    """The uuid of the A leg, as a B leg names it."""
    by = last.originator.originator_caller_profiles if last.originator else []
    named = (variables.originator, variables.originating_leg_uuid, *(one.uuid for one in by[:1]))
    if originator := next((text for text in map(_text, named) if text), ""):
        return originator
    if last.originatee is not None:
        return uuid
    # Two legs that a program called and brought together (uuid_bridge): each names the other.
    other = _text(variables.bridge_uuid) or _text(variables.signal_bond)
    return min(uuid, other) if other else uuid


def _member_session(variables: _Variables) -> str:
    """The uuid of the caller's leg, as an agent's leg of mod_callcenter names it."""
    return _text(variables.cc_member_session_uuid) if variables.cc_side == "agent" else ""


def _disposition(variables: _Variables, is_up: bool, is_b: bool) -> Disposition:
    """A leg that was up was answered: a B leg by whom it called, an A leg by a person when it was bridged."""
    if not is_up:
        return unanswered(_text(variables.hangup_cause))
    voicemail = _is_true(variables.voicemail_message) or variables.last_app == "voicemail"
    waited = variables.cc_side == "member" and not _is_true(variables.cc_agent_bridged or "true")
    bridged = is_b or variables.bridge_uuid or variables.signal_bond or variables.last_app == "bridge"
    return ANSWERED if bridged and not voicemail and not waited else MACHINE


def _is_true(value: _Text) -> bool:
    return str(value).lower() in ("true", "t", "1")


def _text(value: _Text) -> str:
    """A value as it was before `encode-values`: what is read here holds no bare percent sign."""
    text = "" if value is None else str(value)
    return unquote(text, errors="backslashreplace") if "%" in text else text


def _seconds(value: _Text, name: str) -> int:
    if value in ("", None):
        return 0
    if not re.fullmatch(r"\d{1,9}", str(value)):
        raise Misread(Reason.BAD_DURATION, f"variables.{name}", f"{str(value)[:40]!r} is not a number of seconds")
    return int(str(value))


def _moment(value: _Text, name: str) -> datetime | None:
    """The moment of an epoch in whole seconds; None for 0, which means that there was none."""
    text = str(value or "0")
    return None if text == "0" else epoch_moment(text, f"variables.{name}")
