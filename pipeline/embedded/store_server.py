"""The store as a process of its own: `python -m pipeline.embedded.store_server --data DIR --port N`.

Passwords come from CALLFUNNEL_STORE_PASSWORD (user callfunnel), CALLFUNNEL_STORE_READER_PASSWORD (reader), and
CALLFUNNEL_STORE_INNER_PASSWORD (board, marks, report and supervisor, whom nobody else may be).
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Mapping
from pathlib import Path

os.environ["TZ"] = "UTC"  # the engine's zone comes from here; before it is loaded

import click
import msgspec
from aiohttp import web

from connectors.http.crowd import BACKLOG
from pipeline.backup.snapshot import drop
from pipeline.embedded.engine import LIMITS, Engine, EngineLimits
from pipeline.embedded.http_front import Front, Users
from pipeline.embedded.store_ledger import StoreLedger

_PASSWORDS = ("PASSWORD", "READER_PASSWORD", "INNER_PASSWORD")


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Folder of the database.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=int, default=8123, show_default=True)
@click.option("--max-body-mb", type=int, default=256, show_default=True, help="Largest request body.")
@click.option("--max-memory-mb", type=int, default=600, show_default=True, help="Memory of one query, at most.")
@click.option("--max-seconds", type=int, default=60, show_default=True, help="Time of one query that reads, at most.")
@click.option("--max-waiting", type=int, default=200, show_default=True, help="Queries of a user that wait, at most.")
def main(
    data: Path, host: str, port: int, max_body_mb: int, max_memory_mb: int, max_seconds: int, max_waiting: int
) -> None:
    """Serve the embedded ClickHouse engine over HTTP until SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    writer, reader, inner = (os.environ.get(f"CALLFUNNEL_STORE_{name}", "") for name in _PASSWORDS)
    if not writer or not reader:
        raise click.UsageError("set CALLFUNNEL_STORE_PASSWORD and CALLFUNNEL_STORE_READER_PASSWORD")
    inner_users = dict.fromkeys(("board", "marks", "report", "supervisor"), inner)
    users = Users({"callfunnel": writer, "reader": reader, **inner_users})
    limits = {
        user: msgspec.structs.replace(
            of,
            memory_bytes=min(of.memory_bytes, max_memory_mb * 1_000_000),
            time_s=of.time_s if of.may_write else min(of.time_s, max_seconds),
            waiting=min(of.waiting, max_waiting),
        )
        for user, of in LIMITS.items()
    }
    os.umask(0o077)  # the engine's files are its owner's, backups too
    engine = Engine(data)
    leftover = engine.unlimited()
    drop(lambda sql: leftover.query(sql, "JSONEachRow", {}, {}))  # of a backup that died
    try:
        with StoreLedger(engine):
            asyncio.run(_serve(engine, users, limits, max_body_mb << 20, host, port))
    finally:
        engine.close()


async def _serve(
    engine: Engine, users: Users, limits: Mapping[str, EngineLimits], most_body_bytes: int, host: str, port: int
) -> None:
    front = Front(engine, users, limits, most_body_bytes=most_body_bytes)
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
    front.close()


if __name__ == "__main__":
    main()
