"""How long a busy part takes to give a sign of life: `python -m bench.signs_of_life [LEGS]`.

An export is loaded, six long queries of readers run, tables are merged, and others keep both cores busy. `up` replaces
a part that gives no answer to three questions in a row over 30 s: these are the times of the answers.
"""

from __future__ import annotations

import http.client
import multiprocessing
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

from clickhouse_connect.driver.exceptions import ClickHouseError
from urllib3.exceptions import HTTPError

from bench.load import load
from bench.parse import write_export
from bench.stack import stack
from pipeline.embedded import health_checks
from pipeline.embedded.supervise import credentials
from pipeline.endpoints import Running
from pipeline.store import connect

_LIMIT_S = 120.0


def burn() -> None:
    while True:
        sum(range(100_000))


def ask_long(running: Running, stopped: threading.Event) -> None:
    where = urlsplit(running.reader)
    headers = {"X-ClickHouse-User": where.username or "", "X-ClickHouse-Key": where.password or ""}
    while not stopped.is_set():
        connection = http.client.HTTPConnection("127.0.0.1", where.port, timeout=60)
        with closing(connection), suppress(OSError, http.client.HTTPException):
            connection.request("POST", "/", b"SELECT uniqExact(toString(number)) FROM numbers(1000000000)", headers)
            connection.getresponse().read()


def merge(running: Running, stopped: threading.Event) -> None:
    client = connect(running.clickhouse)
    while not stopped.is_set():
        for table in ("call_legs", "activities", "manager_activity"):
            with suppress(ClickHouseError, HTTPError):
                client.command(f"OPTIMIZE TABLE {table} FINAL")
        time.sleep(0.5)


def ask(name: str, sign: health_checks.Ask, stopped: threading.Event, found: dict[str, list[float]]) -> None:
    """Each second; a worker's sign is a change, so that it is waited for."""
    while not stopped.is_set():
        began = time.monotonic()
        while not sign(_LIMIT_S) and not stopped.is_set():
            time.sleep(0.05)
        if not stopped.is_set():
            found.setdefault(name, []).append(time.monotonic() - began)
        time.sleep(1.0)


def main() -> None:
    legs = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    burners = [multiprocessing.Process(target=burn, daemon=True) for _ in range(os.cpu_count() or 2)]
    with tempfile.TemporaryDirectory(prefix="callfunnel-bench-") as name, stack(workers=1) as (up, running):
        data = Path(running.data)
        export = Path(name) / "Master.csv"
        write_export(export, legs)
        checks: dict[str, health_checks.Ask] = {
            "broker": health_checks.of_broker(int(running.kafka.rpartition(":")[2])),
            "store": health_checks.of_store(urlsplit(running.clickhouse).port or 0, credentials(data).inner),
            "board": health_checks.of_board(urlsplit(running.board).port or 0),
            "worker-1": health_checks.of_worker(data / "worker-1.ready"),
        }
        stopped, found = threading.Event(), dict[str, list[float]]()
        works: list[Callable[[], None]] = [
            *(lambda n=n, sign=sign: ask(n, sign, stopped, found) for n, sign in checks.items()),
            *[lambda: ask_long(running, stopped)] * 6,
            lambda: merge(running, stopped),
        ]
        for burner in burners:
            burner.start()
        for work in works:
            threading.Thread(target=work, daemon=True).start()
        load(running, data, export, legs)
        stopped.set()
        for burner in burners:
            burner.kill()
        print(f"load average {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores")
        for part, seconds in found.items():
            middle, slowest = statistics.median(seconds), max(seconds)
            print(f"{part}: {len(seconds)} answers, median {middle:.2f} s, slowest {slowest:.2f} s")
        hung = [watch.part.name for watch in up.watches if watch.silent_s]
        print(f"to be replaced: {', '.join(hung) or 'none'}")


if __name__ == "__main__":
    main()
