"""Asterisk's manager interface as a source of events: `Cdr` and `CEL` events, and what they prove of its settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from connectors.asterisk.ami.cdr import MAPPINGS, CdrEvents, lacks_ids
from connectors.asterisk.ami.cel import CelEvents
from connectors.asterisk.ami.messages import AmiMessage
from connectors.asterisk.ami.session import AmiLogin, AmiSession
from connectors.live.talk import Patience
from connectors.reading import zone_proof as asterisk_clock
from connectors.reading.source import Context
from schemas.records import CallLeg, Rejected

_FEWEST_PROOFS = 20


class Ami:
    """One exchange, for connectors.live.event_listener."""

    archive = "the exchange's CSV"

    def __init__(self, login: AmiLogin, context: Callable[[], Context], patience: Patience | None = None) -> None:
        self._login = login
        self._patience = patience or Patience()
        self._context = context
        self._events = CdrEvents(context)
        self._cel = CelEvents(context) if login.cel else None
        self._has_cel = False
        self._lacks_ids = False
        self._samples: list[tuple[str, str]] | None = []

    @property
    def where(self) -> str:
        return self._login.where

    def session(self) -> AmiSession:
        if self._cel is not None:
            self._cel = CelEvents(self._context)  # what was up when the connection was lost is not known to its end
        return AmiSession(self._login, self._patience)

    def items(self, messages: Sequence[AmiMessage]) -> list[CallLeg | Rejected]:
        items = [self._events.item(event) for event in _named("cdr", messages)]
        if self._cel is not None:
            events = _named("cel", messages)
            self._has_cel = self._has_cel or bool(events)
            items += self._cel.items(events)
        return items

    def learn(self, messages: Sequence[AmiMessage]) -> str:
        events = _named("cdr", messages)
        self._prove_zone(events)
        if events:
            self._lacks_ids = any(map(lacks_ids, events))
        if self._lacks_ids:
            return (
                f"events lack LinkedID or Sequence: add {MAPPINGS} under [mappings] of cdr_manager.conf; else calls of"
                " several legs are counted apart"
            )
        if self._cel is not None and not self._has_cel:
            return (
                "a call ended, and no CEL event came: cel.conf needs enable = yes, and enabled = yes under [manager];"
                " the user needs read = cdr,call"
            )
        return ""

    def _prove_zone(self, events: Sequence[AmiMessage]) -> None:
        """Hold the zone against the epochs of the first events. Raises Terminal when it is another."""
        if self._samples is None:
            return
        self._samples += [(event.get("starttime"), event.get("uniqueid")) for event in events]
        zone = self._context().zone
        proof = asterisk_clock.prove(self._samples, "ymd")
        if proof.rows >= _FEWEST_PROOFS and zone is not None:
            asterisk_clock.check_zone(proof, self._samples, "ymd", zone, self._login.where)
            self._samples = None


def _named(name: str, messages: Sequence[AmiMessage]) -> list[AmiMessage]:
    return [message for message in messages if message.get("event").lower() == name]
