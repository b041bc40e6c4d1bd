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
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import psutil

from bench import stack
from bench.stack import cpu_s, resident_mb
from pipeline.embedded.ports import free_port
from pipeline.endpoints import Running

TOKEN = "a token for measuring only"
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
            env={**env, "CALLFUNNEL_HTTP_TOKEN": TOKEN, "PYTHONPATH": os.getcwd()}, cwd=folder, stdout=out, stderr=out,
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
    head = f"POST /calls HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: {kind}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class _Client(asyncio.Protocol):
    """One connection: a request after the answer to the one before. Bytes only: it takes the listener's cores."""

    def __init__(self, requests: Sequence[bytes], ended: asyncio.Future[None]) -> None:
        self._requests = iter(requests)
        self._ended = ended
        self._transport: asyncio.WriteTransport | None = None
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        answer = self._unread + data
        if not answer.endswith(b"}"):  # of the body's one object, whose rejects would be seen first
            self._unread = answer
            return
        self._unread = b""
        if not answer.startswith(b"HTTP/1.1 200") or b'"rejected":0' not in answer:
            self._end(SystemExit(answer.decode()))
            return
        self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        self._end(SystemExit(f"the listener closed a connection: {error}"))

    def _ask(self) -> None:
        request = next(self._requests, None)
        assert self._transport is not None
        if request is None:
            self._end(None)
            self._transport.close()
        else:
            self._transport.write(request)

    def _end(self, error: SystemExit | None) -> None:
        if self._ended.done():
            return
        if error is None:
            self._ended.set_result(None)
        else:
            self._ended.set_exception(error)


async def clients(address: str, requests: Sequence[bytes], connections: int) -> float:
    """Seconds that they need for all requests."""
    where = urlsplit(address)
    loop = asyncio.get_running_loop()
    ended: list[asyncio.Future[None]] = [loop.create_future() for _ in range(connections)]
    started = time.perf_counter()
    for number, end in enumerate(ended):
        client = partial(_Client, requests[number::connections], end)
        await loop.create_connection(client, str(where.hostname), where.port or 0)
    await asyncio.gather(*ended)
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
