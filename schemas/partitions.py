"""Which partition a key belongs to: Kafka's default (murmur2), so that other producers' records meet our frames."""

from __future__ import annotations

from functools import lru_cache

from kafka.partitioner.default import murmur2


@lru_cache(maxsize=65_536)
def partition_of(key: str, partitions: int) -> int:
    """The partition of a key among so many. Cached: a manager has many calls, and legs of a call come together."""
    return int((murmur2(key.encode()) & 0x7FFFFFFF) % partitions)
