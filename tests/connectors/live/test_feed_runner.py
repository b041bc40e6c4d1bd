"""Nothing a listener received is confirmed before it is on disk, and nothing is dropped, whatever the broker does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.live.backoff import Backoff
from connectors.live.delivery_queue import MOST_WAITING, DeliveryQueue
from connectors.live.feed_runner import FeedRunner
from connectors.live.journal import Entry, Journal
from schemas.errors import Terminal, Transient
from schemas.records import CallLeg, Direction, Disposition, FeedState
from tests.connectors.live.sinks import Broker, run_listener, until

NINE = datetime(2026, 11, 2, 9, tzinfo=UTC)


def leg(number: int) -> CallLeg:
    return CallLeg(
        source="office",
        call_id=f"c{number}",
        record_id=f"r{number}",
        started_at=NINE,
        ended_at=NINE + timedelta(seconds=5),
        direction=Direction.INBOUND,
        disposition=Disposition.NO_ANSWER,
        version=number,
    )


class Scripted:
    """A listener that does what the test says."""

    def __init__(self, script: Callable[[DeliveryQueue], None]) -> None:
        self.run = script


class Disk(Journal):
    """A journal whose disk may be full."""

    def __init__(self, path: Path, most_bytes: int = 1 << 30) -> None:
        super().__init__(path, most_bytes)
        self.no_space = False

    def append(self, entries: Sequence[Entry]) -> None:
        if self.no_space:
            raise Transient("the journal cannot be written: no space left")
        super().append(entries)


def runner_of(queue: DeliveryQueue, journal: Journal, **more: Callable[[], float]) -> FeedRunner:
    return FeedRunner(queue, journal, backoff=Backoff(0.001, 0.002), **more)


def test_everything_arrives_in_order_and_is_confirmed_in_order() -> None:
    broker, queue = Broker(), DeliveryQueue("office", "tcp", "s1")
    confirmed: list[int] = []

    def script(queue: DeliveryQueue) -> None:
        queue.state(FeedState.LIVE)
        for number in range(100):
            queue.deliver([leg(number)], lambda number=number: confirmed.append(number))  # type: ignore[misc]

    run_listener(queue, broker, Scripted(script))
    assert [leg.version for leg in broker.legs] == confirmed == list(range(100))
    last = broker.feeds[-1]
    assert (last.state, last.records, last.rejects, last.waiting) == (FeedState.STOPPED, 100, 0, 0)
    assert last.version == max(feed.version for feed in broker.feeds)


def test_nothing_is_confirmed_that_another_process_could_not_read_from_disk(tmp_path: Path) -> None:
    queue, path = DeliveryQueue("office", "tcp", "s1"), tmp_path / "j.journal"
    missing: list[int] = []

    def script(queue: DeliveryQueue) -> None:
        for number in range(60):

            def done(number: int = number) -> None:
                if leg(number).record_id.encode() not in b"".join(entry.lines for entry in reread()):
                    missing.append(number)

            queue.deliver([leg(number)], done)

    with closing(Journal(path)) as journal:

        def reread() -> list[Entry]:
            return journal.read(0, 1_000)

        runner_of(queue, journal).run(Scripted(script))
        assert journal.records == 60
    assert missing == []


def test_nothing_is_lost_when_flushes_go_wrong() -> None:
    broker, queue = Broker(), DeliveryQueue("office", "tcp", "s1")
    broker.fails = 7

    def script(queue: DeliveryQueue) -> None:
        for number in range(60):
            queue.deliver([leg(number)])

    run_listener(queue, broker, Scripted(script))
    assert {leg.version for leg in broker.legs} == set(range(60))
    assert broker.fails == 0


def test_broker_that_is_away_holds_nobody_up() -> None:
    broker, queue = Broker(), DeliveryQueue("office", "tcp", "s1")
    broker.away = True

    def script(queue: DeliveryQueue) -> None:
        for number in range(0, 3 * MOST_WAITING, 1000):
            queue.deliver([leg(number + n) for n in range(1000)])
        until(lambda: not queue.unkept)
        assert queue.heartbeat().waiting == 3 * MOST_WAITING
        broker.away = False

    run_listener(queue, broker, Scripted(script))
    assert [leg.version for leg in broker.legs] == list(range(3 * MOST_WAITING))
    assert queue.heartbeat().waiting == 0


@pytest.mark.parametrize("why", ["full", "no space left"])
def test_door_waits_while_nothing_can_be_kept_and_memory_stays_bounded(tmp_path: Path, why: str) -> None:
    queue = DeliveryQueue("office", "tcp", "s1")
    delivered: list[int] = []

    def script(queue: DeliveryQueue) -> None:
        for number in range(0, 3 * MOST_WAITING, 1000):
            queue.deliver([leg(number + n) for n in range(1000)])
            delivered.append(number)

    with closing(Disk(tmp_path / "j.journal", most_bytes=1 if why == "full" else 1 << 30)) as journal:
        journal.append([Entry("f", "call-legs", 1, 0, b'["k"]', b"{}")])
        journal.no_space = why != "full"
        running = threading.Thread(target=runner_of(queue, journal).run, args=(Scripted(script),), daemon=True)
        running.start()
        until(lambda: len(delivered) == MOST_WAITING // 1000)
        until(lambda: why in queue.held_up)
        assert queue.unkept == MOST_WAITING
        journal.no_space = False
        journal._most_bytes = 1 << 30
        running.join(60)
        assert not running.is_alive()
        assert journal.records == 3 * MOST_WAITING + 1
        assert queue.held_up == ""


def test_door_that_gives_up_is_told_after_all_it_had_received() -> None:
    broker, queue = Broker(), DeliveryQueue("office", "ami", "s1")

    def script(queue: DeliveryQueue) -> None:
        queue.deliver([leg(1)])
        raise Terminal("pbx: login refused: check the user")

    with pytest.raises(Terminal, match="login refused"):
        run_listener(queue, broker, Scripted(script))
    assert [leg.version for leg in broker.legs] == [1]
    assert (broker.feeds[-1].state, broker.feeds[-1].detail) == (FeedState.FAILED, "pbx: login refused: check the user")


def test_error_of_the_program_is_raised_and_told_without_its_words() -> None:
    broker, queue = Broker(), DeliveryQueue("office", "ami", "s1")

    def script(queue: DeliveryQueue) -> None:
        raise ValueError("+7 495 000-00-00 is personal data")

    with pytest.raises(ValueError, match="personal"):
        run_listener(queue, broker, Scripted(script))
    assert broker.feeds[-1].state is FeedState.FAILED
    assert "495" not in broker.feeds[-1].detail


def test_checkpoint_that_cannot_be_written_ends_the_door() -> None:
    broker, queue = Broker(), DeliveryQueue("office", "sql", "s1")

    def full() -> None:
        raise Terminal("no room")

    def script(queue: DeliveryQueue) -> None:
        queue.deliver([leg(1)], full)
        queue.wait(60)

    with pytest.raises(Terminal, match="no room"):
        run_listener(queue, broker, Scripted(script))
    assert broker.feeds[-1].state is FeedState.FAILED


def test_heartbeats_go_on_in_a_quiet_hour_and_news_is_told_at_once() -> None:
    broker, queue = Broker(), DeliveryQueue("office", "ami", "s1")

    def script(queue: DeliveryQueue) -> None:
        queue.state(FeedState.LIVE)
        until(lambda: len(broker.feeds) > 5)
        queue.state(FeedState.AWAY, "connection refused")
        until(lambda: broker.feeds[-1].state is FeedState.AWAY)
        queue.stopping.set()

    run_listener(queue, broker, Scripted(script), heartbeat_s=0.01)
    assert broker.records == []
    beats = [feed.heartbeat_at for feed in broker.feeds]
    assert beats == sorted(beats)
    assert all(feed.last_event_at is None for feed in broker.feeds)


def test_a_stop_while_the_disk_is_full_ends_and_says_what_was_not_kept(tmp_path: Path) -> None:
    queue = DeliveryQueue("office", "tcp", "s1")
    now = [0.0]

    def monotonic() -> float:
        now[0] += 1.0
        return now[0]

    def script(queue: DeliveryQueue) -> None:
        queue.deliver([leg(1), leg(2)])
        queue.stopping.set()

    with closing(Disk(tmp_path / "j.journal")) as journal:
        journal.no_space = True
        with pytest.raises(Terminal, match="2 received records were not kept"):
            runner_of(queue, journal, monotonic=monotonic).run(Scripted(script))
