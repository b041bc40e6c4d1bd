"""One connection to the manager interface: login, events, pings, logoff. Blocks; every wait has an end."""

from __future__ import annotations

import hashlib
import itertools
import ssl
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from connectors.asterisk.ami.messages import AmiMessage, AmiMessages
from connectors.live.link import TcpLink
from connectors.live.talk import Patience, Talk
from schemas.errors import Terminal


class AmiLogin(NamedTuple):
    """Where, and as whom."""

    host: str
    port: int
    user: str
    secret: str
    plain: bool = False
    """Send the secret itself, for exchanges that refuse the MD5 challenge."""
    tls: ssl.SSLContext | None = None
    cel: bool = False
    """Ask for `CEL` events too: they come among all events of the class `call`."""

    @property
    def classes(self) -> str:
        """Of the events that are asked for."""
        return "cdr,call" if self.cel else "cdr"

    @property
    def where(self) -> str:
        return f"{self.host}:{self.port}"


class AmiSession:
    """Use as a context: logged in on entry. Raises Transient when the exchange is away, Terminal when it refuses."""

    def __init__(self, login: AmiLogin, patience: Patience, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._login = login
        self._patience = patience
        self._monotonic = monotonic
        self._ids = itertools.count(1)
        self._link: TcpLink
        self._talk: Talk[AmiMessage]

    def __enter__(self) -> AmiSession:
        login = self._login
        self._link = TcpLink(login.host, login.port, login.tls, self._patience.answer_s)
        self._talk = Talk(self._link, AmiMessages().feed, self._patience, self._monotonic)
        try:
            self._log_in()
        except BaseException:
            self._link.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._link.close(_action("Logoff", "bye"))

    def read(self, within_s: float) -> Sequence[AmiMessage]:
        """Messages that arrived within a time; none when there were none. Pings in between.

        Raises Transient when the connection is lost, or silent for too long.
        """
        return self._talk.read(within_s, lambda: _action("Ping", str(next(self._ids))))

    @property
    def heard(self) -> bool:
        """Something came since the last ping was sent: the exchange is there."""
        return self._talk.heard

    def _log_in(self) -> None:
        login = self._login
        if login.plain:
            proof = {"Secret": login.secret}
        else:
            challenge = self._ask("Challenge", AuthType="MD5")
            if challenge.get("response").lower() != "success" or not challenge.get("challenge"):
                raise Terminal(f"{login.where}: no MD5 challenge ({challenge.get('message')}): try --auth plain")
            # The protocol's, not ours: main/manager.c authenticate().
            key = hashlib.md5((challenge.get("challenge") + login.secret).encode(), usedforsecurity=False).hexdigest()
            proof = {"AuthType": "MD5", "Key": key}
        answer = self._ask("Login", Username=login.user, Events=login.classes, **proof)
        if answer.get("response").lower() != "success":
            raise Terminal(
                f"{login.where}: login as {login.user} refused ({answer.get('message') or 'no reason given'}): check"
                f" the secret, and the user's secret, permit and read = {login.classes} in manager.conf"
            )

    def _ask(self, action: str, **headers: str) -> AmiMessage:
        """The response to an action; events that come first are kept."""
        number = str(next(self._ids))

        def is_answer(message: AmiMessage) -> bool:
            return bool(message.get("response")) and message.get("actionid") in ("", number)

        return self._talk.ask(_action(action, number, **headers), is_answer, f"answer to {action} (is it AMI?)")


def _action(name: str, number: str, **headers: str) -> bytes:
    """An action as bytes. A line end inside a value would begin another action, so it goes."""
    fields = {"Action": name, "ActionID": number, **headers}
    lines = (f"{key}: {value}".replace("\r", "").replace("\n", "") for key, value in fields.items())
    return "\r\n".join([*lines, "", ""]).encode()
