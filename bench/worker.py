"""The worker: legs a second of its own CPU, through both agents into the embedded store. `python -m bench.worker [LEGS]`.

First with nothing known before, then with every leg known already.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import psutil

from bench import stack
from bench.parse import context, write_export
from connectors.asterisk.source import AsteriskCsv
from connectors.sender import Ends, FrameSender
from pipeline.endpoints import Endpoints
from schemas.records import CallLeg
from schemas.topics import CALL_LEGS


def produce(endpoints: Endpoints, legs: list[CallLeg]) -> Ends:
    """Legs in frames onto the wire."""
    with FrameSender(endpoints.kafka) as sender:
        for leg in legs:
            sender.send(CALL_LEGS, leg)
        return sender.flush()


def parsed(rows: int) -> list[CallLeg]:
    """The legs of a look-alike export."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "Master.csv"
        write_export(path, rows)
        source = AsteriskCsv()
        recognised = source.recognise(path, "RU")
        assert recognised is not None
        return [leg for leg in source.read(path, recognised, context()) if isinstance(leg, CallLeg)]


def measure(
    what: str, endpoints: Endpoints, process: psutil.Process, store: psutil.Process, legs: list[CallLeg]
) -> float:
    """Send the legs and say what storing them took; legs a second of the worker's CPU."""
    before, store_before, wall = stack.cpu_s(process), stack.cpu_s(store), time.perf_counter()
    ends = produce(endpoints, legs)
    stack.wait_stored(endpoints, ends)
    wall = time.perf_counter() - wall
    cpu, store_cpu = stack.cpu_s(process) - before, stack.cpu_s(store) - store_before
    print(
        f"worker, {what}: {len(legs)} legs, {len(legs) / cpu:,.0f} legs/s of its CPU ({cpu:.1f} s; store {store_cpu:.1f} s),"
        f" {len(legs) / wall:,.0f} legs/s with sending, worker {stack.resident_mb(process):.0f} MB,"
        f" store {stack.resident_mb(store):.0f} MB", flush=True,
    )  # fmt: skip
    return len(legs) / cpu


def main() -> None:
    legs = parsed(int(sys.argv[1]) if len(sys.argv) > 1 else 400_000)
    with stack.stack() as (_, running), stack.worker(running) as process:
        endpoints = Endpoints(running.kafka, running.clickhouse)
        store = psutil.Process(running.parts["store"])
        stack.fill_directory(endpoints)
        measure("nothing known", endpoints, process, store, legs)
        measure("every leg known", endpoints, process, store, legs)


if __name__ == "__main__":
    main()
