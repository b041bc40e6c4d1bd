"""An embedded stack for measuring: started in a folder of its own, with a department in its directory."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil

from bench.parse import PHONES
from connectors.sender import FrameSender
from pipeline.embedded.supervise import Stack, StackPlan
from pipeline.endpoints import Endpoints, Running
from pipeline.transport import Transport, wait_until_stored
from schemas.records import Manager, Organisation, Record, StageChange
from schemas.stages import default_stages
from schemas.topics import MANAGERS, ORGANISATIONS, STAGE_CHANGES, Topic

BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)


@contextlib.contextmanager
def stack(workers: int = 0) -> Iterator[tuple[Stack, Running]]:
    """A running stack on free ports; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="callfunnel-bench-") as folder:
        running = Stack(StackPlan(data=Path(folder), kafka_port=0, store_port=0, workers=workers))
        services = running.start()
        try:
            yield running, services
        finally:
            running.stop()


def directory(seed: int = 7) -> Iterator[tuple[Topic, Record]]:
    """Forty managers with a phone each, and organisations with half of the numbers that are called."""
    rnd = random.Random(seed)
    for n in range(40):
        yield MANAGERS, Manager(
            manager_id=f"m{n}", name=f"Manager {n}", team=f"team {n % 4}", extensions=[str(101 + n)],
            valid_from=BEGINNING, version=1,
        )  # fmt: skip
    codes = default_stages().codes
    for n in range(PHONES // 2):
        yield ORGANISATIONS, Organisation(organisation_id=f"o{n}", name=f"o{n}", phones=[f"+7495{n:07d}"], version=1)
        yield (
            STAGE_CHANGES,
            StageChange(organisation_id=f"o{n}", stage=rnd.choice(codes), changed_at=BEGINNING, version=1),
        )


@contextlib.contextmanager
def worker(running: Running) -> Iterator[psutil.Process]:
    """One worker process, as `callfunnel worker` is, once it has its partitions."""
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready"
        log = (Path(folder) / "log").open("wb")
        env = {"CALLFUNNEL_KAFKA": running.kafka, "CALLFUNNEL_CLICKHOUSE": running.clickhouse, "PATH": "/usr/bin:/bin"}
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", "worker", "--ready-file", str(ready)],
            env=env, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            while not ready.exists():
                if process.poll() is not None:
                    raise SystemExit((Path(folder) / "log").read_text())
                time.sleep(0.02)
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait()
            log.close()


def wait_stored(endpoints: Endpoints, ends: dict[tuple[str, int], int]) -> None:
    """Return once everything that follows from what was sent is stored."""
    transport = Transport(endpoints)
    try:
        wait_until_stored(transport, ends, transport.topic_ids(), idle_s=120)
    finally:
        transport.close()


def fill_directory(endpoints: Endpoints) -> None:
    """Send the directory and wait until it is stored; a worker must be running."""
    with FrameSender(endpoints.kafka) as sender:
        for topic, record in directory():
            sender.send(topic, record)
        ends = sender.flush()
    wait_stored(endpoints, ends)


def cpu_s(process: psutil.Process) -> float:
    """CPU seconds that a process has used itself."""
    times = process.cpu_times()
    return float(times.user + times.system)


def resident_mb(process: psutil.Process) -> float:
    """Most resident memory that a process ever had, in MB (VmHWM)."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0
