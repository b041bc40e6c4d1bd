"""What the peers of a file of calls were taken for, where its source tells that from the whole file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import msgspec

from connectors.reading.source import Context, Recognised
from pipeline.loading.prepare import PreparedFile
from pipeline.readouts.beliefs import PeerBelief

_MOST = 200


@runtime_checkable
class TellsPeers(Protocol):
    """A source that infers phones and lines from a file."""

    def beliefs(self, recognised: Recognised, context: Context) -> Sequence[Any]:
        """Each peer's name, what it was taken for, rows, why, and the setting that decides otherwise."""


def peers_of(file: PreparedFile) -> list[PeerBelief]:
    """The most frequent first; [] where the source does not tell."""
    if not isinstance(file.source, TellsPeers):
        return []
    found = file.source.beliefs(file.recognised, file.context)[:_MOST]
    return [PeerBelief(one.name, one.taken_for, one.rows, one.why, one.setting) for one in found]


def peers_json(file: PreparedFile) -> str:
    """For the import's row; "" where nothing is told."""
    peers = peers_of(file)
    return msgspec.json.encode(peers).decode() if peers else ""
