"""What earlier files of a source showed of its phones and lines, for a listener, which reads call by call."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pipeline.listening.session import Exchange
from pipeline.readouts.beliefs import ImportPeers, PeerBelief
from pipeline.readouts.numbers import numbers
from schemas.errors import Terminal, Transient

_BY_NAME = "phones and lines are told by their names alone (extensions, trunks and ties of the settings decide)"


def taught(exchange: Exchange, data: Path | None) -> tuple[Exchange, str]:
    """The exchange with what the latest loaded file showed of it, and a text about that for people."""
    try:
        rows = numbers(data).rows("explain_peers", ImportPeers, {"source": exchange.source})
    except (Transient, Terminal) as error:
        return exchange, f", the stack cannot be asked what files showed ({error}): {_BY_NAME}"
    if not rows:
        return exchange, f", no file of {exchange.source} was loaded yet that shows its peers: {_BY_NAME}"
    found = msgspec.json.decode(rows[0].peers, type=list[PeerBelief])
    peers = {one.name: one.taken_for for one in found}
    return exchange._replace(peers=peers), f", {len(peers)} peers as {rows[0].file} showed them"
