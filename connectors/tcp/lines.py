"""Bytes of a socket to lines. Pure: any cut of the bytes gives the same lines, nothing raises."""

from __future__ import annotations

import re
from typing import NamedTuple

MOST_LINE = 65_536
"""Bytes of a line that are kept."""
_ENDS = re.compile(rb"[\r\n]")


class ReceivedLine(NamedTuple):
    """One line without its end and without the NULs that serial lines are padded with."""

    text: str
    whole: bool = True
    """False for what came last before the other side closed, without a line end."""
    too_long: bool = False
    """It was longer than MOST_LINE; `text` is its beginning."""


class Lines:
    """Feed it what a socket gives; blank lines are nothing. LF, CR and CRLF end a line. Holds one line at most."""

    def __init__(self) -> None:
        self._begun = bytearray()
        self._too_long = False

    def feed(self, data: bytes) -> list[ReceivedLine]:
        """The lines that end in these bytes."""
        found = []
        *ended, rest = _ENDS.split(data)
        for part in ended:
            self._keep(part)
            found += self._ended(whole=True)
        self._keep(rest)
        return found

    def end(self) -> list[ReceivedLine]:
        """What is left when the other side has closed: 3CX closes after each call, with or without a line end."""
        return self._ended(whole=False)

    def _keep(self, part: bytes) -> None:
        room = MOST_LINE - len(self._begun)
        self._too_long = self._too_long or len(part) > room
        self._begun += part[:room]

    def _ended(self, *, whole: bool) -> list[ReceivedLine]:
        text = bytes(self._begun).strip(b"\0").decode("utf-8", "backslashreplace")
        too_long = self._too_long
        self._begun.clear()
        self._too_long = False
        return [ReceivedLine(text, whole, too_long)] if text.strip() else []
