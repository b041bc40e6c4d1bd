"""A source that is away when its listener opens is waited for; one that refuses ends the listener at once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import DateTime, String

from connectors.live.backoff import Backoff
from connectors.live.checkpoint import Checkpoint
from connectors.live.delivery_queue import DeliveryQueue
from connectors.live.event_listener import EventCheckpoint, EventListener
from connectors.live.feed_runner import Listener
from connectors.sql.database import Database
from connectors.sql.listener import Polled, PollOptions, SqlListener
from connectors.sql.reading import TableReader
from connectors.sql.shapes import shape_of
from connectors.sql.window import Slice
from schemas.errors import Terminal, Transient
from schemas.records import FeedState, Record, Rejected
from tests.connectors.conftest import context
from tests.connectors.live.sinks import Broker, run_listener
from tests.connectors.live.test_feed_runner import leg

AWAY = "pbx.example: nobody answers"
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
_CDR = ("calldate", "src", "dst", "channel", "dstchannel", "duration", "billsec", "disposition", "uniqueid")


class Waiting(DeliveryQueue):
    """A queue whose waits are written down and over at once; a listener that waits for more of its source is ended."""

    def __init__(self, door: str) -> None:
        super().__init__("office", door, "session-1")
        self.waits: list[tuple[float, FeedState, bool]] = []
        """How long, and what a heartbeat says meanwhile: the state, and whether the source was ever seen."""

    def wait(self, seconds: float) -> bool:
        feed = self.heartbeat()
        self.waits.append((seconds, feed.state, feed.seen_at is not None))
        if feed.state is FeedState.LIVE:
            self.stopping.set()
        return self.stopping.is_set()


class Source:
    """Does not answer so many times, or refuses; then it is there."""

    def __init__(self, fails: int, refusal: str = "") -> None:
        self._fails = fails
        self._refusal = refusal

    def answer(self) -> None:
        if self._refusal:
            raise Terminal(self._refusal)
        self._fails -= 1
        if self._fails >= 0:
            raise Transient(AWAY)


class Table(TableReader):
    """A table of one call, without a server."""

    def __init__(self) -> None:
        database = Database("mysql://reader:secret@pbx.example/asterisk", "OFFICE_DB")
        types = {name: DateTime() if name == "calldate" else String() for name in _CDR}
        super().__init__(database, "cdr", shape_of("cdr", types, UTC), context)

    def now(self) -> datetime:
        return NOON

    def first_from(self, since: datetime) -> datetime | None:
        return None

    def read(self, part: Slice, known: AbstractSet[bytes], seen: set[bytes]) -> Iterator[Sequence[Record | Rejected]]:
        yield [leg(1)]


class Exchange:
    """An event source, and its session, of one call."""

    archive = "the CDR file"
    where = "pbx.example"
    heard = True

    def __init__(self, source: Source, queue: DeliveryQueue) -> None:
        self._source = source
        self._line = queue

    def session(self) -> Exchange:
        self._source.answer()
        return self

    def __enter__(self) -> Exchange:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def read(self, within_s: float) -> Sequence[str]:
        self._line.wait(within_s)
        return ["a call"]

    def items(self, messages: Sequence[str]) -> Sequence[Record | Rejected]:
        return [leg(1) for _ in messages]

    def learn(self, messages: Sequence[str]) -> str:
        return ""


def sql(source: Source, queue: DeliveryQueue, folder: Path) -> Listener:
    table = Table()

    def there() -> TableReader:
        source.answer()
        return table

    checkpoint = Checkpoint(folder, "office", "sql", Polled)
    return SqlListener(there, PollOptions(overlap=timedelta(hours=4), every_s=10.0), checkpoint, backoff=_backoff())


def event_source(source: Source, queue: DeliveryQueue, folder: Path) -> Listener:
    return EventListener(
        Exchange(source, queue), Checkpoint(folder, "office", "ami", EventCheckpoint), backoff=_backoff()
    )


def _backoff() -> Backoff:
    return Backoff(1.0, 60.0, draw=lambda: 1.0)


Making = Callable[[Source, DeliveryQueue, Path], Listener]
LISTENERS = pytest.mark.parametrize("making", [sql, event_source])


@LISTENERS
def test_source_that_is_away_at_the_start_is_waited_for_and_said_once(
    making: Making, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    queue, broker = Waiting("door"), Broker()
    with caplog.at_level(logging.INFO, "callfunnel.listen"):
        run_listener(queue, broker, making(Source(fails=8), queue, tmp_path))
    assert queue.waits[:-1] == [(s, FeedState.AWAY, False) for s in (1, 2, 4, 8, 16, 32, 60, 60)]
    assert queue.waits[-1][1:] == (FeedState.LIVE, True)
    assert [one.record_id for one in broker.legs] == ["r1"]
    logged = [record.getMessage() for record in caplog.records if AWAY in record.getMessage()]
    assert logged == [f"office door: away: {AWAY}; it is tried again until it answers"]


@LISTENERS
def test_source_that_refuses_ends_the_door_at_once(making: Making, tmp_path: Path) -> None:
    queue, broker = Waiting("door"), Broker()
    with pytest.raises(Terminal, match="the password is wrong"):
        run_listener(queue, broker, making(Source(fails=0, refusal="the password is wrong"), queue, tmp_path))
    assert queue.waits == []
    assert broker.feeds[-1].state is FeedState.FAILED
