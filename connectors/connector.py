"""What a vendor's folder offers, as one value: `connector.py` of the folder makes its `CONNECTOR`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo
from types import MappingProxyType
from typing import NamedTuple, Protocol

from connectors.api.adapter import ApiConnector
from connectors.http.webhook import Webhook
from connectors.reading.source import Context, Hints, ListenerAbout, Source
from connectors.sql.shape import DatabaseTable
from connectors.tcp.source import LineSource


class MakeLines(Protocol):
    """Makes what reads the lines of one exchange's socket."""

    def __call__(self, hints: Hints, zone: tzinfo | None, context: Callable[[], Context]) -> LineSource: ...


class Connector(NamedTuple):
    """One vendor. What its folder does not offer is empty."""

    name: str
    """That of the folder, and of the folder of its fixtures in tests/connectors."""
    files: tuple[Source, ...] = ()
    """Kinds of files: each has a name for `--profile`, and says for docs/connectors.md what it reads."""
    tables: tuple[DatabaseTable, ...] = ()
    """Tables of its database, for `listen sql`."""
    lines: Mapping[str, MakeLines] = MappingProxyType({})
    """What its socket sends, for `listen tcp`, by the profile of the file that has the same lines."""
    webhooks: tuple[Webhook, ...] = ()
    listener: ListenerAbout | None = None
    """Its `callfunnel listen`, where it speaks a protocol that no other vendor does."""
    api: ApiConnector | None = None
    """What `listen api` and `connect` pull from it."""
    notes: str = ""
    """A section of docs/connectors.md of its own."""
