"""CHANNEL_HANGUP_COMPLETE to a leg: the same as mod_json_cdr's object of the same channel.

The event holds the channel's variables, its latest profile (Caller-*) and that of the leg that it called or was called
by (Other-Leg-*, see Other-Type). mod_json_cdr's object holds every profile, so of a call that was transferred the first
one is put together from what the event still knows. Sources: switch_core_state_machine.c, switch_channel.c,
switch_caller.c, switch_ivr.c (switch_ivr_session_transfer).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from connectors.freeswitch.esl.events import Event, event_of
from connectors.freeswitch.esl.messages import EslMessage
from connectors.freeswitch.json_cdr import Cdr, CdrReader
from connectors.reading.rejects import Misread, reject
from connectors.reading.source import Context
from schemas.records import CallLeg, Rejected

NAME = "CHANNEL_HANGUP_COMPLETE"
_ORIGIN = "esl"
_VARIABLE = "variable_"


class HangupEvents:
    """Reads the events of one switch."""

    def __init__(self, context: Callable[[], Context]) -> None:
        """`context` gives the context of what is read next, with a new version each time."""
        self._context = context

    def items(self, messages: Sequence[EslMessage]) -> list[CallLeg | Rejected]:
        """A leg or a reject for each event that tells of an ended leg, and for each that cannot be read."""
        events = [event for event in map(event_of, messages) if event is not None]
        return [self._item(event) for event in events if event.bad is not None or event.get("Event-Name") == NAME]

    def _item(self, event: Event) -> CallLeg | Rejected:
        context = self._context()
        event_ref = event.get("Unique-ID") or "-"
        if event.bad is not None:
            return reject(event.bad, event.text, event_ref, _ORIGIN, context)
        try:
            return CdrReader(context, _ORIGIN).leg(cdr_of(event), event_ref)
        except Misread as misread:
            return reject(misread.bad, event.text, event_ref, _ORIGIN, context)


def cdr_of(event: Event) -> Cdr:
    """What mod_json_cdr would have written of the channel, as far as it is read."""
    headers_pairs = event.headers.items()
    variables = {name.removeprefix(_VARIABLE): value for name, value in headers_pairs if name.startswith(_VARIABLE)}
    other = _profile(event, "Other-Leg")
    kind = event.get("Other-Type")
    last = _profile(event, "Caller")
    if kind in ("originator", "originatee"):
        last[kind] = {f"{kind}_caller_profiles": [other]}
    profiles = [last]
    if event.get("Caller-Transfer-Source"):
        profiles.append(_first(event))
    return msgspec.convert({"variables": variables, "callflow": [{"caller_profile": one} for one in profiles]}, Cdr)


def _profile(event: Event, prefix: str) -> dict[str, Any]:
    return {
        "caller_id_number": event.get(f"{prefix}-Caller-ID-Number"),
        "destination_number": event.get(f"{prefix}-Destination-Number"),
        "uuid": event.get(f"{prefix}-Unique-ID"),
        "context": event.get(f"{prefix}-Context"),
    }


def _first(event: Event) -> dict[str, Any]:
    """The profile of a transferred channel before its first transfer.

    A transfer keeps the number before it as RDNIS: the first one, when it was the first transfer. Later ones leave it
    in the INVITE's request only. The context before it is not known.
    """
    rdnis, invited = event.get("Caller-RDNIS"), event.get("variable_sip_req_user")
    was_first = event.get("Caller-Profile-Index") == "2"
    dialled = (rdnis or invited) if was_first else (invited or rdnis)
    return {"caller_id_number": event.get("Caller-Caller-ID-Number"), "destination_number": dialled}
