"""A listener's journal and who sends it, from its start until what it acknowledged is stored."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from connectors.live.delivery_queue import DeliveryQueue
from connectors.live.forwarder import Forwarder
from connectors.live.journal import Journal, journal_path
from connectors.live.replay import Replay
from pipeline.endpoints import Endpoints
from pipeline.loading.follower import Follower

log = logging.getLogger("callfunnel.listen")

DRAIN_S = 30.0
"""How long a listener that is asked to end waits for the workers."""
_AWAY_S = 5.0
"""How long for a broker that does not answer."""
_TELL_S = 2.0


class ListenerDelivery:
    """Use as a context: on its end it waits until everything is stored, and says what is not. Raises Terminal."""

    def __init__(
        self, folder: Path, lines: Sequence[DeliveryQueue], where: Callable[[], Endpoints], *, drain_s: float = DRAIN_S
    ) -> None:
        """`where` names the stack as it is now."""
        first = lines[0]
        self.journal = Journal(journal_path(folder, first.source, first.door, first.session))
        self._lines = lines
        self._drain_s = drain_s
        self._stopping = threading.Event()
        """Found journals are left alone, and this one is sent to its end."""
        self._over = threading.Event()
        self._hurried = threading.Event()
        self._failure: BaseException | None = None
        following = Follower(where)
        self._forwarder = Forwarder(self.journal, following.sink, following, lines)
        replay = Replay(folder, lambda: Follower(where), self._stopping)
        self._threads = [
            threading.Thread(target=self._run, args=(self._forward,), name="forwarder"),
            threading.Thread(target=self._run, args=(replay.run,), name="replay"),
        ]

    def __enter__(self) -> ListenerDelivery:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._drain()
        self._over.set()
        self._forwarder.wake()
        for thread in self._threads:
            thread.join()
        if self.journal.records:
            message = (
                "%s: %s records are not stored yet: they are on disk, and sent when the stack or a listener starts"
            )
            log.warning(message, self.journal.path, f"{self.journal.records:,}")
        self.journal.close()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Asked to end; asked once more, it waits for nobody."""
        if self._lines[0].stopping.is_set():
            self._hurried.set()
        self._lines[0].stopping.set()

    def _drain(self) -> None:
        """Wait until what was acknowledged is stored: shortly for a broker that is away, longer for workers."""
        began = reported_at = away_at = time.monotonic()
        while self._is_unsent and self._failure is None and not self._hurried.wait(0.02):
            now = time.monotonic()
            away_at = away_at if self._forwarder.is_away else now
            if now - began > self._drain_s or now - away_at > _AWAY_S:
                return
            if self.journal.records and now - reported_at > _TELL_S:
                reported_at = now
                log.info("stopping: %s records wait to be stored", f"{self.journal.records:,}")

    @property
    def _is_unsent(self) -> bool:
        return bool(self.journal.records) or any(line.news for line in self._lines)

    def _forward(self) -> None:
        self._forwarder.run(self._over.is_set)

    def _run(self, body: Callable[[], None]) -> None:
        """The body of a thread. A bug in it ends the listener: nothing would be sent any more."""
        try:
            body()
        except BaseException as failure:
            log.exception("stopped by an internal error")
            self._failure = failure
            for line in self._lines:
                line.stopping.set()
