"""Calls over HTTP until Kafka has them: `python -m bench.http_ingest [CALLS]`.

A listener as `callfunnel listen http` is, on an embedded broker; clients keep their connections and wait for answers.
Figures are calls a second by the clock, and by the listener's CPU alone, since clients and broker share the machine.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import psutil

from bench import stack
from bench.stack import cpu_s, resident_mb
from pipeline.embedded.ports import free_port
from pipeline.endpoints import Running

_TOKEN = "a token for measuring only"
_BATCH = 500


@contextmanager
def listener(running: Running, folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """A listener process and its address."""
    log = folder / "http.log"
    port = free_port(0, "")
    env = {"CALLFUNNEL_KAFKA": running.kafka, "CALLFUNNEL_CLICKHOUSE": running.clickhouse, "PATH": "/usr/bin:/bin"}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", "listen", "http", "--port", str(port), "--rate", "1000000"],
            env={**env, "CALLFUNNEL_HTTP_TOKEN": _TOKEN, "PYTHONPATH": os.getcwd()}, cwd=folder, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        until = time.monotonic() + 30
        while not (found := re.search(r"listens at (\S+)", log.read_text())):
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(log.read_text())
            time.sleep(0.02)
        yield found[1], psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def call(number: int) -> bytes:
    return msgspec.json.encode(
        {
            "record_id": f"c{number}",
            "started_at": f"2026-11-02T{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}+03:00",
            "ended_at": f"2026-11-03T{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}+03:00",
            "direction": "outbound",
            "billsec": 50,
            "extension": str(101 + number % 40),
            "contact": f"8495{number % 10_000_000:07d}",
        }
    )


def request(host: str, kind: str, body: bytes) -> bytes:
    head = f"POST /calls HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {_TOKEN}\r\nContent-Type: {kind}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def client(host: str, port: int, requests: Sequence[bytes]) -> None:
    """One connection: a request after the answer to the one before."""
    reader, writer = await asyncio.open_connection(host, port)
    for one in requests:
        writer.write(one)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(head.decode())
        length = re.search(rb"Content-Length: (\d+)", head)
        await reader.readexactly(int(length[1]) if length else 0)
    writer.close()


async def clients(address: str, requests: Sequence[bytes], connections: int) -> float:
    """Seconds that they need for all requests."""
    where = urlsplit(address)
    shares = [requests[n::connections] for n in range(connections)]
    started = time.perf_counter()
    await asyncio.gather(*(client(str(where.hostname), where.port or 0, share) for share in shares))
    return time.perf_counter() - started


def measure(at: tuple[str, psutil.Process], what: str, requests: Sequence[bytes], calls: int, connections: int) -> None:
    address, process = at
    before = cpu_s(process)
    seconds = asyncio.run(clients(address, requests, connections))
    cpu = cpu_s(process) - before
    print(
        f"http, {what}, {connections} connections: {calls / seconds:,.0f} calls/s, {calls / cpu:,.0f} of the listener's"
        f" CPU, memory {resident_mb(process):.0f} MB"
    )


def main() -> None:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    bodies = [call(number) for number in range(calls)]
    with tempfile.TemporaryDirectory() as folder, stack.stack() as (_, running), listener(running, Path(folder)) as at:
        host = urlsplit(at[0]).netloc
        lines = [b"\n".join(bodies[n : n + _BATCH]) for n in range(0, calls, _BATCH)]
        batches = [request(host, "application/x-ndjson", body) for body in lines]
        measure(at, f"{_BATCH} a post", batches, calls, 4)
        singles = [request(host, "application/json", body) for body in bodies]
        for connections in (1, 16, 64):
            share = singles[: len(singles) // 20] if connections == 1 else singles
            measure(at, "a call a post", share, len(share), connections)


if __name__ == "__main__":
    main()
