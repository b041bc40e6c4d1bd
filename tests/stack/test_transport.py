"""How far the workers are: what counts as waiting, and when waiting is in vain."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable

import pytest
from kafka import KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from pipeline.admin import ensure_topics
from pipeline.embedded.part import StackPart
from pipeline.endpoints import Endpoints
from pipeline.storage_wait import Position
from pipeline.transport import Transport, wait_until_stored
from schemas.errors import Terminal, Transient
from schemas.kafka_errors import Forgotten
from schemas.topics import ALL, CALL_LEGS, MANAGERS, Topic
from tests.stack.department import Department
from tests.stack.deployment import Deployment, wait_for

Places = dict[tuple[str, int], int]


class FakeTransport(Transport):
    """A broker whose workers consume `pace` frames between two looks."""

    def __init__(self, ends: Places, pace: int) -> None:
        self._all_ends = ends
        self._pace = pace
        self._consumed: Places = dict.fromkeys(ends, 0)
        self.ids = {"managers": "first"}

    def topic_ids(self) -> dict[str, str]:
        return self.ids

    def ends(self, topics: Iterable[str]) -> Places:
        wanted = set(topics)
        return {place: end for place, end in self._all_ends.items() if place[0] in wanted}

    def _begins(self, topics: Iterable[str]) -> Places:
        self._looked_at = self.ends(topics)
        return dict.fromkeys(self._looked_at, 0)

    def _acknowledged(self) -> Places:
        for place in self._looked_at:
            self._consumed[place] += self._pace
        return self._consumed


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def wait(transport: Transport, sent: Places, idle_s: float = 60.0) -> list[Position]:
    clock, seen = Seconds(), list[Position]()
    ids = {"managers": "first"}
    wait_until_stored(transport, sent, ids, idle_s=idle_s, progress=seen.append, monotonic=clock, sleep=clock.sleep)
    return seen


def test_waiting_goes_on_while_anything_moves_however_slowly() -> None:
    seen = wait(FakeTransport({("call-legs", 0): 3000, ("activities", 0): 10}, pace=1), {("call-legs", 0): 3000})
    assert Position(10, 10) in seen
    assert max(position.lag for position in seen) == 2999


def test_what_agents_published_since_is_waited_for_too() -> None:
    seen = wait(FakeTransport({("managers", 0): 2, ("call-legs", 3): 7}, pace=1), {("managers", 0): 2})
    assert Position(7, 7) in seen, "legs sent again because a manager changed"


def test_nobody_at_work_ends_the_wait_with_advice() -> None:
    with pytest.raises(Terminal, match=r"call-legs, proposals: 5 frames wait .* is a worker running"):
        wait(FakeTransport({("call-legs", 0): 5}, pace=0), {("call-legs", 0): 5})


def test_another_broker_under_the_same_name_is_noticed() -> None:
    transport = FakeTransport({("managers", 0): 5}, pace=0)
    transport.ids = {"managers": "second"}
    with pytest.raises(Forgotten):
        wait(transport, {("managers", 0): 5})


def test_lag_is_what_was_sent_and_not_yet_consumed(deployment: Deployment, department: Department) -> None:
    ensure_topics(deployment.bootstrap, deployment.prefix)
    endpoints = Endpoints(deployment.bootstrap, "", deployment.namespace)
    transport = Transport(endpoints)
    try:
        assert sorted(transport.topic_ids()) == sorted(topic.name for topic in ALL)
        wait_for("empty topic", lambda: position(transport) == Position(0, 0))
        assert transport.members() == 0
        deployment.start(workers=0)
        loading = deployment.loading(department.files["managers"], kind="managers")
        wait_for("frame of managers", lambda: position(transport) == Position(0, 1))
        deployment.add_worker("worker-1")
        loading.outcome()
        assert position(transport) == Position(1, 1)
        assert transport.members() == 1
    finally:
        transport.close()


@pytest.mark.kafka
@pytest.mark.stack
def test_what_the_broker_dropped_by_age_does_not_wait(
    apache_kafka: tuple[object, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stack that was off for longer than the retention: nothing was acknowledged, nothing is there."""
    monkeypatch.setattr("pipeline.transport._BEGINS_FOR_S", -math.inf)
    _, address = apache_kafka
    ensure_topics(address, "aged.")
    send_one(address)
    transport = Transport(Endpoints(address, "", "aged"))
    admin = KafkaAdminClient(bootstrap_servers=address)
    try:
        wait_for("frame that waits", lambda: position(transport) == Position(0, 1))
        admin.delete_records({TopicPartition("aged.managers", 0): 1})
        wait_for("frame that is gone", lambda: position(transport) == Position(1, 1))
    finally:
        admin.close()
        transport.close()


def position(transport: Transport) -> Position | None:
    """Of managers; None while a broker that has just started cannot tell."""
    try:
        return transport.position(transport.ends(["managers"]))
    except Transient:
        return None


def send_one(address: str) -> None:
    producer = KafkaProducer(bootstrap_servers=address)
    try:
        producer.send(f"aged.{MANAGERS.name}", b"{}").get(timeout=60)
    finally:
        producer.close()


@pytest.mark.stack
@pytest.mark.kafka
@pytest.mark.parametrize("listed", [True, False], ids=["listed", "made a moment ago, not listed yet"])
def test_kafka_stamps_what_it_receives_on_new_topics_and_on_those_of_an_earlier_release(
    apache_kafka: tuple[StackPart, str], listed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, address = apache_kafka
    if not listed:
        monkeypatch.setattr(KafkaAdminClient, "list_topics", lambda admin: [])
    prefix = f"stamps-{time.time_ns()}."
    admin = KafkaAdminClient(bootstrap_servers=address)
    try:
        admin.create_topics([NewTopic(name=prefix + MANAGERS.name, num_partitions=1, replication_factor=1)])
        assert MANAGERS.name not in ensure_topics(address, prefix)
    finally:
        admin.close()
    producer = KafkaProducer(bootstrap_servers=address, acks="all")

    def stamps(topic: Topic) -> bool:
        fast_ms = int(time.time() * 1000) + 60_000
        stored = producer.send(prefix + topic.name, b"{}", timestamp_ms=fast_ms, partition=0).get(timeout=60)
        return bool(stored.timestamp < fast_ms - 1000)

    try:
        assert stamps(CALL_LEGS)
        wait_for("stamps on the topic of an earlier release", lambda: stamps(MANAGERS))
    finally:
        producer.close()
