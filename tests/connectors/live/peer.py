"""An exchange made of a script: what it does with each connection is the test's."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar


class Connection:
    """One connection of the listener, as the exchange sees it."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._read = sock.makefile("rb")

    def line(self) -> bytes:
        """The next line, without its end; empty when the listener has closed."""
        with contextlib.suppress(OSError):
            return self._read.readline().strip()
        return b""

    def send(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            self._sock.sendall(data)

    def hang_up(self) -> None:
        """End what is being read or written, from any thread; who reads then closes."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.hang_up()
        self._read.close()
        self._sock.close()


C = TypeVar("C", bound=Connection)


class Peer(Generic[C]):
    """Listens on loopback. Connection after connection runs its script; the last script serves all later ones."""

    def __init__(
        self, connection: Callable[[socket.socket], C], *scripts: Callable[[C], None], tls: ssl.SSLContext | None = None
    ) -> None:
        self._connection = connection
        self._scripts = list(scripts)
        self._tls = tls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.connections: list[C] = []
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
                except OSError:  # the listener does not trust us
                    sock.close()
                    continue
            connection = self._connection(sock)
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
        self._thread.join(60)


@contextlib.contextmanager
def serving(made: Peer[C]) -> Iterator[Peer[C]]:
    """The peer, until the end of the test."""
    try:
        yield made
    finally:
        made.close()


def hang_up(connection: Connection) -> None:
    """A script that only ends: its end closes."""
