"""One connection to the event socket: login, subscription, pings, exit. Blocks; every wait has an end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from connectors.freeswitch.esl.cdr import NAME
from connectors.freeswitch.esl.messages import EslMessage, EslMessages
from connectors.live.link import TcpLink
from connectors.live.talk import Patience, Talk
from schemas.errors import Terminal, Transient

_REPLY = "command/reply"
_REJECTION = "text/rude-rejection"
_NOTICE = "text/disconnect-notice"
_FORMS = ("json", "plain")
_MOST_SHOWN = 100


class EslLogin(NamedTuple):
    """Where, with which password, and which events of it."""

    host: str
    port: int
    password: str
    user: str = ""
    """USER@DOMAIN of the switch's directory, who may be allowed these events only; else the socket's own password."""
    filter: tuple[str, str] | None = None
    """A header and the value that it must have, such as variable_domain_name of one tenant; else every event."""

    @property
    def where(self) -> str:
        return f"{self.host}:{self.port}"


class EslSession:
    """Use as a context: subscribed on entry. Raises Transient when the switch is away, Terminal when it refuses."""

    def __init__(self, login: EslLogin, patience: Patience, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._login = login
        self._patience = patience
        self._monotonic = monotonic
        self._messages = EslMessages()
        self._subscription = b""
        self._ended = ""
        """Why nothing more comes."""
        self._link: TcpLink
        self._talk: Talk[EslMessage]

    def __enter__(self) -> EslSession:
        login = self._login
        self._link = TcpLink(login.host, login.port, None, self._patience.answer_s)
        self._talk = Talk(self._link, self._feed, self._patience, self._monotonic)
        try:
            self._log_in()
            self._subscribe()
        except BaseException:
            self._link.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._link.close(_command("exit"))

    def read(self, within_s: float) -> Sequence[EslMessage]:
        """Messages that arrived within a time; none when there were none. Pings in between.

        The ping is the subscription itself: it changes nothing, asks for no right to commands, and is answered.
        Raises Transient when the connection is lost or silent for too long, once all before it was read.
        """
        if early := self._talk.early():
            return early
        if self._ended:
            raise Transient(f"{self._login.where}: {self._ended}")
        return self._talk.read(within_s, lambda: self._subscription)

    @property
    def heard(self) -> bool:
        """Something came since the last ping was sent: the switch is there."""
        return self._talk.heard

    def _feed(self, data: bytes) -> Sequence[EslMessage]:
        messages = self._messages.feed(data)
        if any(message.kind == _NOTICE for message in messages):
            self._ended = "the switch ended the connection"
        if self._messages.broken:
            self._ended = f"this is not an event socket, or its stream is out of step: {self._messages.broken}"
        return messages

    def _log_in(self) -> None:
        where = self._login.where
        request = self._talk.ask(
            b"", lambda message: message.kind in ("auth/request", _REJECTION), "request to log in (is it ESL?)"
        )
        if request.kind == _REJECTION:
            raise Terminal(
                f"{where}: this machine's address is refused: allow it in the list that apply-inbound-acl of"
                " event_socket.conf.xml names (loopback.auto lets in the switch's own machine only)"
            )
        user, password = self._login.user, self._login.password
        answer = self._ask(f"userauth {user}:{password}" if user else f"auth {password}", "login")
        if not _is_ok(answer):
            kept = f"esl-password of {user}" if user else "`password` of event_socket.conf.xml"
            raise Terminal(f"{where}: the password is refused ({_reply_text(answer)}): check it against {kept}")

    def _subscribe(self) -> None:
        if self._login.filter is not None:
            name, value = self._login.filter
            answer = self._ask(f"filter {name} {value}", "filter")
            if not _is_ok(answer):
                raise Terminal(f"{self._login.where}: filter {name} is refused ({_reply_text(answer)})")
        for form in _FORMS:
            self._subscription = _command(f"event {form} {NAME}")
            answer = self._ask(f"event {form} {NAME}", "subscription")
            if _is_ok(answer):
                return
        raise Terminal(
            f"{self._login.where}: events {NAME} are refused ({_reply_text(answer)}): allow them to this login"
        )

    def _ask(self, command: str, what: str) -> EslMessage:
        return self._talk.ask(_command(command), lambda message: message.kind == _REPLY, f"answer to the {what}")


def _is_ok(answer: EslMessage) -> bool:
    return answer.get("reply-text").startswith("+OK")


def _reply_text(answer: EslMessage) -> str:
    return answer.get("reply-text")[:_MOST_SHOWN] or "no reason given"


def _command(text: str) -> bytes:
    """A command as bytes. A line end inside of it would begin another, so it goes."""
    return text.replace("\r", "").replace("\n", "").encode() + b"\n\n"
