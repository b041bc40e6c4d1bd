"""An Asterisk made of a script: what it does with each connection is the test's."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

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


class Connection:
    """One connection of the door, as the exchange sees it."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._read = sock.makefile("rb")
        self.actions: list[dict[str, str]] = []

    def action(self) -> dict[str, str]:
        """The next action; empty when the door has closed."""
        headers: dict[str, str] = {}
        with contextlib.suppress(OSError):
            while line := self._read.readline().strip():
                name, _, value = line.decode().partition(":")
                headers[name.strip()] = value.strip()
        self.actions.append(headers)
        return headers

    def send(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            self._sock.sendall(data)

    def answer(self, action: dict[str, str], response: str = "Success", **more: str) -> None:
        said = {"Response": response, "ActionID": action.get("ActionID", ""), **more}
        self.send("".join(f"{name}: {value}\r\n" for name, value in said.items()).encode() + b"\r\n")

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
        """Answer pings until the door goes away."""
        while action := self.action():
            self.answer(action, "Goodbye" if action["Action"] == "Logoff" else "Success", Ping="Pong")

    def hang_up(self) -> None:
        """End what is being read or written, from any thread; who reads then closes."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.hang_up()
        self._read.close()
        self._sock.close()


Script = Callable[[Connection], None]


class Peer:
    """Listens on loopback. Connection after connection runs its script; the last script serves all later ones."""

    def __init__(self, *scripts: Script, tls: ssl.SSLContext | None = None) -> None:
        self._scripts = list(scripts)
        self._tls = tls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.connections: list[Connection] = []
        self._closed = False
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while not self._closed:
            try:
                sock, _ = self._socket.accept()
            except OSError:
                return
            if self._tls is not None:
                try:
                    sock = self._tls.wrap_socket(sock, server_side=True)
                except OSError:  # the door does not trust us
                    sock.close()
                    continue
            connection = Connection(sock)
            self.connections.append(connection)
            script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
            try:
                script(connection)
            finally:
                connection.close()

    def close(self) -> None:
        self._closed = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for connection in self.connections:
            connection.hang_up()
        self._thread.join(10)


@contextlib.contextmanager
def peer(*scripts: Script, tls: ssl.SSLContext | None = None) -> Iterator[Peer]:
    made = Peer(*scripts, tls=tls)
    try:
        yield made
    finally:
        made.close()
