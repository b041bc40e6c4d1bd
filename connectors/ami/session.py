"""One connection to the manager interface: login, events, pings, logoff. Blocks; every wait has an end."""

from __future__ import annotations

import hashlib
import itertools
import socket
import ssl
import time
from collections.abc import Callable
from typing import NamedTuple

from connectors.ami.messages import Message, Messages
from schemas.trouble import Terminal, Transient

_READ_BYTES = 65_536
_MISSED_PINGS = 3


class Login(NamedTuple):
    """Where, and as whom."""

    host: str
    port: int
    user: str
    secret: str
    plain: bool = False
    """Send the secret itself, for exchanges that refuse the MD5 challenge."""
    tls: ssl.SSLContext | None = None

    @property
    def where(self) -> str:
        return f"{self.host}:{self.port}"


class Patience(NamedTuple):
    """Seconds."""

    answer_s: float = 10.0
    """For an answer."""
    ping_s: float = 15.0
    """From one ping to the next; a connection that is silent for three of them is lost."""


class Session:
    """Use as a context: logged in on entry. Raises Transient when the exchange is away, Terminal when it refuses."""

    def __init__(self, login: Login, patience: Patience, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._login = login
        self._patience = patience
        self._monotonic = monotonic
        self._messages = Messages()
        self._ids = itertools.count(1)
        self._early: list[Message] = []
        """Events that came while an answer was waited for."""
        self._socket: socket.socket

    def __enter__(self) -> Session:
        self._socket = self._connected()
        try:
            self._log_in()
        except BaseException:
            self._socket.close()
            raise
        self._heard_at = self._pinged_at = self._monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._socket.sendall(_action("Logoff", "bye"))
        except OSError:
            pass  # it is gone already
        finally:
            self._socket.close()

    def read(self, within_s: float) -> list[Message]:
        """Messages that arrived within a time; none when there were none. Pings in between.

        Raises Transient when the connection is lost, or silent for too long.
        """
        if self._early:
            early, self._early = self._early, []
            return early
        now = self._monotonic()
        if now - self._pinged_at >= self._patience.ping_s:
            self._send(_action("Ping", str(next(self._ids))))
            self._pinged_at = now
        data = self._receive(within_s)
        if data:
            self._heard_at = now
        elif now - self._heard_at > (silence_s := _MISSED_PINGS * self._patience.ping_s):
            raise Transient(f"{self._login.where}: no answer to pings for {silence_s:.0f} s")
        return self._messages.feed(data)

    @property
    def heard(self) -> bool:
        """Something came since the last ping was sent: the exchange is there."""
        return self._heard_at >= self._pinged_at

    def _connected(self) -> socket.socket:
        login = self._login
        try:
            raw = socket.create_connection((login.host, login.port), self._patience.answer_s)
        except OSError as error:
            raise Transient(f"{login.where}: {error.strerror or error}") from None
        if login.tls is None:
            return raw
        try:
            return login.tls.wrap_socket(raw, server_hostname=login.host)
        except ssl.SSLCertVerificationError as error:
            raw.close()
            raise Terminal(f"{login.where}: its certificate is not trusted: {error.verify_message}; see --ca") from None
        except OSError as error:
            raw.close()
            raise Transient(f"{login.where}: no TLS: {error.strerror or error}") from None

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
        answer = self._ask("Login", Username=login.user, Events="cdr", **proof)
        if answer.get("response").lower() != "success":
            raise Terminal(
                f"{login.where}: login as {login.user} refused ({answer.get('message') or 'no reason given'}): check"
                " the secret, and the user's secret, permit and read = cdr in manager.conf"
            )

    def _ask(self, action: str, **headers: str) -> Message:
        """The response to an action; events that come first are kept."""
        number = str(next(self._ids))
        self._send(_action(action, number, **headers))
        until = self._monotonic() + self._patience.answer_s
        while (left_s := until - self._monotonic()) > 0:
            messages = self._messages.feed(self._receive(left_s))
            for place, message in enumerate(messages):
                if message.get("response") and message.get("actionid") in ("", number):
                    self._early += messages[place + 1 :]
                    return message
                self._early.append(message)
        raise Transient(
            f"{self._login.where}: no answer to {action} within {self._patience.answer_s:.0f} s: is it AMI?"
        )

    def _send(self, data: bytes) -> None:
        try:
            self._socket.settimeout(self._patience.answer_s)
            self._socket.sendall(data)
        except OSError as error:
            raise Transient(f"{self._login.where}: {error.strerror or error}") from None

    def _receive(self, within_s: float) -> bytes:
        """What came; b"" when time is up. Raises Transient when the other side has closed."""
        try:
            self._socket.settimeout(max(within_s, 0.001))
            data = self._socket.recv(_READ_BYTES)
        except TimeoutError:
            return b""
        except OSError as error:
            raise Transient(f"{self._login.where}: {error.strerror or error}") from None
        if not data:
            raise Transient(f"{self._login.where}: the exchange closed the connection")
        return data


def _action(name: str, number: str, **headers: str) -> bytes:
    """An action as bytes. A line end inside a value would begin another action, so it goes."""
    said = {"Action": name, "ActionID": number, **headers}
    lines = (f"{key}: {value}".replace("\r", "").replace("\n", "") for key, value in said.items())
    return "\r\n".join([*lines, "", ""]).encode()
