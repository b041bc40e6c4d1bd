"""FreeSWITCH's event socket as a source of events."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from connectors.freeswitch.esl.cdr import HangupEvents
from connectors.freeswitch.esl.messages import EslMessage
from connectors.freeswitch.esl.session import EslLogin, EslSession
from connectors.live.talk import Patience
from connectors.reading.source import Context
from schemas.records import CallLeg, Rejected


class Esl:
    """One switch, for connectors.live.event_listener."""

    archive = "json_cdr's files or the CSV"

    def __init__(self, login: EslLogin, context: Callable[[], Context], patience: Patience | None = None) -> None:
        self._login = login
        self._patience = patience or Patience()
        self._events = HangupEvents(context)

    @property
    def where(self) -> str:
        return self._login.where

    def session(self) -> EslSession:
        return EslSession(self._login, self._patience)

    def items(self, messages: Sequence[EslMessage]) -> list[CallLeg | Rejected]:
        return self._events.items(messages)

    def learn(self, messages: Sequence[EslMessage]) -> str:
        """Nothing: its times are epochs, its ids are in every event, and there is no setting to be wrong."""
        return ""
