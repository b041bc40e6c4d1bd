"""Ports of this machine."""

from __future__ import annotations

import socket

from schemas.errors import Terminal


def free_port(port: int, option: str) -> int:
    """The port itself when it is free (0: any free one); Terminal names the option that changes it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Terminal(
                f"port {port} is taken ({error.strerror}): choose another with {option}, or 0 for any"
            ) from None
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Somebody accepts connections at this loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


_BOARD_PORT = 8090


def usual_board_port() -> int:
    """8090 while it is free, else 0: nobody types its address, so that a second stack need not ask for another."""
    return 0 if listens(_BOARD_PORT) else _BOARD_PORT
