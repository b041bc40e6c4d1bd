"""Memory of loading a file of 5 GB: `python -m bench.big_file [GB]`.

Recognised, read, sifted and sent as `callfunnel load` does, to Apache Kafka, which keeps on disk what the embedded
broker keeps in memory. No worker: what follows from the frames is bench.load's. It wants twice its room on the disk,
Java and Maven.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from bench.parse import write_export
from connectors.reading.rejected_rows import RejectedRows
from connectors.reading.source import Reading
from connectors.sender import FrameSender
from pipeline.admin import ensure_topics
from pipeline.loading.load import send_file
from pipeline.loading.outcome import begin
from pipeline.loading.prepare import LoadOptions, prepare
from pipeline.settings import read_settings
from pipeline.storage_wait import Position
from tests.kafka.apache import classpath, format_log_dir

_ROW_BYTES = 250
_TENTHS = 10


class Watched:
    """Progress of a load: the resident memory at every tenth of the file."""

    def __init__(self) -> None:
        self.mb: list[float] = []
        self._process = psutil.Process()

    def reading(self, file: Path, reading: Reading) -> None:
        if reading.bytes_read * _TENTHS >= reading.bytes_total * (len(self.mb) + 1):
            self.mb.append(self._process.memory_info().rss / 1e6)
            print(f"  {len(self.mb)} of {_TENTHS}: {reading.rows:,} rows, {self.mb[-1]:.0f} MB", flush=True)

    def storing(self, position: Position) -> None:
        """Nothing is waited for."""

    def note(self, message: str) -> None:
        print(message)

    def waits(self, message: str) -> None:
        print(message)

    def check(self) -> None:
        """Nothing is waited for."""


def main() -> None:
    gigabytes = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    with tempfile.TemporaryDirectory(prefix="callfunnel-bench-") as name:
        folder = Path(name)
        export = folder / "Master.csv"
        write_export(export, int(gigabytes * 1e9 / _ROW_BYTES))
        size = export.stat().st_size
        node, address = format_log_dir(folder, classpath())
        node.start()
        try:
            node.wait_ready(60)
            ensure_topics(address)
            wish = LoadOptions(source="office", tz="Europe/Moscow", rejects=folder)
            file = prepare(export, wish, read_settings())
            watched, outcome, began = Watched(), begin(file), time.perf_counter()
            with FrameSender(address) as sender:
                rejects = RejectedRows(folder, export, file.recognised, outcome.import_id)
                send_file(file, outcome, sender, rejects, watched)
                sender.flush()
            took_s = time.perf_counter() - began
        finally:
            node.stop(30)
    about = "about " if outcome.calls_estimated else ""
    print(
        f"big file: {size / 1e9:.1f} GB, {outcome.rows:,} rows,"
        f" {about}{outcome.calls:,} calls, {outcome.rows / took_s:,.0f} rows/s sent,"
        f" memory {watched.mb[0]:.0f} MB after a tenth, {max(watched.mb):.0f} MB at most"
    )


if __name__ == "__main__":
    subprocess.run(["git", "log", "-1", "--format=commit %h"], check=False)
    main()
