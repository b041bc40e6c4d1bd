"""A fake vendor behind a real HTTP server on loopback, in a thread of its own."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime

from aiohttp import web

Handle = Callable[[str, str, str, dict[str, str], bytes], tuple[int, bytes]]
"""(method, path, query, headers, body) to (status, body)."""


@contextmanager
def served_by(handle: Handle, clock: Callable[[], datetime], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Its address without a path."""

    async def respond(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        query = request.raw_path.partition("?")[2]
        status, raw = handle(request.method, request.path, query, dict(request.headers), body)
        date = format_datetime(clock().astimezone(UTC), usegmt=True)
        return web.Response(status=status, body=raw, headers={"Content-Type": "application/json", "Date": date})

    loop = asyncio.new_event_loop()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", respond)
    runner = web.AppRunner(app, access_log=None)

    async def start() -> int:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        return int(runner.addresses[0][1])

    port = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield f"http{'' if tls is None else 's'}://127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(runner.cleanup())
        loop.close()
