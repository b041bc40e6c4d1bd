"""Our frames and other producers' records of one key meet in one partition."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from kafka.partitioner.default import DefaultPartitioner, murmur2

from schemas.partitions import partition_of


class Cluster:
    """What the partitioner asks of kafka-python's ClusterMetadata."""

    def __init__(self, partitions: int) -> None:
        self._partitions = set(range(partitions))

    def topics(self) -> set[str]:
        return {"call-legs"}

    def partitions_for_topic(self, topic: str) -> set[int]:
        return self._partitions

    def available_partitions_for_topic(self, topic: str) -> set[int]:
        return {0}  # a keyed record waits for its partition


# Published vectors: org.apache.kafka.common.utils.UtilsTest, testMurmur2.
@pytest.mark.parametrize(
    ("key", "hashed"),
    [
        ("21", -973932308),
        ("foobar", -790332482),
        ("a-little-bit-long-string", -985981536),
        ("a-little-bit-longer-string", -1486304829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
    ],
)
def test_published_hashes(key: str, hashed: int) -> None:
    assert murmur2(key.encode()) & 0xFFFFFFFF == hashed & 0xFFFFFFFF
    for partitions in (1, 4, 8, 12, 97):
        # Utils.toPositive, then the remainder: BuiltInPartitioner.partitionForKey.
        assert partition_of(key, partitions) == (hashed & 0x7FFFFFFF) % partitions


@given(st.text(), st.integers(1, 64))
@example("", 8)  # calls of nobody
@example("office/1793610000.1", 8)
@example("Иванова Анна", 8)
def test_partition_is_that_of_kafkas_default_partitioner(key: str, partitions: int) -> None:
    theirs = DefaultPartitioner().partition("call-legs", key, key.encode(), b"{}", b"{}", Cluster(partitions))
    assert partition_of(key, partitions) == theirs
