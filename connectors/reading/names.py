"""Names of files, which may hold any bytes but / and NUL: as text for logs and reports, and short enough to be one."""

from __future__ import annotations

import os

MOST_BYTES = 255
"""Of a name, on every usual file system."""


def as_text(name: str) -> str:
    """A name that can be written down as UTF-8: bytes that are not text as their codes."""
    return name.encode("utf-8", "backslashreplace").decode()


def printable(name: str) -> str:
    """The same as a part of one line, whatever the name holds."""
    return name if name.isprintable() else as_text(name).encode("unicode_escape").decode("ascii")


def fitting(name: str, room: int = 0) -> str:
    """The name, cut before its suffix so that `room` more bytes fit behind it."""
    most = MOST_BYTES - room
    if len(os.fsencode(name)) <= most:
        return name
    stem, suffix = os.path.splitext(name)
    suffix = suffix if len(os.fsencode(suffix)) < 20 else ""
    kept = os.fsencode(stem)[: most - len(os.fsencode(suffix))]
    return kept.decode("utf-8", "ignore") + suffix
