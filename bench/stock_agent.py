"""The peer: a Faust agent as the tutorial writes it, doing the counting part alone.

`python -m bench.stock_agent [LEGS]`. One Kafka record a call, decoded by Faust, a look-up of extension and number, and
a Table of calls and organisations by manager and five minutes. It stores nothing in ClickHouse, stitches nothing and
remembers no corrections.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from bench import stack
from bench.worker import activities, parsed
from schemas.records import Activity

TOPIC = "calls"
PARTITIONS = 8


def agent(bootstrap: str, calls: int, done: str) -> Any:
    """The application. Writes into `done`, once it has counted so many calls, the CPU seconds from the first on."""
    import faust

    class Call(faust.Record, serializer="json"):  # type: ignore[misc,call-arg]
        extension: str
        contact: str
        started_at: int
        talk_s: int

    app = faust.App(
        "stock", broker=f"kafka://{bootstrap}", store="memory://", web_enabled=False, topic_disable_leader=True,
        topic_partitions=PARTITIONS, consumer_auto_offset_reset="earliest", broker_session_timeout=6.0,
        broker_heartbeat_interval=1.5, producer_linger=0.05,
    )  # fmt: skip
    topic = app.topic(TOPIC, value_type=Call, partitions=PARTITIONS)
    counts = app.Table("counts", default=dict, partitions=PARTITIONS)
    managers = {str(101 + n): f"m{n}" for n in range(40)}
    organisations = {f"+7495{n:07d}": f"o{n}" for n in range(20_000)}
    seen, began = 0, 0.0

    @app.agent(topic)  # type: ignore[untyped-decorator]
    async def count(stream: Any) -> None:
        nonlocal seen, began
        async for call in stream:
            began = began or time.process_time()
            key = f"{managers.get(call.extension, '')}|{call.started_at // 300 * 300}"
            cell = counts[key]
            known = set(cell.get("organisations", ()))
            known.add(organisations.get(call.contact, ""))
            counts[key] = {
                "calls": cell.get("calls", 0) + 1,
                "talk_s": cell.get("talk_s", 0) + call.talk_s,
                "organisations": sorted(known),
            }
            seen += 1
            if seen == calls:
                Path(done).write_text(str(time.process_time() - began))

    return app


def produce(bootstrap: str, calls: list[Activity]) -> None:
    """A record a call, keyed by its extension."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    changelog = "stock-counts-changelog"
    admin.create_topics(
        [NewTopic(name, num_partitions=PARTITIONS, replication_factor=1) for name in (TOPIC, changelog)]
    )
    admin.close()
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=50)
    for call in calls:
        message = {
            "extension": call.extension,
            "contact": call.contact,
            "started_at": int(call.at.timestamp()),
            "talk_s": call.talk_s,
        }
        producer.send(TOPIC, key=call.extension.encode(), value=json.dumps(message).encode())
    producer.flush()
    producer.close()


def measure(rows: int) -> float:
    """Calls a second of the agent's own CPU."""
    calls = activities(parsed(rows))
    with stack.stack() as (_, running), tempfile.TemporaryDirectory() as folder:
        produce(running.kafka, calls)
        done = Path(folder) / "done"
        command = [sys.executable, "-m", "bench.stock_agent", "agent", running.kafka, str(len(calls)), str(done)]
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(Path.cwd())},
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        try:
            while not (done.exists() and done.read_text()):
                if process.poll() is not None:
                    raise SystemExit("the stock agent stopped")
                time.sleep(0.05)
            cpu = float(done.read_text())
        finally:
            process.terminate()
            process.wait()
    rate = len(calls) / cpu
    print(f"stock Faust agent, counting alone: {len(calls):,} calls, {rate:,.0f} a second of its CPU ({cpu:.1f} s)")
    return rate


def main() -> None:
    if sys.argv[1:2] == ["agent"]:
        import faust

        _, _, bootstrap, calls, done = sys.argv
        faust.Worker(agent(bootstrap, int(calls), done), loglevel="warning").execute_from_commandline()
        return
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else 30_000)


if __name__ == "__main__":
    main()
