"""A live call, from a phone's exchange to a reader: how long until it is counted. `python -m bench.live_call [CALLS]`.

One record of kafka-python (a frame of one), then the read-only user asks `manager_activity` until the call is in it.
Runs an embedded stack of its own.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from kafka import KafkaProducer

from pipeline.embedded.supervise import Stack, StackPlan
from schemas.codec import encode
from schemas.records import CallLeg, Direction, Disposition
from schemas.topics import CALL_LEGS

_GIVE_UP_S = 30.0


def live_call(number: int) -> CallLeg:
    """An answered outbound call that has just ended."""
    now = datetime.now(UTC).replace(microsecond=0)
    name = f"{time.time_ns() / 1e9:.6f}.{number}"
    return CallLeg(
        source="live",
        call_id=name,
        record_id=name,
        started_at=now - timedelta(seconds=60),
        answered_at=now - timedelta(seconds=50),
        ended_at=now,
        billsec=50,
        direction=Direction.OUTBOUND,
        disposition=Disposition.ANSWERED,
        extension="101",
        contact="+74950000123",
        version=time.time_ns(),
    )


def seconds_until_counted(producer: KafkaProducer, reader: Client, calls_before: int, leg: CallLeg) -> float:
    """Send one leg; the time until the reader sees one call more."""
    sent = time.perf_counter()
    producer.send(CALL_LEGS.name, key=CALL_LEGS.key(leg).encode(), value=encode(leg)).get(timeout=10)
    while counted(reader) <= calls_before:
        if time.perf_counter() - sent > _GIVE_UP_S:
            raise SystemExit(f"the call was not counted within {_GIVE_UP_S:.0f} s")
        time.sleep(0.01)
    return time.perf_counter() - sent


def counted(reader: Client) -> int:
    return int(str(reader.command("SELECT sum(calls) FROM manager_activity FINAL")))


def measure(kafka: str, reader: Client, calls: int) -> list[float]:
    """The seconds of so many calls, one after another with a pause: nothing is warm because of the one before."""
    producer = KafkaProducer(bootstrap_servers=kafka, acks="all")
    try:
        seconds = []
        for number in range(calls):
            seconds.append(seconds_until_counted(producer, reader, counted(reader), live_call(number)))
            time.sleep(0.3)
        return seconds
    finally:
        producer.close()


def main() -> None:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as folder:
        state = {**os.environ, "XDG_STATE_HOME": folder}
        stack = Stack(StackPlan(data=Path(folder) / "data", kafka_port=0, store_port=0), state)
        running = stack.start()
        try:
            reader = clickhouse_connect.get_client(dsn=running.reader)
            measure(running.kafka, reader, 1)
            seconds = sorted(measure(running.kafka, reader, calls))
        finally:
            stack.stop()
    p90 = seconds[int(len(seconds) * 0.9)]
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"live call until counted: median {statistics.median(seconds):.2f} s, p90 {p90:.2f} s,", end=" ")
    print(f"worst {seconds[-1]:.2f} s of {calls} calls (load average {load})")


if __name__ == "__main__":
    main()
