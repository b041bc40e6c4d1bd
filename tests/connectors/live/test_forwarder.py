"""A journal reaches the broker that is there, however often that is another one, and stays until it is stored."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from connectors.live.backoff import Backoff
from connectors.live.delivery_queue import DeliveryBatch, DeliveryQueue
from connectors.live.feed_runner import entries
from connectors.live.forwarder import Forwarder
from connectors.live.journal import Journal, journals
from connectors.live.replay import Replay
from tests.connectors.live.sinks import Broker, until
from tests.connectors.live.test_feed_runner import leg


def keep(journal: Journal, *numbers: int) -> None:
    journal.append(
        [one for number in numbers for one in entries("office http", [DeliveryBatch([leg(number)], _nothing, 0)])]
    )


def _nothing() -> None:
    return None


def versions(broker: Broker) -> list[int]:
    return [leg.version for leg in broker.legs]


@contextmanager
def forwarding(journal: Journal, broker: Broker, *queues: DeliveryQueue) -> Iterator[None]:
    over = threading.Event()
    forwarder = Forwarder(
        journal, broker.sink, broker, queues, heartbeat_s=0.02, look_s=0.005, backoff=Backoff(0.001, 0.002)
    )
    thread = threading.Thread(target=forwarder.run, args=(over.is_set,))
    thread.start()
    try:
        yield
    finally:
        over.set()
        forwarder.wake()
        thread.join(60)
    assert not thread.is_alive()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "a.journal")
    yield journal
    journal.close()


def test_what_is_sent_stays_until_it_is_stored(journal: Journal) -> None:
    broker = Broker()
    broker.stores = False
    with forwarding(journal, broker):
        keep(journal, 1, 2)
        until(lambda: versions(broker) == [1, 2])
        keep(journal, 3)
        until(lambda: versions(broker) == [1, 2, 3])
        assert journal.records == 3
        broker.stores = True
        until(lambda: not journal.records)
    assert versions(broker) == [1, 2, 3], "each was sent once"


def test_a_broker_in_the_place_of_another_gets_what_was_not_stored(journal: Journal) -> None:
    broker = Broker()
    with forwarding(journal, broker):
        keep(journal, 1)
        until(lambda: not journal.records)
        broker.stores = False
        keep(journal, 2, 3)
        until(lambda: versions(broker) == [1, 2, 3])
        broker.records.clear()  # it forgot; and nobody's connection broke
        broker.name = "b"
        until(lambda: versions(broker) == [2, 3])
        broker.stores = True
        until(lambda: not journal.records)


def test_a_broker_that_is_away_gets_everything_when_it_is_back(journal: Journal) -> None:
    broker, queue = Broker(), DeliveryQueue("office", "ami", "s1")
    broker.away = True
    with forwarding(journal, broker, queue):
        keep(journal, *range(50))
        until(lambda: broker.connects > 2)
        assert journal.records == 50
        broker.fails = 3
        broker.away = False
        until(lambda: not journal.records)
    assert set(versions(broker)) == set(range(50))


def test_journals_without_a_process_are_sent_and_removed_and_others_are_left_alone(tmp_path: Path) -> None:
    for name in ("a", "b"):
        left = Journal(tmp_path / f"{name}.journal")
        keep(left, ord(name))
        left.close()
    (tmp_path / "broken.journal").write_bytes(b"no database" * 500)
    owned = Journal(tmp_path / "owned.journal")
    keep(owned, 1)
    broker, stopping = Broker(), threading.Event()
    replay = Replay(tmp_path, lambda: broker, stopping, every_s=0.01, look_s=0.005)
    thread = threading.Thread(target=replay.run)
    thread.start()
    until(lambda: journals(tmp_path) == [tmp_path / "broken.journal", tmp_path / "owned.journal"])
    late = Journal(tmp_path / "late.journal")
    keep(late, 2)
    late.close()
    until(lambda: 2 in versions(broker))
    stopping.set()
    thread.join(60)
    assert sorted(versions(broker)) == [2, ord("a"), ord("b")]
    assert owned.records == 1
    owned.close()


def test_a_replay_that_is_asked_to_end_leaves_what_is_not_stored(tmp_path: Path) -> None:
    left = Journal(tmp_path / "a.journal")
    keep(left, 1)
    left.close()
    broker, stopping = Broker(), threading.Event()
    broker.stores = False
    thread = threading.Thread(target=Replay(tmp_path, lambda: broker, stopping, look_s=0.005).run)
    thread.start()
    until(lambda: versions(broker) == [1])
    stopping.set()
    thread.join(60)
    again = Journal(tmp_path / "a.journal", only_if_there=True)
    assert again.records == 1
    again.close()
