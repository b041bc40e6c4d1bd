"""The whole way: `callfunnel load` of one export, as a user runs it, and the memory of every process.

`python -m bench.load [LEGS]`
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from bench import stack
from bench.parse import write_export
from pipeline.endpoints import Endpoints, Running


class Peak:
    """The most resident memory of a process and its children, looked at five times a second."""

    def __init__(self, process: psutil.Process) -> None:
        self.mb = 0.0
        self._process = process
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._over.wait(0.2):
            try:
                self.mb = max(self.mb, self._process.memory_info().rss / 1e6)
            except psutil.NoSuchProcess:
                return

    def end(self) -> float:
        self._over.set()
        self._thread.join()
        return self.mb


def load(running: Running, data: Path, export: Path, rows: int) -> float:
    """Seconds of the command, from its start to its end; prints memory too."""
    peaks = {name: Peak(psutil.Process(pid)) for name, pid in running.parts.items()}
    wall = time.perf_counter()
    command = [sys.executable, "-m", "pipeline.cli", "load", str(export), "--source", "office", "--tz", "Europe/Moscow"]
    process = subprocess.Popen(
        [*command, "--json", "--data", str(data)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        cwd=data,
    )
    peaks["load"] = Peak(psutil.Process(process.pid))
    report = json.loads(process.communicate()[0])[0]
    wall = time.perf_counter() - wall
    memory = ", ".join(f"{name} {peak.end():.0f}" for name, peak in peaks.items())
    assert report["records"] == rows, report
    print(
        f"load: {rows:,} legs stored in {wall:.1f} s, {rows / wall:,.0f} legs/s, known {report['repeats']:,};"
        f" most resident memory in MB: {memory}",
        flush=True,
    )
    return wall


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder, stack.stack(workers=1) as (_, running):
        export = Path(folder) / "Master.csv"
        write_export(export, rows)
        stack.fill_directory(Endpoints(running.kafka, running.clickhouse))
        load(running, Path(running.data), export, rows)
        load(running, Path(running.data), export, rows)


if __name__ == "__main__":
    main()
