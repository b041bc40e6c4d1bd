"""A way to a server on which packets get lost: what is sent after `freeze` arrives nowhere, and nobody is told."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Way:
    """A TCP proxy. Connections that are open stay open while it is frozen, and new ones are not made."""

    def __init__(self, to: tuple[str, int]) -> None:
        self._to = to
        self._server = socket.create_server(("127.0.0.1", 0))
        self._flows = threading.Event()
        self._flows.set()
        self._open: list[socket.socket] = []
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def freeze(self) -> None:
        self._flows.clear()

    def thaw(self) -> None:
        """New connections work; what was lost stays lost."""
        self._flows.set()

    def close(self) -> None:
        self._flows.set()
        for one in (self._server, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                far = socket.create_connection(self._to, 60)
                self._open += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        lost = False
        with contextlib.suppress(OSError):
            while data := one.recv(65_536):
                lost = lost or not self._flows.is_set()
                if not lost:
                    other.sendall(data)
            other.shutdown(socket.SHUT_WR)


@contextmanager
def way_to(host: str, port: int) -> Iterator[Way]:
    way = Way((host, port))
    try:
        yield way
    finally:
        way.close()
