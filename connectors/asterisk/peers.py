"""Who is at the end of a channel: a phone inside, a trunk, or one of Asterisk's own channels."""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

from connectors.asterisk.peer_facts import NOTHING, WRAPPED, PeerFacts, taught
from connectors.reading.source import Context


class PeerKind(Enum):
    NONE = 0
    EXTENSION = 1
    TRUNK = 2
    LOCAL = 3
    """`Local`, and the channels of conferences and announcements: no end of a conversation by themselves."""


class Peer(NamedTuple):
    """One end. `number` is the extension, for a Local channel the extension it dials; "" for a trunk."""

    kind: PeerKind
    number: str
    mirror: bool = False
    """The `;2` half of a Local pair: it goes on to whom the `;1` half was asked to reach."""
    outside: bool = False
    """A Local channel that dials a number outside."""
    is_device: bool = False
    """Of a person who stands in other cells; `number` is who it is where none says."""
    is_tie: bool = False
    """A line to a sister exchange."""


NOBODY = Peer(PeerKind.NONE, "")

_OWN = frozenset({"Local", "CBAnn", "CBRec", "Announcer", "Recorder", "Message", "UnicastRTP", "MulticastRTP"})
# FreePBX marks why it dials: Local/FMPR-101@ (follow me), Local/RG-600-101@ (ring group), Local/89160000001#@.
_MARK = re.compile(r"[A-Z]+-(?:\d+-)?(?=\+?\d+#?$)")
_OUTSIDE = re.compile(r"\+?\d{7,}")


class Peers:
    """Channels to peers, remembered by the channel without its running number."""

    def __init__(
        self,
        extension_pattern: str,
        trunks: tuple[str, ...],
        facts: PeerFacts = NOTHING,
        ties: tuple[str, ...] = (),
    ) -> None:
        self._extension = re.compile(extension_pattern)
        self._trunks = frozenset(trunks)
        self._ties = frozenset(ties)
        self._facts = facts
        self._named = frozenset(facts.phones.values())
        self._known: dict[str, Peer] = {"": NOBODY}

    def is_extension(self, number: str) -> bool:
        return self._extension.fullmatch(number) is not None or number in self._named

    def of(self, channel: str) -> Peer:
        """The peer of `PJSIP/114-000000c4`, `Local/101@from-queue-0000001a;1`, `DAHDI/i1/84950000000-5`, or ""."""
        name, _, tail = channel.rpartition("-")
        key = name or channel
        if ";2" in tail:
            key += ";2"
        peer = self._known.get(key)
        if peer is None:
            if len(self._known) > 100_000:
                self._known = {"": NOBODY}
            peer = self._known[key] = self._read(name or channel, ";2" in tail)
        return peer

    def _read(self, name: str, mirror: bool) -> Peer:
        if wrapped := WRAPPED.match(name):
            name = name[wrapped.end() :]
        tech, _, rest = name.partition("/")
        if tech in _OWN or rest == "pseudo":
            number = _MARK.sub("", rest.partition("@")[0], count=1).rstrip("#") if tech == "Local" else ""
            inside = self.is_extension(number)
            return Peer(PeerKind.LOCAL, number if inside else "", mirror, not inside and _is_outside(number))
        facts = self._facts
        if rest in self._trunks or name in self._trunks:
            return Peer(PeerKind.TRUNK, "")
        if rest in self._ties or name in self._ties:
            return Peer(PeerKind.TRUNK, "", is_tie=True)
        if name in facts.devices:
            return Peer(PeerKind.EXTENSION, facts.devices[name] or rest, is_device=True)
        if name in facts.phones:
            return Peer(PeerKind.EXTENSION, rest)
        if name in facts.lines or name in facts.ties or not self._extension.fullmatch(rest):
            return Peer(PeerKind.TRUNK, "", is_tie=name in facts.ties)
        return Peer(PeerKind.EXTENSION, rest)


def peers_taught(context: Context) -> Peers:
    """Of what is read event by event: peers are what earlier files showed, else what their names look like."""
    known = taught(context.peers, context.extension_pattern, context.trunks, context.ties)
    return Peers(context.extension_pattern, context.trunks, known, context.ties)


def mobile_of(channel: str) -> str:
    """The number outside that a Local channel dials, as it is written there; "" when it dials none."""
    number = _MARK.sub("", channel.partition("/")[2].partition("@")[0], count=1).rstrip("#")
    return number if _is_outside(number) else ""


def _is_outside(number: str) -> bool:
    return _OUTSIDE.fullmatch(number) is not None
