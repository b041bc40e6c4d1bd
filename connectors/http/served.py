"""One port, served: its connections are tended, and what is being answered is finished in the end."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from connectors.http.crowd import BACKLOG, Crowd
from connectors.http.serving import Address
from schemas.errors import Terminal

_LOG = logging.getLogger("aiohttp.server")


@asynccontextmanager
async def served(
    application: web.Application,
    crowd: Crowd,
    address: Address,
    *,
    drain_s: float,
    keepalive_s: float | None = None,
    logger: logging.Logger = _LOG,
) -> AsyncIterator[str]:
    """Serve meanwhile; gives the address as people write it. Raises Terminal when it cannot be had."""
    kept: dict[str, Any] = {} if keepalive_s is None else {"keepalive_timeout": keepalive_s}
    runner = web.AppRunner(application, access_log=None, logger=logger, shutdown_timeout=drain_s, **kept)
    await runner.setup()
    try:
        listens_at = await _listen(runner, address)
        async with crowd.kept(runner):
            yield listens_at
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, address: Address) -> str:
    """The address as people write it, once it is listened at. Raises Terminal when it cannot be had."""
    site = web.TCPSite(runner, address.host, address.port, backlog=BACKLOG, ssl_context=address.tls)
    try:
        await site.start()
    except OSError as error:
        raise Terminal(f"port {address.port} of {address.host}: {error.strerror}: give another --port") from None
    port = runner.addresses[0][1]
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{'https' if address.tls else 'http'}://{host}:{port}"
