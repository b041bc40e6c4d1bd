"""Bytes of the event socket to messages. Pure: any cut of the bytes gives the same messages, nothing raises.

A message is a block of headers, a blank line, and as many bytes of body as `Content-Length` says. Nothing marks where a
message begins, so whoever has lost a length has lost the step: from there on nothing is read. Source:
mod_event_socket.c.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

MOST_HEAD = 65_536
"""Bytes of headers; FreeSWITCH writes about sixty, two thousand in the answer to a login."""
MOST_BODY = 1_048_576
"""Bytes of a body that are kept; an event has about fifteen thousand, more with hangup_complete_with_xml."""
MOST_SKIPPED = 16 * MOST_BODY
"""A body beyond that is not an event: while it is passed over, a lost connection would look like one that is alive."""

_LENGTH = re.compile(r"[0-9]{1,9}")


class EslMessage(NamedTuple):
    """What the switch said, in one piece."""

    headers: Mapping[str, str]
    """Names in lower case; of a name that comes twice, the first."""
    body: bytes
    whole: bool = True
    """False when the body was too long, and cut."""

    def get(self, name: str) -> str:
        return self.headers.get(name, "")

    @property
    def kind(self) -> str:
        """Its content type, such as text/event-json."""
        return self.get("content-type").lower()


class EslMessages:
    """Feed it what a socket gives. Holds at most one message."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._lines: list[bytes] = []
        self._size = 0
        """Bytes of headers that are held."""
        self._headers: Mapping[str, str] = {}
        self._body = bytearray()
        self._length = 0
        self._left = 0
        """Bytes of the body that are yet to come; 0 while headers are read."""
        self.broken = ""
        """Why the step is lost; "" while it is kept."""

    def feed(self, data: bytes) -> list[EslMessage]:
        """The messages that end in these bytes."""
        found: list[EslMessage] = []
        while data and not self.broken:
            data = self._read_body(data, found) if self._left else self._read_line(data, found)
        return found

    def _read_body(self, data: bytes, found: list[EslMessage]) -> bytes:
        part, rest = data[: self._left], data[self._left :]
        self._left -= len(part)
        self._body += part[: MOST_BODY - len(self._body)]
        if not self._left:
            self._end(found)
        return rest

    def _read_line(self, data: bytes, found: list[EslMessage]) -> bytes:
        part, newline, rest = data.partition(b"\n")
        self._size += len(part)
        if self._size > MOST_HEAD:
            self._line.clear()
            self._lines = []
            self.broken = f"headers of over {MOST_HEAD:,} bytes"
            return b""
        self._line += part
        if not newline:
            return b""
        line = bytes(self._line).rstrip(b"\r")
        self._line.clear()
        if line:
            self._lines.append(line)
        else:
            self._blank(found)
        return rest

    def _blank(self, found: list[EslMessage]) -> None:
        """The headers have ended; a blank line that none came before is nothing."""
        lines, self._lines, self._size = self._lines, [], 0
        if not lines:
            return
        self._headers = _headers(lines)
        length = self._headers.get("content-length", "0")
        if not _LENGTH.fullmatch(length) or int(length) > MOST_SKIPPED:
            self.broken = f"a message of {length[:20]!r} bytes"
            return
        self._length = self._left = int(length)
        if not self._length:
            self._end(found)

    def _end(self, found: list[EslMessage]) -> None:
        found.append(EslMessage(self._headers, bytes(self._body), len(self._body) == self._length))
        self._body.clear()


def _headers(lines: Sequence[bytes]) -> dict[str, str]:
    """Lines `Name: value`; others are not headers."""
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.decode("utf-8", "backslashreplace").partition(":")
        if colon:
            headers.setdefault(name.strip().lower(), value.strip())
    return headers
