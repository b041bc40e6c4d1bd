"""A database that has fallen silent. PostgreSQL's library waits for an answer for ever, whatever its settings are when
only the packets behind the next hop are lost: so the socket is shut from here, and the wait ends with an error.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def cut_when_silent(handle: int, after_s: float) -> Iterator[Callable[[], None]]:
    """Shut the connection of this file handle once nothing came for so long; what is yielded is called when it did."""
    over = threading.Event()
    heard = [time.monotonic()]

    def watch() -> None:
        while not over.wait(max(0.05, heard[0] + after_s - time.monotonic())):
            if time.monotonic() - heard[0] >= after_s:
                _shut(handle)
                return

    def hear() -> None:
        heard[0] = time.monotonic()

    watching = threading.Thread(target=watch, name="silence", daemon=True)
    watching.start()
    try:
        yield hear
    finally:
        over.set()
        watching.join()


def _shut(handle: int) -> None:
    """Whoever waits on it wakes up; the handle stays its owner's."""
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(handle)) as connection:
        connection.shutdown(socket.SHUT_RDWR)
