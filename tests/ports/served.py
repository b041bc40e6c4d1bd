"""The three HTTP ports (store, board page, listener) on free ports of one event loop, and a client of raw bytes."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, cast

from aiohttp import web

from connectors.http.crowd import BACKLOG, Crowd
from connectors.http.gates import Token
from connectors.http.listener import HttpListener
from connectors.http.request_delivery import RequestDelivery
from connectors.http.serving import PROTOCOL_LOG, Address, Guard, RequestLimits
from connectors.live.delivery_queue import DeliveryQueue
from pipeline.embedded.engine import LIMITS, Engine, EngineLimits
from pipeline.embedded.http_front import Front, Users
from pipeline.serving.board.server import Server
from tests.connectors.http.listener import context_of
from tests.serving.board.test_server import Fake

SECRET = "correct-horse-battery"
PORTS = ("store", "board", "listener")


class Reply(NamedTuple):
    status: int
    head: str
    body: bytes


class Clock:
    """Stands still: what is slowed down stays so."""

    now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


class Served(NamedTuple):
    """One of them."""

    name: str
    port: int
    crowd: Crowd
    clock: Clock
    connections: Callable[[], int]
    """How many the server has."""

    async def ask(self, request: bytes, within_s: float = 30.0) -> Reply:
        """The answer to these bytes."""
        async with asyncio.timeout(within_s):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                text = head.decode("latin-1")
                length = [int(line[15:]) for line in text.split("\r\n") if line.lower().startswith("content-length:")]
                return Reply(int(head.split()[1]), text, await reader.readexactly(length[0] if length else 0))
            finally:
                writer.close()

    async def with_secret(self, secret: bytes, within_s: float = 30.0) -> Reply:
        """Somebody who says this is the secret."""
        credentials = base64.b64encode(b"reader:" + secret)
        lines = {
            "store": b"GET /?query=SELECT%201 HTTP/1.1\r\nHost: h\r\nAuthorization: Basic " + credentials,
            "board": b"GET /today HTTP/1.1\r\nHost: h\r\nCookie: callfunnel_board_8090=" + secret,
            "listener": b"GET /ping HTTP/1.1\r\nHost: h\r\nAuthorization: Basic " + credentials,
        }
        return await self.ask(lines[self.name] + b"\r\n\r\n", within_s)


class _Handle:
    def query(self, *_: object) -> bytes:
        return b"1\n"


class _Engine:
    """One that answers 1."""

    def open(self, _: EngineLimits) -> _Handle:
        return _Handle()


@asynccontextmanager
async def served(name: str, most: int = 0) -> AsyncIterator[Served]:
    """Serve one as its command does. `most` connections, 0 for what fits."""
    clock = Clock()
    application, crowd = _application(name, clock)
    if most:
        crowd.most = most
    runner = web.AppRunner(application, access_log=None, logger=PROTOCOL_LOG, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=BACKLOG).start()
        async with crowd.kept(runner):
            yield Served(name, runner.addresses[0][1], crowd, clock, lambda: _connections(runner))
    finally:
        await runner.cleanup()


def _connections(runner: web.AppRunner) -> int:
    return 0 if runner.server is None else len(runner.server.connections)


def _application(name: str, clock: Clock) -> tuple[web.Application, Crowd]:
    if name == "store":
        engine = cast(Engine, _Engine())
        users = Users({"callfunnel": f"w-{SECRET}", "reader": SECRET})
        limits = {user: LIMITS[user] for user in ("callfunnel", "reader")}
        front = Front(engine, users, limits, most_body_bytes=1 << 20, clock=clock)
        return front.application(), front.crowd
    if name == "board":
        server = Server(Fake(), SECRET, 8090, monotonic=clock)
        return server.application(), server.crowd
    guard = Guard(Token(SECRET, "T"), Address(host="127.0.0.1", port=0), RequestLimits(), clock)
    door = HttpListener(guard, RequestDelivery(DeliveryQueue("office", "http", "s1")), context_of)
    return door.application(), door.crowd


def run_story(story: Callable[[], Awaitable[Any]]) -> None:
    asyncio.run(cast(Any, story()))
