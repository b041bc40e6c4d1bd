"""The store as a process of its own: `python -m pipeline.embedded.store_server --data DIR --port N`.

Passwords come from CALLFUNNEL_STORE_PASSWORD and CALLFUNNEL_STORE_READER_PASSWORD.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from pathlib import Path

os.environ["TZ"] = "UTC"  # the engine's zone comes from here; before it is loaded

import click
from aiohttp import web

from connectors.http.crowd import BACKLOG
from pipeline.embedded.engine import Engine, Limits
from pipeline.embedded.http_front import Front, Users
from pipeline.embedded.store_books import StoreBooks


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Folder of the database.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=int, default=8123, show_default=True)
@click.option("--max-body-mb", type=int, default=256, show_default=True, help="Largest request body.")
@click.option("--max-memory-mb", type=int, default=600, show_default=True, help="Memory of one query.")
@click.option("--max-seconds", type=int, default=60, show_default=True, help="Time of one query of the reader.")
def main(data: Path, host: str, port: int, max_body_mb: int, max_memory_mb: int, max_seconds: int) -> None:
    """Serve the embedded ClickHouse engine over HTTP until SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    users = Users(
        os.environ.get("CALLFUNNEL_STORE_PASSWORD", ""), os.environ.get("CALLFUNNEL_STORE_READER_PASSWORD", "")
    )
    if not users.writer or not users.reader:
        raise click.UsageError("set CALLFUNNEL_STORE_PASSWORD and CALLFUNNEL_STORE_READER_PASSWORD")
    limits = Limits(memory_bytes=max_memory_mb * 1_000_000, reader_time_s=max_seconds)
    engine = Engine(data, limits)
    front = Front(engine, users, most_body_bytes=max_body_mb << 20, threads=limits.writers + limits.readers)
    try:
        with StoreBooks(engine):
            asyncio.run(_serve(front, host, port))
    finally:
        engine.close()


async def _serve(front: Front, host: str, port: int) -> None:
    runner = web.AppRunner(front.application(), access_log=None, shutdown_timeout=30)
    await runner.setup()
    await web.TCPSite(runner, host, port, backlog=BACKLOG).start()
    logging.info("store: listening at %s:%d", host, port)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with front.crowd.kept(runner):
        await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    main()
