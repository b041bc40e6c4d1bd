"""Sending legs: in frames, and a record a leg through the same client. `python -m bench.produce [LEGS]`."""

from __future__ import annotations

import sys
import time

from kafka import KafkaProducer

from bench import stack
from bench.worker import parsed, produce
from pipeline.endpoints import Endpoints
from schemas.codec import encode
from schemas.records import CallLeg
from schemas.topics import CALL_LEGS


def frames(endpoints: Endpoints, legs: list[CallLeg]) -> float:
    """Legs a second, encoding and acknowledgement included."""
    wall, cpu = time.perf_counter(), time.process_time()
    produce(endpoints, CALL_LEGS, legs)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"produce, in frames: {len(legs):,} legs, {len(legs) / wall:,.0f} legs/s, {len(legs) / cpu:,.0f} of CPU")
    return len(legs) / wall


def one_by_one(endpoints: Endpoints, legs: list[CallLeg]) -> float:
    """The peer: a Kafka record a leg, batched by the client itself."""
    producer = KafkaProducer(bootstrap_servers=endpoints.kafka, acks="all", compression_type="lz4", linger_ms=50)
    wall = time.perf_counter()
    for leg in legs:
        producer.send(CALL_LEGS.name, key=CALL_LEGS.key(leg).encode(), value=encode(leg))
    producer.flush()
    wall = time.perf_counter() - wall
    producer.close()
    print(f"produce, a record a leg: {len(legs):,} legs, {len(legs) / wall:,.0f} legs/s")
    return len(legs) / wall


def main() -> None:
    legs = parsed(int(sys.argv[1]) if len(sys.argv) > 1 else 400_000)
    with stack.stack() as (_, running):
        endpoints = Endpoints(running.kafka, running.clickhouse)
        frames(endpoints, legs)
        one_by_one(endpoints, legs[: len(legs) // 10])


if __name__ == "__main__":
    main()
