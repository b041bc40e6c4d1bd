"""An Asterisk made of a script: what it does with each connection is the test's."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import ssl
from collections.abc import Callable
from datetime import datetime, timedelta

from tests.connectors.live import peer as live

SECRET = "s3cret-of-the-manager"
BANNER = b"Asterisk Call Manager/9.0.0\r\n"


def event(number: int, at: datetime, *, talk_s: int = 60, ids: bool = True, **more: str) -> bytes:
    """A `Cdr` event: the call of `tests.connectors.rows.row(number, at=at)`."""
    start = f"{at:%Y-%m-%d %H:%M:%S}"
    uniqueid = f"{int(at.timestamp())}.{number}"
    headers = {
        "Event": "Cdr",
        "Privilege": "cdr,all",
        "AccountCode": "",
        "Source": "84950000001",
        "Destination": "101",
        "DestinationContext": "from-trunk",
        "CallerID": '"84950000001" <84950000001>',
        "Channel": "PJSIP/provider-0000000a",
        "DestinationChannel": "PJSIP/101-0000000b",
        "LastApplication": "Dial",
        "LastData": "",
        "StartTime": start,
        "AnswerTime": f"{at + timedelta(seconds=5):%Y-%m-%d %H:%M:%S}" if talk_s else "",
        "EndTime": f"{at + timedelta(seconds=5 + talk_s):%Y-%m-%d %H:%M:%S}",
        "Duration": str(5 + talk_s),
        "BillableSeconds": str(talk_s),
        "Disposition": "ANSWERED" if talk_s else "NO ANSWER",
        "AMAFlags": "DOCUMENTATION",
        "UniqueID": uniqueid,
        "UserField": "",
    }
    if ids:
        headers |= {"LinkedID": uniqueid, "Sequence": str(number)}
    headers |= more
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode() + b"\r\n"


class Connection(live.Connection):
    """One connection of the listener, as Asterisk sees it."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.actions: list[dict[str, str]] = []

    def action(self) -> dict[str, str]:
        """The next action; empty when the listener has closed."""
        headers: dict[str, str] = {}
        while line := self.line():
            name, _, value = line.decode().partition(":")
            headers[name.strip()] = value.strip()
        self.actions.append(headers)
        return headers

    def answer(self, action: dict[str, str], response: str = "Success", **more: str) -> None:
        fields = {"Response": response, "ActionID": action.get("ActionID", ""), **more}
        self.send("".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode() + b"\r\n")

    def log_in(self, secret: str = SECRET) -> bool:
        """Greet, and ask for the login with MD5 or the plain secret, as main/manager.c does."""
        self.send(BANNER)
        challenge = "168112"
        while action := self.action():
            if action["Action"] == "Challenge":
                self.answer(action, Challenge=challenge)
            elif action["Action"] == "Login":
                key = hashlib.md5((challenge + secret).encode()).hexdigest()
                if action.get("Key") == key or action.get("Secret") == secret:
                    self.answer(action, Message="Authentication accepted")
                    return True
                self.answer(action, "Error", Message="Authentication failed")
                return False
        return False

    def serve(self) -> None:
        """Answer pings until the listener goes away."""
        while action := self.action():
            self.answer(action, "Goodbye" if action["Action"] == "Logoff" else "Success", Ping="Pong")


def peer(
    *scripts: Callable[[Connection], None], tls: ssl.SSLContext | None = None
) -> contextlib.AbstractContextManager[live.Peer[Connection]]:
    return live.serving(live.Peer(Connection, *scripts, tls=tls))
