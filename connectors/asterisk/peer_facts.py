"""What a whole file tells of its peers: phones, devices of a person, lines to the outside or to a sister exchange.

Names and lengths prove nothing: `PJSIP/ivanova` and `PJSIP/7010001234` are phones here and lines there. A phone calls
and is called by its own name, and nothing is dialled through it; a line carries numbers; a device's person stands in
`cnum`, `src` or `dst`. Sources: app_dial.c (lastdata), FreePBX devices and users.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

import msgspec

from connectors.reading.source import BY_NAME, Believed

WRAPPED = re.compile(r"(?:(?:AsyncGoto|Surrogate|Transfered|Parked|Bridge)/)+")
"""Masquerades wrap the name of the channel they move: a transfer by the manager interface is AsyncGoto/PJSIP/101-..."""
_TECHS = frozenset({"SIP", "PJSIP", "IAX2", "SCCP", "Skinny", "H323", "OOH323", "Motif", "WebRTC"})
"""Those whose peers are named; of the ports of cards nothing is told by a name."""
_READ = ("src", "dst", "dcontext", "channel", "dstchannel", "lastdata", "cnum")
_LONG = re.compile(r"\+?\d{7,}#?")
_SHORT = re.compile(r"\d{2,6}")
_FEW = 3


class PeerVotes(msgspec.Struct):
    """What rows say of one peer (`PJSIP/101`): how many of them."""

    peer: str
    rows: int = 0
    itself: int = 0
    """It calls under its own name, or is what was dialled."""
    rung: int = 0
    """Dialled as such (`Dial(PJSIP/101)`), without a number."""
    through: int = 0
    """A number was dialled through it."""
    strangers: int = 0
    """Calls from it of numbers outside."""
    outward: int = 0
    """Calls from it to numbers outside, in a context of inside phones."""
    from_outside: int = 0
    """Of its calls, those that came in by a context for what is not inside (from-trunk, from-branch)."""
    callers: set[str] = msgspec.field(default_factory=set)
    """Extensions that called from it, other than its name."""
    called: set[str] = msgspec.field(default_factory=set)
    """Extensions that were dialled when it rang, other than its name."""


def votes(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> tuple[PeerVotes, ...]:
    """What the rows of a file say of its peers; () where they have no channels."""
    if "channel" not in columns:
        return ()
    width = len(columns)
    pick = itemgetter(*(columns.index(name) if name in columns else width for name in _READ))
    found: dict[str, PeerVotes] = {}
    for row in rows:
        if len(row) == width:
            src, dst, context, channel, dstchannel, lastdata, cnum = pick([*row, ""])
            near, far = peer_name(channel), peer_name(dstchannel)
            if near:
                _calls(found.setdefault(near, PeerVotes(near)), far, src.strip('"'), dst, context, cnum)
            if far:
                _rings(found.setdefault(far, PeerVotes(far)), near, dst, lastdata)
    return tuple(found.values())


_EVENTS = ("event", "channel", "number", "exten", "context", "app", "data")


def votes_of_events(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> tuple[PeerVotes, ...]:
    """The same of channel events: who was dialled stands beside `Dial`, who calls in the beginning of a channel."""
    width = len(columns)
    pick = itemgetter(*(columns.index(name) if name in columns else width for name in _EVENTS))
    found: dict[str, PeerVotes] = {}
    dialled: set[tuple[str, str]] = set()
    for row in rows:
        if len(row) != width:
            continue
        event, channel, number, exten, context, app, data = pick([*row, ""])
        if event == "CHAN_START" and (near := peer_name(channel)):
            peer = found.setdefault(near, PeerVotes(near))
            if exten in ("", "s"):
                peer.rows += 1
                peer.itself += number == _own(peer)
            else:
                _calls(peer, "", number, exten, context, "")
        elif app == "Dial" and (channel, data) not in dialled:
            dialled.add((channel, data))
            for target in data.partition(",")[0].split("&"):
                tech, _, rest = target.partition("/")
                named, _, at = rest.partition("@")
                name = f"{tech}/{at or named.partition('/')[0]}"
                if tech in _TECHS and name in found:
                    _rings(found[name], "", exten, data)
    return tuple(found.values())


def peer_name(channel: str) -> str:
    """`PJSIP/101` of a channel of a named peer; "" for others."""
    name, _, _ = channel.strip('"').rpartition("-")
    if wrapped := WRAPPED.match(name):
        name = name[wrapped.end() :]
    tech, _, rest = name.partition("/")
    return name if tech in _TECHS and rest else ""


def _calls(peer: PeerVotes, far: str, src: str, dst: str, context: str, cnum: str) -> None:
    peer.rows += 1
    own = _own(peer)
    inside = "internal" in context
    peer.from_outside += context.startswith("from-") and not inside
    if own in (src, cnum):
        peer.itself += 1
    elif person := next((number for number in (cnum, src) if _SHORT.fullmatch(number)), ""):
        peer.callers.add(person)
    elif _LONG.fullmatch(src) and not (inside and far and far != peer.peer and _LONG.fullmatch(dst)):
        peer.strangers += 1
    if inside and far and far != peer.peer and _LONG.fullmatch(dst):
        peer.outward += 1


def _rings(peer: PeerVotes, near: str, dst: str, lastdata: str) -> None:
    peer.rows += 1
    own = _own(peer)
    targets = lastdata.partition(",")[0].partition("|")[0].split("&")
    if dst == own:
        peer.itself += 1
    if peer.peer in targets:
        peer.rung += 1
        if dst != own and _SHORT.fullmatch(dst):
            peer.called.add(dst)
    elif any(target.startswith(f"{peer.peer}/") or target.endswith(f"@{own}") for target in targets) or (
        _LONG.fullmatch(dst) and dst != own and _SHORT.fullmatch(near.partition("/")[2])
    ):
        peer.through += 1
    elif dst != own and _SHORT.fullmatch(dst):
        peer.called.add(dst)


def _own(peer: PeerVotes) -> str:
    return peer.peer.partition("/")[2]


class PeerFacts(NamedTuple):
    """What is believed of the peers of a file, by `PJSIP/101`."""

    phones: Mapping[str, str] = {}
    """Peers that are phones although they do not look like extensions -> the extension, which is their name."""
    devices: Mapping[str, str] = {}
    """Peers whose person stands in other cells -> who that is where no cell says, "" where several may be."""
    lines: frozenset[str] = frozenset()
    """Peers that are lines although they look like extensions."""
    ties: frozenset[str] = frozenset()
    """Lines to a sister exchange: its extensions call through them."""


NOTHING = PeerFacts()


def facts(
    found: Iterable[PeerVotes], extension_pattern: str, trunks: Sequence[str], named_ties: Sequence[str] = ()
) -> PeerFacts:
    """What the votes come to; what settings name is not inferred."""
    is_extension = re.compile(extension_pattern).fullmatch
    phones: dict[str, str] = {}
    devices: dict[str, str] = {}
    lines: set[str] = set()
    ties: set[str] = set()
    for peer in found:
        own = _own(peer)
        if own in named_ties or peer.peer in named_ties:
            ties.add(peer.peer)
            continue
        if own in trunks or peer.peer in trunks:
            continue
        people = {number for number in peer.callers | peer.called if is_extension(number)}
        if is_extension(own):
            if peer.through and not peer.itself:
                lines.add(peer.peer)
            elif not peer.itself and not peer.strangers and people and peer.callers:
                devices[peer.peer] = people.pop() if len(people) == 1 else ""
        elif peer.through and not peer.itself:
            continue
        elif (peer.itself or peer.rung or peer.outward) and not peer.strangers:
            phones[peer.peer] = own
            if people and not peer.itself:
                devices[peer.peer] = people.pop() if len(people) == 1 else ""
        elif peer.callers and not peer.strangers and (peer.from_outside or len(people) >= _FEW):
            ties.add(peer.peer)
    return PeerFacts(phones, devices, frozenset(lines), frozenset(ties))


def taught(
    peers: Mapping[str, str], extension_pattern: str, trunks: Sequence[str], named_ties: Sequence[str] = ()
) -> PeerFacts:
    """The same of what was believed before (`Context.peers`); what settings name is not believed otherwise."""
    is_extension = re.compile(extension_pattern).fullmatch
    named = frozenset((*trunks, *named_ties))
    believed: dict[str, set[str]] = {}
    for name, taken_for in peers.items():
        own = name.partition("/")[2]
        if own not in named and name not in named:
            believed.setdefault(taken_for, set()).add(name)
    phones = {name: own for name in believed.get("phone", ()) if not is_extension(own := name.partition("/")[2])}
    lines = frozenset(name for name in believed.get("line", ()) if is_extension(name.partition("/")[2]))
    devices = dict.fromkeys(believed.get("device", ()), "")
    ties = believed.get("tie", set()) | {f"{tech}/{tie}" for tech in _TECHS for tie in named_ties}
    return PeerFacts(phones, devices, lines, frozenset(ties))


def beliefs(
    found: Sequence[PeerVotes], extension_pattern: str, trunks: Sequence[str], named_ties: Sequence[str] = ()
) -> tuple[Believed, ...]:
    """What each peer was taken for, the most frequent first, with what it rests on and the setting that decides."""
    known = facts(found, extension_pattern, trunks, named_ties)
    is_extension = re.compile(extension_pattern).fullmatch
    rows = []
    for peer in sorted(found, key=lambda one: (-one.rows, one.peer)):
        own, name = _own(peer), peer.peer
        if own in named_ties or name in named_ties:
            rows.append(Believed(name, "tie", peer.rows, "named in ties", "ties"))
        elif own in trunks or name in trunks:
            rows.append(Believed(name, "line", peer.rows, "named in trunks", "trunks"))
        elif name in known.devices:
            whose = known.devices[name] or "whoever the row names"
            rows.append(Believed(name, "device", peer.rows, f"it never calls as {own}, but as {whose}", "trunks"))
        elif name in known.phones:
            why = f"it is called, or calls, by its own name in {peer.itself + peer.rung} rows, nothing goes through it"
            rows.append(Believed(name, "phone", peer.rows, why, "trunks"))
        elif name in known.ties:
            why = f"extensions call through it ({', '.join(sorted(peer.callers)[:5])}): counted at their own exchange"
            rows.append(Believed(name, "tie", peer.rows, why, "trunks"))
        elif name in known.lines:
            rows.append(Believed(name, "line", peer.rows, f"{peer.through} numbers went through it", "extensions"))
        elif is_extension(own):
            rows.append(Believed(name, "phone", peer.rows, BY_NAME, "trunks"))
        else:
            why = f"{peer.through} numbers went through it, {peer.strangers} calls from outside came in"
            rows.append(Believed(name, "line", peer.rows, why, "extensions"))
    return tuple(rows)
