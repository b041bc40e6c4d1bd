"""Nothing a door received is confirmed before the broker has it, and nothing is dropped, whatever the broker does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from connectors.live.backoff import Backoff
from connectors.live.line import MOST_WAITING, Line
from connectors.live.pump import Pump
from schemas.records import CallLeg, Direction, Disposition, FeedState
from schemas.trouble import Terminal
from tests.connectors.live.outlets import Broker, until

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
    """A door that does what the test says."""

    def __init__(self, script: Callable[[Line], None]) -> None:
        self.run = script


def pump(line: Line, broker: Broker, **more: object) -> Pump:
    quick = Backoff(0.001, 0.002)
    return Pump(line, broker.outlet, backoff=quick, heartbeat_s=0.01, **more)  # type: ignore[arg-type]


def test_everything_arrives_in_order_and_is_confirmed_in_order() -> None:
    broker, line = Broker(), Line("office", "tcp", "s1")
    confirmed: list[int] = []

    def script(line: Line) -> None:
        line.state(FeedState.LIVE)
        for number in range(100):
            line.deliver([leg(number)], lambda number=number: confirmed.append(number))  # type: ignore[misc]

    pump(line, broker).run(Scripted(script))
    assert [leg.version for leg in broker.legs] == confirmed == list(range(100))
    last = broker.feeds[-1]
    assert (last.state, last.records, last.rejects, last.waiting) == (FeedState.STOPPED, 100, 0, 0)
    assert last.version == max(feed.version for feed in broker.feeds)


def test_nothing_is_confirmed_that_the_broker_did_not_take_and_nothing_is_lost() -> None:
    broker, line = Broker(), Line("office", "tcp", "s1")
    broker.fails = 7
    unsent: list[int] = []

    def script(line: Line) -> None:
        for number in range(60):

            def done(number: int = number) -> None:
                if number not in {leg.version for leg in broker.legs}:
                    unsent.append(number)

            line.deliver([leg(number)], done)

    pump(line, broker).run(Scripted(script))
    assert {leg.version for leg in broker.legs} == set(range(60))
    assert unsent == []
    assert broker.fails == 0


def test_door_waits_while_the_broker_is_away_and_memory_stays_bounded() -> None:
    broker, line = Broker(), Line("office", "tcp", "s1")
    broker.away = True
    delivered: list[int] = []

    def script(line: Line) -> None:
        for number in range(0, 3 * MOST_WAITING, 1000):
            line.deliver([leg(number + n) for n in range(1000)])
            delivered.append(number)

    running = threading.Thread(target=pump(line, broker).run, args=(Scripted(script),), daemon=True)
    running.start()
    until(lambda: len(delivered) == MOST_WAITING // 1000)
    assert line.heartbeat().waiting == MOST_WAITING
    broker.away = False
    running.join(60)
    assert not running.is_alive()
    assert len(broker.legs) == 3 * MOST_WAITING


def test_door_that_gives_up_is_told_after_all_it_had_received() -> None:
    broker, line = Broker(), Line("office", "ami", "s1")

    def script(line: Line) -> None:
        line.deliver([leg(1)])
        raise Terminal("pbx: login refused: check the user")

    with pytest.raises(Terminal, match="login refused"):
        pump(line, broker).run(Scripted(script))
    assert [leg.version for leg in broker.legs] == [1]
    assert (broker.feeds[-1].state, broker.feeds[-1].detail) == (FeedState.FAILED, "pbx: login refused: check the user")


def test_error_of_the_program_is_raised_and_told_without_its_words() -> None:
    broker, line = Broker(), Line("office", "ami", "s1")

    def script(line: Line) -> None:
        raise ValueError("+7 495 000-00-00 is personal data")

    with pytest.raises(ValueError, match="personal"):
        pump(line, broker).run(Scripted(script))
    assert broker.feeds[-1].state is FeedState.FAILED
    assert "495" not in broker.feeds[-1].detail


def test_checkpoint_that_cannot_be_written_ends_the_door() -> None:
    broker, line = Broker(), Line("office", "sql", "s1")

    def full() -> None:
        raise Terminal("no room")

    def script(line: Line) -> None:
        line.deliver([leg(1)], full)
        line.wait(60)

    with pytest.raises(Terminal, match="no room"):
        pump(line, broker).run(Scripted(script))
    assert broker.feeds[-1].state is FeedState.FAILED


def test_heartbeats_go_on_in_a_quiet_hour_and_news_is_told_at_once() -> None:
    broker, line = Broker(), Line("office", "ami", "s1")

    def script(line: Line) -> None:
        line.state(FeedState.LIVE)
        until(lambda: len(broker.feeds) > 5)
        line.state(FeedState.AWAY, "connection refused")
        until(lambda: broker.feeds[-1].state is FeedState.AWAY)
        line.stopping.set()

    pump(line, broker).run(Scripted(script))
    assert broker.records == []
    beats = [feed.heartbeat_at for feed in broker.feeds]
    assert beats == sorted(beats)
    assert all(feed.last_event_at is None for feed in broker.feeds)


def test_broker_that_was_started_anew_is_noticed_without_any_error() -> None:
    broker, line = Broker(), Line("office", "sql", "s1")
    wire: list[object] = [{"call-legs": "a"}]
    lost = threading.Event()
    line.lost = lost.set

    def script(line: Line) -> None:
        until(lambda: len(broker.feeds) > 2)
        assert not lost.is_set()
        wire[0] = None  # it does not say
        until(lambda: len(broker.feeds) > 5)
        assert not lost.is_set()
        wire[0] = {"call-legs": "b"}
        assert lost.wait(60)

    pump(line, broker, wire=lambda: wire[0]).run(Scripted(script))


def test_a_stop_while_the_broker_is_away_ends_and_says_what_was_not_sent() -> None:
    broker, line = Broker(), Line("office", "tcp", "s1")
    broker.away = True
    now = [0.0]

    def monotonic() -> float:
        now[0] += 1.0
        return now[0]

    def script(line: Line) -> None:
        line.deliver([leg(1), leg(2)])
        line.stopping.set()

    with pytest.raises(Terminal, match="2 received records were not sent"):
        pump(line, broker, monotonic=monotonic).run(Scripted(script))
