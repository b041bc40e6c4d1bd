"""Messages to and from an exchange over a link: questions with answers, pings, and what came in between."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from connectors.live.link import TcpLink
from schemas.errors import Transient

M = TypeVar("M")

_MISSED_PINGS = 3


class Patience(NamedTuple):
    """Seconds."""

    answer_s: float = 10.0
    """For an answer."""
    ping_s: float = 15.0
    """From one ping to the next; a connection that is silent for three of them is lost."""


class Talk(Generic[M]):
    """`feed` turns bytes as they come into the messages that end in them. Raises Transient; every wait has an end."""

    def __init__(
        self,
        link: TcpLink,
        feed: Callable[[bytes], Sequence[M]],
        patience: Patience,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._link = link
        self._feed = feed
        self._patience = patience
        self._monotonic = monotonic
        self._early: list[M] = []
        self._heard_at = self._pinged_at = monotonic()

    def ask(self, question: bytes, is_answer: Callable[[M], bool], what: str) -> M:
        """Send, and wait for the answer; what comes beside it is kept. `what` stands in the message of silence."""
        if question:
            self._link.send(question)
        until = self._monotonic() + self._patience.answer_s
        while (left_s := until - self._monotonic()) > 0:
            messages = self._feed(self._receive(left_s))
            for index, message in enumerate(messages):
                if is_answer(message):
                    self._early += messages[index + 1 :]
                    return message
                self._early.append(message)
        raise Transient(f"{self._link.where}: no {what} within {self._patience.answer_s:.0f} s")

    def read(self, within_s: float, ping: Callable[[], bytes]) -> Sequence[M]:
        """Messages that arrived within a time; none when there were none. Pings in between."""
        if early := self.early():
            return early
        now = self._monotonic()
        if now - self._pinged_at >= self._patience.ping_s:
            self._link.send(ping())
            self._pinged_at = now
        data = self._receive(within_s)
        if not data and now - self._heard_at > (silence_s := _MISSED_PINGS * self._patience.ping_s):
            raise Transient(f"{self._link.where}: no answer to pings for {silence_s:.0f} s")
        return self._feed(data)

    def early(self) -> Sequence[M]:
        """What came while an answer was waited for, and was not read yet."""
        early, self._early = self._early, []
        return early

    @property
    def heard(self) -> bool:
        """Something came since the last ping was sent: the exchange is there."""
        return self._heard_at >= self._pinged_at

    def _receive(self, within_s: float) -> bytes:
        data = self._link.receive(within_s)
        if data:
            self._heard_at = self._monotonic()
        return data
