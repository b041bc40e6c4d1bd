"""From a door's line into Kafka, at least once: nothing is confirmed before the broker has it."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol

from connectors.live.backoff import Backoff
from connectors.live.line import Delivery, Line
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
from schemas.topics import CALL_LEGS, FEEDS, MANAGERS, ORGANISATIONS, PROPOSALS, REJECTED, STAGE_CHANGES, Topic
from schemas.trouble import Terminal, Transient

log = logging.getLogger("callfunnel.listen")

TOPICS: dict[type[Record], Topic] = {
    CallLeg: CALL_LEGS,
    Rejected: REJECTED,
    Manager: MANAGERS,
    Organisation: ORGANISATIONS,
    StageChange: STAGE_CHANGES,
    Proposal: PROPOSALS,
}
HEARTBEAT_S = 30.0
_CHUNK_ITEMS = 2_000
_LAST_TRIES_S = 15.0
"""How long a door that is asked to end waits for a broker that is away."""


class Door(Protocol):
    """A live source."""

    def run(self, line: Line) -> None:
        """Read the source and deliver, until `line.stopping`. Blocks, in a thread of its own.

        A source that is away is waited for here. Raises Terminal when waiting cannot help.
        """


class Outlet(Protocol):
    """Where records go: connectors.sender.FrameSender, or a test's list. Raises Transient."""

    def __enter__(self) -> Outlet: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def send(self, topic: Topic, record: Record) -> None: ...

    def flush(self) -> object: ...


class Pump:
    """Runs one door. `run` returns when the door has ended and everything it delivered is acknowledged."""

    def __init__(
        self,
        line: Line,
        outlet: Callable[[], Outlet],
        *,
        wire: Callable[[], object] = lambda: None,
        heartbeat_s: float = HEARTBEAT_S,
        backoff: Backoff | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`wire` names the broker's topics as they are now: another name is a broker that forgot (None: not known)."""
        self._line = line
        self._outlet = outlet
        self._wire = wire
        self._wire_was: object = None
        self._heartbeat_s = heartbeat_s
        self._backoff = backoff or Backoff(0.5, 10.0)
        self._monotonic = monotonic
        self._held: list[Delivery] = []
        """Taken, and not acknowledged."""
        self._beat_at = -heartbeat_s
        self._told_away = False
        """It was logged that the broker is away, and it is yet."""
        self._asked_at: float | None = None
        self._failure: BaseException | None = None

    def run(self, door: Door) -> None:
        """Raises Terminal when the door gave up, or ends while the broker is away and something is not sent."""
        try:
            self._until_ended(door)
        except Terminal as trouble:
            self._failure = trouble
            self._line.stopping.set()
        self._last_words()
        if self._failure is not None:
            raise self._failure

    def _until_ended(self, door: Door) -> None:
        thread = threading.Thread(target=self._read, args=(door,), name=self._line.name, daemon=True)
        thread.start()
        while not (self._line.ended and not self._held):
            try:
                with self._outlet() as outlet:
                    self._pump(outlet)
            except Transient as trouble:
                self._away(trouble)
        thread.join()

    def _read(self, door: Door) -> None:
        """The door's thread."""
        try:
            door.run(self._line)
        except Terminal as trouble:
            self._failure = trouble
        except BaseException as error:  # a bug of the door: it is told and raised where the process ends
            log.exception("%s: stopped by an error of the program", self._line.name)
            self._failure = error
        finally:
            self._line.close()

    def _pump(self, outlet: Outlet) -> None:
        """Send until the door has ended. What was held when the last outlet broke is sent first."""
        self._send(outlet, self._held)
        while not self._line.ended:
            self._line_is_asked()
            due_s = self._beat_at + self._heartbeat_s - self._monotonic()
            taken = self._line.take(max(0.0, min(due_s, 1.0)), _CHUNK_ITEMS)
            self._held += taken
            if due_s <= 0 or self._line.news:
                self._beat(outlet)
            if taken:
                self._send(outlet, taken)

    def _send(self, outlet: Outlet, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            for item in delivery.items:
                outlet.send(TOPICS[type(item)], item)
        outlet.flush()
        self._there()
        held, self._held = self._held, []
        for delivery in held:
            self._line.confirm(delivery)

    def _beat(self, outlet: Outlet) -> None:
        """Tell how the feed is; and look whether the broker is the one that had what it acknowledged."""
        outlet.send(FEEDS, self._line.heartbeat())
        outlet.flush()
        self._there()
        self._beat_at = self._monotonic()
        wire = self._wire()
        if wire is not None and self._wire_was not in (None, wire):
            log.warning("%s: the broker was started anew; what can be read again is sent again", self._line.name)
            self._line.lost()
        self._wire_was = wire if wire is not None else self._wire_was

    def _away(self, trouble: Transient) -> None:
        """The broker is away; what is held is sent again."""
        self._line_is_asked()
        if self._asked_at is not None and self._monotonic() - self._asked_at > _LAST_TRIES_S:
            raise Terminal(
                f"{trouble}; {self._line.waiting:,} received records were not sent: what the source keeps is read again"
            )
        wait_s = self._backoff.next_s()
        if not self._told_away:
            self._told_away = True
            log.warning("%s: %s; it is tried again until it answers", self._line.name, trouble)
        if self._line.stopping.is_set():
            time.sleep(min(wait_s, 1.0))
        else:
            self._line.wait(wait_s)

    def _there(self) -> None:
        self._backoff.succeeded()
        if self._told_away:
            self._told_away = False
            log.info("%s: kafka answers again", self._line.name)

    def _line_is_asked(self) -> None:
        if self._asked_at is None and self._line.stopping.is_set():
            self._asked_at = self._monotonic()

    def _last_words(self) -> None:
        """Tell that it ended, where the broker is there to be told."""
        if self._failure is None:
            self._line.state(FeedState.STOPPED)
        else:
            words = (
                str(self._failure) if isinstance(self._failure, Terminal) else "an error of the program, see its log"
            )
            self._line.state(FeedState.FAILED, words)
        with contextlib.suppress(Transient), self._outlet() as outlet:
            outlet.send(FEEDS, self._line.heartbeat())
            outlet.flush()
