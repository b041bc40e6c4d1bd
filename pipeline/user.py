"""Who runs this process, for people."""

from __future__ import annotations

import getpass
import socket


def this_user() -> str:
    """user@host."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user has no name
        user = "?"
    return f"{user}@{socket.gethostname()}"
