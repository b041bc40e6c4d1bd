"""Bytes of the manager interface to messages. Pure: any cut of the bytes gives the same messages, nothing raises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

MOST_LINE = 16_384
"""Bytes of a line that are kept; Asterisk's own lines are far shorter."""
MOST_MESSAGE = 131_072
"""Bytes of a message that are kept."""


class AmiMessage(NamedTuple):
    """An event or a response: what stands before the blank line."""

    headers: Mapping[str, str]
    """Names in lower case, since relays change it; of a name that comes twice, the first."""
    text: str
    """As it came, at most MOST_MESSAGE of it."""
    whole: bool
    """False when something of it was too long, and cut."""

    def get(self, name: str) -> str:
        return self.headers.get(name, "")


class AmiMessages:
    """Feed it what a socket gives. Holds at most one line and one message."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._lines: list[bytes] = []
        self._size = 0
        self._whole = True

    def feed(self, data: bytes) -> list[AmiMessage]:
        """The messages that end in these bytes. Other lines than `Name: value`, such as the banner, are not headers."""
        found = []
        *ended, rest = data.split(b"\n")
        for part in ended:
            self._keep(part)
            line = bytes(self._line).rstrip(b"\r")
            self._line.clear()
            if line:
                self._add(line)
            elif self._lines:
                found.append(self._message())
        self._keep(rest)
        return found

    def _keep(self, part: bytes) -> None:
        room = MOST_LINE - len(self._line)
        if len(part) > room:
            self._whole = False
        self._line += part[:room]

    def _add(self, line: bytes) -> None:
        if self._size + len(line) > MOST_MESSAGE:
            self._whole = False
            return
        self._size += len(line)
        self._lines.append(line)

    def _message(self) -> AmiMessage:
        text = [line.decode("utf-8", "backslashreplace") for line in self._lines]
        headers: dict[str, str] = {}
        for line in text:
            name, colon, value = line.partition(":")
            if colon:
                headers.setdefault(name.strip().lower(), value.strip())
        message = AmiMessage(headers, "\n".join(text), self._whole)
        self._lines = []
        self._size = 0
        self._whole = True
        return message
