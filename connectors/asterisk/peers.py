"""Who is at the end of a channel: a phone inside, a trunk, or one of Asterisk's own `Local` channels."""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple


class Kind(Enum):
    NONE = 0
    EXTENSION = 1
    TRUNK = 2
    LOCAL = 3


class Peer(NamedTuple):
    """One end. `number` is the extension, for a Local channel the number it dials; "" for a trunk."""

    kind: Kind
    number: str
    mirror: bool = False
    """The `;2` half of a Local pair: the same conversation told once more."""


NOBODY = Peer(Kind.NONE, "")


class Peers:
    """Channels to peers, remembered by the channel without its running number."""

    def __init__(self, extension_pattern: str, trunks: tuple[str, ...]) -> None:
        self._extension = re.compile(extension_pattern)
        self._trunks = frozenset(trunks)
        self._known: dict[str, Peer] = {}

    def is_extension(self, number: str) -> bool:
        return self._extension.fullmatch(number) is not None

    def of(self, channel: str) -> Peer:
        """The peer of `PJSIP/114-000000c4`, `Local/101@from-queue-0000001a;1`, `DAHDI/i1/84950000000-5`, or ""."""
        if not channel:
            return NOBODY
        name, _, tail = channel.rpartition("-")
        key = f"{name}{tail[-2:]}" if channel.startswith("Local/") else name
        peer = self._known.get(key)
        if peer is None:
            if len(self._known) > 100_000:
                self._known.clear()
            peer = self._known[key] = self._read(channel, name or channel)
        return peer

    def _read(self, channel: str, name: str) -> Peer:
        tech, _, rest = name.partition("/")
        if tech == "Local":
            number = rest.partition("@")[0]
            return Peer(Kind.LOCAL, number if self.is_extension(number) else "", channel.endswith(";2"))
        if rest in self._trunks or not self.is_extension(rest):
            return Peer(Kind.TRUNK, "")
        return Peer(Kind.EXTENSION, rest)
