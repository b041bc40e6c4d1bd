"""How far the workers are: what is sent and not yet consumed. Progress of a load, lag for `doctor`."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kafka import TopicPartition
from kafka.admin import KafkaAdminClient, OffsetSpec

from pipeline.endpoints import Endpoints
from pipeline.storage_wait import Offsets, Position, StorageWait, advance, is_lost
from schemas.errors import Terminal
from schemas.kafka_errors import Forgotten, KafkaAway, kafka_errors
from schemas.topics import ALL

_BEGINS_FOR_S = 10.0
_ANSWERS_MS = 10_000
"""A broker answers these questions in milliseconds; one that hangs is an error, and may be asked again."""


class _Admin(KafkaAdminClient):  # type: ignore[misc]  # the library has no types
    """Tansu's DescribeGroups names operations that Kafka does not have, and kafka-python 3.0 stumbles over them."""

    def _process_acl_operations(self, obj: dict[str, Any]) -> dict[str, Any]:
        obj.pop("authorized_operations", None)
        return obj


class Transport:
    """Asks the broker how far the group is. Raises Transient when it does not answer."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._prefix = endpoints.prefix
        self._group = endpoints.group
        self._begins_at: dict[tuple[str, ...], tuple[float, dict[tuple[str, int], int]]] = {}
        with kafka_errors(f"nobody answers at {endpoints.kafka}"):
            self._admin = _Admin(
                bootstrap_servers=endpoints.kafka,
                client_id="callfunnel-admin",
                bootstrap_timeout_ms=5000,
                request_timeout_ms=_ANSWERS_MS,
            )

    def close(self) -> None:
        with contextlib.suppress(KafkaAway), kafka_errors("a connection was not closed in order"):
            self._admin.close()

    def topic_ids(self) -> dict[str, str]:
        """The broker's id of each of our topics that it has: another id is another topic, however it is called."""
        topics_found = self._ask(self._admin.describe_topics)
        ours = {self._prefix + topic.name: topic.name for topic in ALL}
        return {
            ours[one["name"]]: str(one["topic_id"])
            for one in topics_found
            if one["name"] in ours and not one["error_code"]
        }

    def ends(self, topics: Iterable[str]) -> dict[tuple[str, int], int]:
        """Where each partition of these topics ends now."""
        return self._offsets(topics, OffsetSpec.LATEST)

    def _offsets(self, topics: Iterable[str], which: OffsetSpec) -> dict[tuple[str, int], int]:
        wanted = {self._prefix + name: name for name in topics}
        topics_found = self._ask(self._admin.describe_topics, list(wanted))
        if missing := sorted(one["name"] for one in topics_found if one["error_code"]):
            raise KafkaAway(f"kafka: topic {missing[0]} does not exist")
        specs = {
            TopicPartition(one["name"], part["partition_index"]): which
            for one in topics_found
            for part in one["partitions"]
        }
        found = self._ask(self._admin.list_partition_offsets, specs)
        return {(wanted[tp.topic], tp.partition): int(at.offset) for tp, at in found.items()}

    def consumed(self, topics: Iterable[str]) -> dict[tuple[str, int], int]:
        """Up to where the group has acknowledged these topics; what the broker has dropped by age waits no more."""
        acknowledged = self._acknowledged()
        return {tp: max(begin, acknowledged.get(tp, 0)) for tp, begin in self._begins(tuple(topics)).items()}

    def _acknowledged(self) -> dict[tuple[str, int], int]:
        offsets = self._ask(self._admin.list_group_offsets, {self._group: None}).get(self._group, {})
        return {(tp.topic.removeprefix(self._prefix), tp.partition): int(at.offset) for tp, at in offsets.items()}

    def look(self, waiting: StorageWait, topic_ids: Mapping[str, str]) -> tuple[StorageWait, Position]:
        """One look at the stage that is waited for. Raises Forgotten when the broker is not the one of `topic_ids`, or
        has lost what it had acknowledged.
        """
        ends = self.ends(waiting.topics)
        begins = self._begins(waiting.topics)
        acknowledged = self._acknowledged()
        _check_same(self.topic_ids(), topic_ids)  # afterwards: an answer of another broker must not count
        if is_lost(waiting, begins, ends, acknowledged):
            raise Forgotten("the broker lost records that it had acknowledged")
        consumed = {tp: max(begins.get(tp, 0), acknowledged.get(tp, 0)) for tp in ends}
        return advance(waiting, ends, consumed)

    def _begins(self, topics: tuple[str, ...]) -> dict[tuple[str, int], int]:
        """Where each partition begins: not 0 once records were dropped. Asked for now and then; it hardly changes."""
        at, begins = self._begins_at.get(topics, (-math.inf, {}))
        if time.monotonic() - at > _BEGINS_FOR_S:
            begins = self._offsets(topics, OffsetSpec.EARLIEST)
            self._begins_at[topics] = (time.monotonic(), begins)
        return begins

    def members(self) -> int:
        """How many workers share the work now."""
        groups = self._ask(self._admin.describe_groups, [self._group])
        return sum(len(group.get("members", ())) for group in groups.values())

    def position(self, ends: Offsets) -> Position:
        """How much of `ends` is consumed."""
        consumed = self.consumed(sorted({topic for topic, _ in ends}))
        return Position(sum(min(consumed.get(tp, 0), end) for tp, end in ends.items()), sum(ends.values()))

    def _ask(self, question: Callable[..., Any], *about: Any) -> Any:
        with kafka_errors("the broker does not answer"):
            return question(*about)


class Stalled(Terminal):
    """Nobody stores: a person must look. Who has all the time in the world may try again."""


def wait_until_stored(
    transport: Transport,
    sent: Offsets,
    topic_ids: Mapping[str, str],
    *,
    idle_s: float,
    check: Callable[[], None] = lambda: None,
    progress: Callable[[Position], None] = lambda _: None,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Return once the workers have stored what was `sent`, and all that followed from it.

    Raises Forgotten when the broker is not the one it was, Stalled when nothing moved for `idle_s`; `check` is called
    between looks and may raise.
    """
    moved_at = monotonic()
    waiting = StorageWait(sent)
    seen: Position | None = None
    while not waiting.is_over:
        with contextlib.suppress(KafkaAway):
            now, position = transport.look(waiting, topic_ids)
            progress(position)
            if now.stage != waiting.stage or position != seen:
                moved_at = monotonic()
            seen = position
            if now.stage != waiting.stage:
                waiting = now
                continue
            waiting = now
        if monotonic() - moved_at > idle_s:
            lag = seen.lag if seen else 0
            raise Stalled(
                f"{', '.join(waiting.topics)}: {lag} frames wait and nothing moved for {idle_s:.0f} s:"
                " is a worker running? `callfunnel doctor` tells"
            )
        check()
        sleep(0.05)


def _check_same(now: Mapping[str, str], before: Mapping[str, str]) -> None:
    if any(now.get(name) != topic_id for name, topic_id in before.items()):
        raise Forgotten("the broker was started anew and forgot what it held")
