"""How each HTTP port answers a good client beside 1,000 slow and 10,000 idle connections: `python -m bench.crowds`.

The server is a process of its own, as in the product. It needs some 12,000 open files in each of the two processes.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time

import click

from connectors.http.crowd import room
from pipeline.embedded.part import resident_bytes
from tests.ports.served import PORTS, SECRET, Clock, Served, served
from tests.ports.test_crowds import close, opened

_REQUESTS = 20


@click.command()
@click.option("--idle", default=10_000, show_default=True)
@click.option("--slow", default=1_000, show_default=True)
@click.option("--serve", default="", hidden=True)
def main(idle: int, slow: int, serve: str) -> None:
    """Print a line for each port: median and worst answer in ms, and the server's memory before and with them."""
    if serve:
        asyncio.run(_serve(serve))
        return
    room()
    for name in PORTS:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.crowds", "--serve", name], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline())
            click.echo(asyncio.run(_measure(name, port, process.pid, idle, slow)))
        finally:
            process.communicate()


async def _serve(name: str) -> None:
    async with served(name) as one:
        print(one.port, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def _measure(name: str, port: int, pid: int, idle: int, slow: int) -> str:
    async with served(name) as other:  # for its shape alone
        one = Served(name, port, other.crowd, Clock(), lambda: 0)
    before = resident_bytes(pid) or 0
    crowd = await opened(one, idle, b"") + await opened(one, slow, b"POST / HTTP/1.1\r\nHost: h\r\nX-Slow: ")
    try:
        took = []
        for _ in range(_REQUESTS):
            for writer in crowd[idle:]:
                writer.write(b"x")
            began = time.monotonic()
            assert (await one.with_secret(SECRET.encode())).status == 200
            took.append(1000 * (time.monotonic() - began))
        held = resident_bytes(pid) or 0
    finally:
        close(crowd)
    return (
        f"{name}: {idle:,} idle and {slow:,} slow connections; a good client is answered in"
        f" {statistics.median(took):.0f} ms (worst {max(took):.0f}); memory {before >> 20} MB, with them"
        f" {held >> 20} MB (load {os.getloadavg()[0]:.0f})"
    )


if __name__ == "__main__":
    main()
