"""From a journal into Kafka, and out of the journal once the workers have stored it.

A journal is sent in order. What was sent is remembered with the broker that took it: when that one is there no more
(the embedded broker is memory), everything that the journal holds is sent to the next. Twice is once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Protocol

import msgspec

from connectors.live.backoff import Backoff
from connectors.live.delivery_queue import DeliveryQueue
from connectors.live.journal import Entry, Journal
from schemas.codec import encode
from schemas.errors import Transient
from schemas.kafka_errors import Forgotten
from schemas.topics import BY_NAME, FEEDS, Topic

log = logging.getLogger("callfunnel.listen")

HEARTBEAT_S = 30.0
LOOK_S = 0.5
"""How often to look whether what was sent is stored."""
_CHUNK_RECORDS = 2_000
_PAUSE_S = 0.02
"""From one flush to the next, while calls come one by one: a flush of the client costs 1.3 ms however little it holds,
and nobody waits for it with an answer. The first call after a quiet moment goes at once."""

Ends = Mapping[tuple[str, int], int]
"""(topic without its prefix, partition) -> the offset behind the last record sent there."""

_keys = msgspec.json.Decoder(list[str]).decode


class Sink(Protocol):
    """Where lines go: connectors.sender.FrameSender, or a test's list. Raises Transient."""

    def __enter__(self) -> Sink: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def send_line(self, topic: Topic, key: str, line: bytes) -> None: ...

    def flush(self) -> Ends:
        """Where everything that was sent ends, once acknowledged."""


class Workers(Protocol):
    """How far the workers are with what was sent. Raises Transient when the broker does not answer."""

    def wire(self) -> object:
        """What the broker calls its topics: another one has other names for them."""

    def follow(self, sent: Ends, wire: object) -> Callable[[], bool]:
        """A question to ask now and then: is this stored, and all that follows from it?

        It raises Forgotten when the broker is not the one of `wire`, or lost what it had taken.
        """

    def close(self) -> None: ...


