"""The worker: records a second of its own CPU, through its agents into the embedded store.

`python -m bench.worker [LEGS]`: legs with nothing known before, the same legs once more, and activities through the
counting agent alone, which is the job that bench.stock_agent does.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import psutil

from bench import stack
from bench.parse import context, write_export
from connectors.asterisk.cdr_csv import AsteriskCsv
from connectors.reading.sample import Sample
from connectors.reading.source import Hints
from connectors.sender import Ends, FrameSender
from pipeline.directory import Directory, Managers
from pipeline.endpoints import Endpoints
from pipeline.enrich import enrich_call
from pipeline.stitch import stitch
from schemas.records import Activity, CallLeg, Manager, Record
from schemas.stages import default_stages
from schemas.topics import ACTIVITIES, CALL_LEGS, Topic


def produce(endpoints: Endpoints, topic: Topic, records: Iterable[Record]) -> Ends:
    """Records in frames onto the wire."""
    with FrameSender(endpoints.kafka) as sender:
        for record in records:
            sender.send(topic, record)
        return sender.flush()


def parsed(rows: int) -> list[CallLeg]:
    """The legs of a look-alike export."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "Master.csv"
        write_export(path, rows)
        source = AsteriskCsv()
        recognised = source.recognise(Sample(path), Hints())
        assert recognised is not None
        return [leg for leg in source.read(path, recognised, context()) if isinstance(leg, CallLeg)]


def activities(legs: Iterable[CallLeg]) -> list[Activity]:
    """The calls of the legs, each its manager's."""
    calls: dict[str, list[CallLeg]] = {}
    for leg in legs:
        calls.setdefault(leg.call_id, []).append(leg)
    directory = Directory(default_stages())
    directory.managers = Managers(record for _, record in stack.directory() if isinstance(record, Manager))
    stitched = (stitch(together) for together in calls.values())
    return [enrich_call(call, directory, cause="bench", caused_at=1, version=1) for call in stitched]


class Bench:
    """A stack with one worker, and what storing records takes on it."""

    def __init__(self, endpoints: Endpoints, worker: psutil.Process, store: psutil.Process) -> None:
        self._endpoints = endpoints
        self._worker = worker
        self._store = store

    def measure(self, what: str, topic: Topic, records: Sequence[Record]) -> float:
        """Send records and say what it took until all is stored; records a second of the worker's CPU."""
        worker, store, wall = stack.cpu_s(self._worker), stack.cpu_s(self._store), time.perf_counter()
        ends = produce(self._endpoints, topic, records)
        stack.wait_stored(self._endpoints, ends)
        wall = time.perf_counter() - wall
        worker, store = stack.cpu_s(self._worker) - worker, stack.cpu_s(self._store) - store
        print(
            f"worker, {what}: {len(records):,} {topic.name}, {len(records) / worker:,.0f} a second of its CPU"
            f" ({worker:.1f} s; store {store:.1f} s), {len(records) / wall:,.0f} a second with sending;"
            f" worker {stack.resident_mb(self._worker):.0f} MB, store {stack.resident_mb(self._store):.0f} MB",
            flush=True,
        )
        return len(records) / worker


def measure(legs: list[CallLeg]) -> float:
    """All three; calls a second of the counting agent alone."""
    with stack.stack() as (_, running), stack.worker(running) as process:
        endpoints = Endpoints(running.kafka, running.clickhouse)
        bench = Bench(endpoints, process, psutil.Process(running.parts["store"]))
        stack.fill_directory(endpoints)
        bench.measure("nothing known", CALL_LEGS, legs)
        bench.measure("every leg known", CALL_LEGS, legs)
    with stack.stack() as (_, running), stack.worker(running) as process:
        endpoints = Endpoints(running.kafka, running.clickhouse)
        bench = Bench(endpoints, process, psutil.Process(running.parts["store"]))
        return bench.measure("counting alone", ACTIVITIES, activities(legs))


def main() -> None:
    measure(parsed(int(sys.argv[1]) if len(sys.argv) > 1 else 400_000))


if __name__ == "__main__":
    main()
