"""From a listener's queue into the journal: nothing is confirmed before it is on disk."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from connectors.live.backoff import Backoff
from connectors.live.delivery_queue import DeliveryBatch, DeliveryQueue
from connectors.live.journal import Entry, Journal
from schemas.codec import encode
from schemas.errors import Terminal, Transient
from schemas.records import (
    CallLeg,
    FeedState,
    Manager,
    Organisation,
    Proposal,
    Record,
    Rejected,
    StageChange,
)
from schemas.topics import CALL_LEGS, MANAGERS, ORGANISATIONS, PROPOSALS, REJECTED, STAGE_CHANGES, Topic

log = logging.getLogger("callfunnel.listen")

TOPICS: dict[type[Record], Topic] = {
    CallLeg: CALL_LEGS,
    Rejected: REJECTED,
    Manager: MANAGERS,
    Organisation: ORGANISATIONS,
    StageChange: STAGE_CHANGES,
    Proposal: PROPOSALS,
}
_COMMIT_ITEMS = 5_000
_LAST_TRIES_S = 15.0
"""How long a listener that is asked to end waits for a journal that cannot be written."""
_FULL = "the journal is full: {records:,} records wait for the workers to store them; `callfunnel doctor` tells why"


class Listener(Protocol):
    """A live source."""

    def run(self, queue: DeliveryQueue) -> None:
        """Read the source and deliver, until `queue.stopping`. Blocks, in a thread of its own.

        A source that is away is waited for here. Raises Terminal when waiting cannot help.
        """


class FeedRunner:
    """Runs one listener. `run` returns when the listener has ended and everything it delivered is in the journal.

    All that comes while one commit runs is the next commit: a disk that takes long to write gets few and large ones.
    """

    def __init__(
        self,
        queue: DeliveryQueue,
        journal: Journal,
        *,
        backoff: Backoff | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue = queue
        self._journal = journal
        self._backoff = backoff or Backoff(0.1, 2.0)
        self._monotonic = monotonic
        self._failure: BaseException | None = None

    def run(self, listener: Listener) -> None:
        """Raises Terminal when the listener gave up, or ends while the journal cannot be written."""
        try:
            self._until_ended(listener)
        except Terminal as error:
            self._failure = error
            self._queue.stopping.set()
        self._report_end()
        if self._failure is not None:
            raise self._failure

    def _until_ended(self, listener: Listener) -> None:
        thread = threading.Thread(target=self._read, args=(listener,), name=self._queue.name, daemon=True)
        thread.start()
        while not self._queue.ended:
            if taken := self._queue.take(1.0, _COMMIT_ITEMS):
                self._keep(taken)
        thread.join()

    def _read(self, listener: Listener) -> None:
        """The listener's thread."""
        try:
            listener.run(self._queue)
        except Terminal as error:
            self._failure = error
        except BaseException as error:  # a bug of the listener: it is told and raised where the process ends
            log.exception("%s: stopped by an internal error", self._queue.name)
            self._failure = error
        finally:
            self._queue.close()

    def _keep(self, deliveries: Sequence[DeliveryBatch]) -> None:
        """On return they are in the journal and confirmed. Waits for room and for a disk that can be written."""
        found = entries(self._queue.name, deliveries)
        polled_at: float | None = None
        while found:
            if polled_at is None and self._queue.stopping.is_set():
                polled_at = self._monotonic()
            # What a listener that ends has taken is kept beyond the bound: nobody would send it again.
            if self._journal.is_full and polled_at is None:
                self._held_up(_FULL.format(records=self._journal.records))
            else:
                try:
                    self._journal.append(found)
                    break
                except Transient as error:
                    self._held_up(str(error))
                    if polled_at is not None and self._monotonic() - polled_at > _LAST_TRIES_S:
                        raise Terminal(f"{error}; {self._queue.unkept:,} received records were not kept") from None
            wait_s = self._backoff.next_s()
            if polled_at is None:
                self._queue.wait(wait_s)
            else:
                time.sleep(min(wait_s, 1.0))
        self._backoff.succeeded()
        if self._queue.held_up:
            self._queue.held_up = ""
            log.info("%s: it is kept again", self._queue.name)
        self._queue.kept(deliveries)

    def _held_up(self, reason: str) -> None:
        if not self._queue.held_up:
            log.warning("%s: %s; nothing more is taken until then", self._queue.name, reason)
        self._queue.held_up = reason

    def _report_end(self) -> None:
        """What is told of the feed from now on."""
        if self._failure is None:
            self._queue.state(FeedState.STOPPED)
            return
        reason = str(self._failure) if isinstance(self._failure, Terminal) else "an internal error, see its log"
        self._queue.state(FeedState.FAILED, reason)


def entries(feed: str, deliveries: Sequence[DeliveryBatch]) -> list[Entry]:
    """What was delivered, one entry for each topic, as old as the first of them.

    Together, since a row of the journal is written, read and deleted for each, whatever it holds.
    """
    by_topic: dict[str, tuple[list[str], list[bytes]]] = {}
    for item in (item for delivery in deliveries for item in delivery.items):
        topic = TOPICS[type(item)]
        keys, lines = by_topic.setdefault(topic.name, ([], []))
        keys.append(topic.key(item))
        lines.append(encode(item))
    return [
        Entry(feed, topic, len(lines), deliveries[0].received_ns, encode(keys), b"\n".join(lines))
        for topic, (keys, lines) in by_topic.items()
    ]
