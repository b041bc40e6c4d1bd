"""The broker's side of a journal: which broker it is, and how far the workers are with what was sent to it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping

from connectors.live.forwarder import Ends, Sink
from pipeline.endpoints import Endpoints
from pipeline.loading.sending import live_sender
from pipeline.storage_wait import STAGES, StorageWait
from pipeline.transport import Transport
from schemas.errors import Terminal, Transient

_DELIVERY_S = 15.0
"""How long a live frame may wait for its acknowledgement, before it is sent again over a new connection."""


class Follower:
    """connectors.live.forwarder.Workers of the stack that `where` names now: it may be started again on other ports.

    For one thread. Raises Transient, also when no stack runs.
    """

    def __init__(self, where: Callable[[], Endpoints]) -> None:
        self._where = where
        self._open: Transport | None = None

    def sink(self) -> Sink:
        """A new connection for what is sent from now on."""
        return live_sender(self._endpoints(), _DELIVERY_S)

    def wire(self) -> Mapping[str, str]:
        self.close()
        with self._transport() as transport:
            ids = transport.topic_ids()
        if missing := sorted(name for stage in STAGES for name in stage if name not in ids):
            raise Transient(f"kafka: topic {missing[0]} does not exist yet: is a worker running?")
        return ids

    def follow(self, sent: Ends, wire: object) -> Callable[[], bool]:
        assert isinstance(wire, Mapping)
        waiting = StorageWait(sent)

        def is_stored() -> bool:
            nonlocal waiting
            while not waiting.is_over:
                before = waiting.stage
                with self._transport() as transport:
                    waiting, _ = transport.look(waiting, wire)
                if waiting.stage == before:
                    return False
            return True

        return is_stored

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def _endpoints(self) -> Endpoints:
        try:
            return self._where()
        except Terminal as error:
            raise Transient(str(error)) from None

    @contextlib.contextmanager
    def _transport(self) -> Iterator[Transport]:
        """One connection, for as long as it answers."""
        if self._open is None:
            self._open = Transport(self._endpoints())
        try:
            yield self._open
        except Transient:
            self.close()
            raise
