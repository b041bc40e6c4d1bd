"""The TCP listener: lines of calls, from exchanges that connect to us or that we connect to."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

import msgspec

from connectors.live.backoff import Backoff
from connectors.live.checkpoint import Checkpoint
from connectors.live.delivery_queue import DeliveryQueue, moment
from connectors.tcp.lines import Lines, ReceivedLine
from connectors.tcp.source import LineSource
from schemas.errors import Terminal
from schemas.records import FeedState

_READ_BYTES = 65_536
_TICK_S = 0.2
_ALIVE_EVERY = timedelta(seconds=10)
_CONNECT_S = 10.0
_QUIET_S, _ASK_EVERY_S, _ASKED = 30, 10, 3
GONE_S = _QUIET_S + _ASK_EVERY_S * _ASKED
"""The protocol asks for nothing, so that only TCP can tell a quiet exchange from one that is gone."""
MOST_CONNECTIONS = 32
_MOST_STRANGERS = 100

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Listen(NamedTuple):
    """Wait for exchanges at an address. Who is not in `allowed` is turned away: these protocols know no login."""

    host: str
    port: int
    allowed: tuple[Network, ...]


class Connect(NamedTuple):
    """Go to an exchange that waits at an address."""

    host: str
    port: int


class TcpCheckpoint(msgspec.Struct, frozen=True):
    """The checkpoint: up to `at` the listener was open, and every line of it is in the journal."""

    at: datetime


class TcpListener:
    """Reads one profile's lines. These protocols repeat nothing, so a time without the listener is a gap."""

    def __init__(
        self,
        where: Listen | Connect,
        source: LineSource,
        checkpoint: Checkpoint[TcpCheckpoint],
        *,
        backoff: Backoff | None = None,
        bound: Callable[[int], None] = lambda port: None,
    ) -> None:
        """`bound` is told the port, once it is listened on."""
        self._where = where
        self._source = source
        self._checkpoint = checkpoint
        self._backoff = backoff or Backoff()
        self._bound = bound
        self._alive: datetime | None = None
        self._written: datetime | None = None
        self._open: dict[asyncio.StreamWriter, float] = {}
        """Connections, and when each said something last."""
        self._strangers: set[str] = set()
        self._failure: Exception | None = None
        self._advice = ""

    def run(self, queue: DeliveryQueue) -> None:
        written = self._checkpoint.read()
        self._alive = written.at if written else None
        asyncio.run(self._main(queue))

    async def _main(self, queue: DeliveryQueue) -> None:
        if isinstance(self._where, Listen):
            await self._listen(queue, self._where)
        else:
            await self._connect(queue, self._where)
        if self._failure is not None:
            raise self._failure

    async def _listen(self, queue: DeliveryQueue, where: Listen) -> None:
        try:
            server = await asyncio.start_server(partial(self._client, queue, where), where.host, where.port)
        except OSError as error:
            raise Terminal(f"{where.host}:{where.port}: cannot be listened on: {error.strerror or error}") from None
        async with server:
            self._bound(server.sockets[0].getsockname()[1])
            await self._begins(queue)
            while not self._ends(queue):
                await asyncio.sleep(_TICK_S)
                await self._lives(queue)
            server.close()
            await self._lives(queue, last=True)
            for writer in list(self._open):
                writer.close()

    async def _client(
        self, queue: DeliveryQueue, where: Listen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """One exchange's connection. A client that never sends keeps its place only while there are others."""
        name = writer.get_extra_info("peername")
        peer = str(name[0]) if name else ""
        try:
            if not peer:
                return  # it was gone before it was looked at
            if not is_allowed(peer, where.allowed):
                self._turn_away(queue, peer)
                return
            if len(self._open) >= MOST_CONNECTIONS:
                min(self._open, key=lambda one: self._open[one]).close()
            await self._read(queue, reader, writer, peer)
        except OSError:
            pass  # it is gone: what it said before was taken
        finally:
            self._open.pop(writer, None)
            writer.close()

    async def _connect(self, queue: DeliveryQueue, where: Connect) -> None:
        while not self._ends(queue):
            try:
                opening = asyncio.open_connection(where.host, where.port)
                reader, writer = await asyncio.wait_for(opening, _CONNECT_S)
            except (OSError, TimeoutError) as error:
                await self._away(queue, where, str(getattr(error, "strerror", None) or "no answer"))
                continue
            self._backoff.succeeded()
            await self._begins(queue)
            reading = asyncio.ensure_future(self._read(queue, reader, writer, where.host))
            while not self._ends(queue) and not reading.done():
                await asyncio.wait({reading}, timeout=_TICK_S)
                queue.seen()
                await self._lives(queue)
            lost = reading.done()
            writer.close()
            with contextlib.suppress(OSError):
                await reading
            if not lost:
                await self._lives(queue, last=True)
            elif not self._ends(queue):
                await self._away(queue, where, "the exchange closed the connection")

    async def _away(self, queue: DeliveryQueue, where: Connect, why: str) -> None:
        queue.state(FeedState.AWAY, f"{where.host}:{where.port}: {why}")
        await asyncio.to_thread(queue.wait, self._backoff.next_s())

    async def _read(
        self, queue: DeliveryQueue, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: str
    ) -> None:
        """Deliver what a connection says, until it is closed. It is read no faster than it can be kept."""
        if (raw := writer.get_extra_info("socket")) is not None:
            keep_alive(raw)
        loop = asyncio.get_running_loop()
        self._open[writer] = loop.time()
        lines = Lines()
        try:
            while data := await reader.read(_READ_BYTES):
                self._open[writer] = loop.time()
                await self._take(queue, lines.feed(data), peer)
        finally:
            self._open.pop(writer, None)
            await self._take(queue, lines.end(), peer)

    async def _take(self, queue: DeliveryQueue, lines: Sequence[ReceivedLine], peer: str) -> None:
        if not lines or self._failure is not None:
            return
        try:
            items = self._source.items(lines, peer)
        except Exception as failure:  # a bug: it ends the listener, and is told there
            self._failure = failure
            return
        if self._source.advice != self._advice:
            self._advice = self._source.advice
            queue.state(FeedState.LIVE, self._advice)
        await asyncio.to_thread(queue.deliver, items)

    async def _begins(self, queue: DeliveryQueue) -> None:
        """The listener is open from now on."""
        now = moment(queue.clock())
        if self._alive is not None:
            gap = queue.gap(self._alive, now, "the listener was closed: lines of calls that ended then may be lost")
            await asyncio.to_thread(queue.deliver, [gap])
        self._alive = now
        queue.state(FeedState.LIVE)

    async def _lives(self, queue: DeliveryQueue, *, last: bool = False) -> None:
        """The listener is open, and everything was taken up to now."""
        if self._failure is not None:
            return
        self._alive = at = moment(queue.clock())
        if last or self._written is None or at - self._written >= _ALIVE_EVERY:
            self._written = at
            await asyncio.to_thread(queue.deliver, [], partial(self._checkpoint.write, TcpCheckpoint(at)))

    def _turn_away(self, queue: DeliveryQueue, peer: str) -> None:
        """Told once of each: whoever scans the internet finds such ports."""
        if peer not in self._strangers and len(self._strangers) < _MOST_STRANGERS:
            self._strangers.add(peer)
            queue.state(FeedState.LIVE, f"{peer} was turned away: if it is the exchange, add --allow {peer}")

    def _ends(self, queue: DeliveryQueue) -> bool:
        return queue.stopping.is_set() or self._failure is not None


def keep_alive(connection: socket.socket) -> None:
    """Ask a quiet exchange whether it is there: one whose packets are lost is known to be gone `GONE_S` later."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _QUIET_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _ASK_EVERY_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _ASKED)


def is_allowed(peer: str, allowed: Sequence[Network]) -> bool:
    """Whether an address is in one of the networks; an IPv4 address in IPv6 clothes is itself."""
    address = ipaddress.ip_address(peer.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in allowed)
