"""One account's HTTP: one host, TLS verified, no redirects, every wait bounded, and no secret in any message.

aiohttp, because it is here already for what is served and asked elsewhere: a second HTTP library would be a second set
of TLS settings, timeouts and security notices. Its loop belongs to the puller's thread, which asks one thing at a time.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from types import TracebackType

import aiohttp
from yarl import URL

from connectors.api.adapter import Account, ApiRequest, ApiResponse
from connectors.api.transport import Host, Stopping, host_of
from connectors.api.wire import WireRequest, on_wire
from schemas.errors import Terminal
from schemas.http_errors import http_errors

MOST_BYTES = 64 << 20
"""Of one answer; a page of any vendor is below a megabyte or two."""
_CONNECT_S, _ANSWER_S = 20.0, 90.0
"""Bitrix24 cuts a request off after 60 s; nothing comes after that."""
_LOOK_S = 0.2


class HttpTransport:
    """Use as a context, in one thread."""

    def __init__(self, host: Host, stopping: Callable[[], bool], *, answer_s: float = _ANSWER_S) -> None:
        self._host = host
        self._stopping = stopping
        self._answer_s = answer_s
        self._runner = asyncio.Runner()
        self._session: aiohttp.ClientSession | None = None

    def __enter__(self) -> HttpTransport:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            self._runner.run(self._session.close())
        self._runner.close()

    def send(self, account: Account, request: ApiRequest) -> ApiResponse:
        """Raises Transient when no whole answer comes, Terminal for a certificate or another host, Stopping."""
        sent = on_wire(account, request)
        if host_of(sent.address, str(self._host)) != self._host:
            raise Terminal(f"{self._host}: a request to another host was not sent")
        return self._runner.run(self._watched(sent))

    async def _watched(self, sent: WireRequest) -> ApiResponse:
        """The answer, or Stopping soon after the listener was asked to end."""
        asking = asyncio.ensure_future(self._ask(sent))
        try:
            while not (await asyncio.wait({asking}, timeout=_LOOK_S))[0]:
                if self._stopping():
                    raise Stopping
            return asking.result()
        finally:
            asking.cancel()

    async def _ask(self, sent: WireRequest) -> ApiResponse:
        address = URL(sent.address, encoded=True)
        advice = ": see that this is the vendor's host"
        with http_errors(str(self._host), self._answer_s, advice=advice):
            async with self._opened().request(
                sent.method, address, data=sent.body, headers=sent.headers, allow_redirects=False
            ) as response:
                body = bytearray()
                async for piece in response.content.iter_chunked(1 << 16):
                    body += piece
                    if len(body) > MOST_BYTES:
                        raise Terminal(f"{self._host}: an answer of more than {MOST_BYTES >> 20} MiB was not read")
                return ApiResponse(response.status, {k.lower(): v for k, v in response.headers.items()}, bytes(body))

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            tls: ssl.SSLContext | bool = True
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=tls, limit=1),
                timeout=aiohttp.ClientTimeout(total=self._answer_s, sock_connect=_CONNECT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                # A proxy of the environment is for the world outside; loopback is not behind it.
                trust_env=self._host.scheme == "https",
            )
        return self._session
