"""Journals that no process owns: what a listener acknowledged before it was killed, sent by whoever finds it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from connectors.live.forwarder import Forwarder, Sink, Workers
from connectors.live.journal import Journal, Owned, journals
from schemas.errors import Terminal

log = logging.getLogger("callfunnel.listen")

_EVERY_S = 5.0


class Broker(Workers, Protocol):
    """Where journals are sent, and how far the workers are with them."""

    def sink(self) -> Sink: ...


class Replay:
    """The body of a thread: looks into a folder now and then, and sends what it finds, one journal after the other."""

    def __init__(
        self,
        folder: Path,
        broker: Callable[[], Broker],
        stopping: threading.Event,
        *,
        every_s: float = _EVERY_S,
        look_s: float = 0.5,
    ) -> None:
        self._folder = folder
        self._broker = broker
        self._stopping = stopping
        self._every_s = every_s
        self._look_s = look_s
        self._broken: set[Path] = set()

    def run(self) -> None:
        while not self._stopping.is_set():
            for path in journals(self._folder):
                if path not in self._broken and not self._stopping.is_set():
                    self._replay(path)
            self._stopping.wait(self._every_s)

    def _replay(self, path: Path) -> None:
        """Until everything is stored; what remains when it is asked to end is found next time."""
        try:
            journal = Journal(path, only_if_there=True)
        except Owned:
            return
        except Terminal as error:
            self._broken.add(path)
            log.error("%s", error)
            return
        try:
            if journal.records:
                log.warning("%s: %s records of a listener that is gone are sent", path.name, f"{journal.records:,}")
            broker = self._broker()
            forwarder = Forwarder(journal, broker.sink, broker, look_s=self._look_s)
            forwarder.run(lambda: self._stopping.is_set() or not journal.records)
            if not journal.records:
                log.info("%s: everything in it is stored", path.name)
        finally:
            with suppress(OSError):
                journal.close()