class Forwarder:
    """Sends one journal. `run` is the body of a thread."""

    def __init__(
        self,
        journal: Journal,
        sink: Callable[[], Sink],
        workers: Workers,
        queues: Sequence[DeliveryQueue] = (),
        *,
        heartbeat_s: float = HEARTBEAT_S,
        look_s: float = LOOK_S,
        backoff: Backoff | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`queues` are the feeds whose heartbeats it sends; a journal that was found has none."""
        self.journal = journal
        self.is_away = False
        """The broker does not answer, and it was logged."""
        self._open_sink = sink
        self._workers = workers
        self._queues = {queue.name: queue for queue in queues}
        self._heartbeat_s = heartbeat_s
        self._look_s = look_s
        self._backoff = backoff or Backoff(0.5, 10.0)
        self._monotonic = monotonic
        self._wake = threading.Event()
        self._sent = 0
        """The last entry that this wire has acknowledged."""
        self._counted = 0
        """The last entry that its feed was told of."""
        self._wire: object = None
        self._ends: dict[tuple[str, int], int] = {}
        self._upto = self._stored = 0
        """The last entry of which `_is_stored` asks, and the last one that it found stored."""
        self._is_stored: Callable[[], bool] | None = None
        self._look_at = self._beat_at = -heartbeat_s
        journal.appended = self._wake.set
        for queue in queues:
            queue.changed = self._wake.set

    def run(self, is_over: Callable[[], bool]) -> None:
        """Send, and delete what is stored, until `is_over`. Waits for a broker that is away."""
        try:
            while not is_over():
                try:
                    with self._open_sink() as sink:
                        self._forward(sink, is_over)
                except Transient as error:
                    self._wait_for_broker(error, is_over)
        finally:
            self._workers.close()

    def wake(self) -> None:
        """Look whether it is over."""
        self._wake.set()

    def _forward(self, sink: Sink, is_over: Callable[[], bool]) -> None:
        self._begin(self._workers.wire())
        while not is_over():
            self._wake.clear()
            self._beat(sink)
            entries = self.journal.read(self._sent, _CHUNK_RECORDS)
            if entries:
                self._send(sink, entries)
            self._settle()
            if not entries:
                self._wake.wait(self._idle_s())
            elif sum(entry.records for entry in entries) < _CHUNK_RECORDS:
                time.sleep(_PAUSE_S)
        self._beat(sink, last=True)

    def _begin(self, wire: object) -> None:
        """A connection is there: to the broker of the last one, or to one that has nothing of us yet."""
        if wire == self._wire:
            return
        if self._sent and self.journal.records:
            message = "%s: the broker was started anew: %s records that are not known to be stored are sent again"
            log.warning(message, self._name, f"{self.journal.records:,}")
        self._wire, self._sent, self._ends, self._is_stored = wire, 0, {}, None

    def _send(self, sink: Sink, entries: Sequence[Entry]) -> None:
        for entry in entries:
            topic = BY_NAME[entry.topic]
            for key, line in zip(_keys(entry.keys), entry.lines.split(b"\n"), strict=True):
                sink.send_line(topic, key, line)
        self._acknowledged(sink.flush())
        self._sent = entries[-1].seq
        for entry in entries:
            feed = self._queues.get(entry.feed)
            if feed is not None and entry.seq > self._counted:
                feed.forwarded(entry.records, entry.received_ns)
        self._counted = max(self._counted, self._sent)

    def _acknowledged(self, ends: Ends) -> None:
        for partition, end in ends.items():
            if partition[0] != FEEDS.name:
                self._ends[partition] = max(self._ends.get(partition, 0), end)
        self._backoff.succeeded()
        if self.is_away:
            self.is_away = False
            log.info("%s: kafka answers again", self._name)

    def _settle(self) -> None:
        """Look whether what was sent is stored, one part after the other; what is stored is not ours any more."""
        now = self._monotonic()
        if now < self._look_at + self._look_s:
            return
        if self._is_stored is None:
            if self._sent <= self._stored:
                return
            self._is_stored, self._upto = self._workers.follow(dict(self._ends), self._wire), self._sent
        self._look_at = now
        if self._is_stored():
            self._is_stored = None
            self.journal.delete(self._upto)
            self._stored = self._upto

    def _beat(self, sink: Sink, *, last: bool = False) -> None:
        """Tell how the feeds are: now and then, when something changed, and in the end."""
        is_due = last or self._monotonic() >= self._beat_at + self._heartbeat_s
        feeds = [queue.heartbeat() for queue in self._queues.values() if is_due or queue.news]
        for feed in feeds:
            sink.send_line(FEEDS, FEEDS.key(feed), encode(feed))
        if feeds:
            self._acknowledged(sink.flush())
        if is_due:
            self._beat_at = self._monotonic()

    def _idle_s(self) -> float:
        now = self._monotonic()
        waits = [1.0]
        if self._queues:
            waits.append(self._beat_at + self._heartbeat_s - now)
        if self.journal.records:
            waits.append(self._look_at + self._look_s - now)
        return max(0.0, min(waits))

    def _wait_for_broker(self, error: Transient, is_over: Callable[[], bool]) -> None:
        if isinstance(error, Forgotten):
            self._wire_is_lost(error)
            return
        if not self.is_away:
            self.is_away = True
            log.warning("%s: %s; it is tried again until it answers", self._name, error)
        until = self._monotonic() + self._backoff.next_s()
        while not is_over() and (left_s := until - self._monotonic()) > 0:
            time.sleep(min(left_s, 0.2))

    def _wire_is_lost(self, error: Forgotten) -> None:
        log.warning("%s: %s: %s records are sent again", self._name, error, f"{self.journal.records:,}")
        self._wire, self._sent, self._ends, self._is_stored = None, 0, {}, None
        self._look_at = self._monotonic()

    @property
    def _name(self) -> str:
        return ", ".join(self._queues) or self.journal.path.name
