"""What every route of the listener keeps to: who asks, how often, how much, in what time; and what is answered."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
import traceback
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import StreamReader, web

from connectors.http.gates import Rates, Token, peer, wrong_secrets
from connectors.http.openapi import Trouble
from connectors.http.reading import JSON

log = logging.getLogger("callfunnel.listen")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Server": "callfunnel",
}
_LOG_EVERY_S = 60.0
PROTOCOL_LOG = logging.getLogger("callfunnel.listen.protocol")
"""aiohttp's own: it would repeat what it does not understand, secrets and numbers included."""
PROTOCOL_LOG.disabled = True


class RequestLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What one sender may do."""

    body_bytes: int = 4 << 20
    body_s: float = 15.0
    """For a body to arrive."""
    idle_s: float = 60.0
    """For the head of a request to arrive, and between two of one connection."""
    requests_per_s: float = 10_000.0
    """Of one address with one secret."""


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where it listens, and how the world calls it."""

    host: str
    port: int
    public_url: str = ""
    """Set when a proxy of this machine stands before it: what senders and browsers use."""
    tls: ssl.SSLContext | None = None

    @property
    def is_secure(self) -> bool:
        """Browsers reach it by https."""
        return self.tls is not None or self.public_url.startswith("https://")


class Guard:
    """The gate of the listener. One for all routes, in one event loop."""

    def __init__(
        self, token: Token, address: Address, limits: RequestLimits, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.token = token
        self.address = address
        self.limits = limits
        self._rates = Rates(limits.requests_per_s, clock)
        self._wrong = wrong_secrets(clock)
        self._log_rate = Rates(1 / _LOG_EVERY_S, clock, burst=1)
        self.on_login: Callable[[bool, str], None] = lambda done, who: None
        """Told whether who (an address) was let in to the page."""

    def peer(self, request: web.Request) -> str:
        forwarded = request.headers.get("X-Forwarded-For", "")
        return peer(request.remote or "", forwarded, bool(self.address.public_url))

    def url(self, request: web.Request) -> str:
        """The address as its sender wrote it."""
        if self.address.public_url:
            return self.address.public_url.rstrip("/") + request.raw_path
        return f"{request.scheme}://{request.host}{request.raw_path}"

    def admit(self, request: web.Request) -> None:
        """Let pass who has the token, and not too often. Raises the answer for others."""
        if not self.token.is_in(request.headers.get("Authorization", "")):
            raise self.refused(
                request, 401, "give the token: Authorization: Bearer ..., or as the password of any user"
            )
        self.count(request, "")

    def count(self, request: web.Request, what: str) -> None:
        if wait_s := self._rates.wait_s(f"{self.peer(request)} {what}"):
            raise Problem(429, "too many requests", wait_s)

    def refused(self, request: web.Request, status: int, why: str) -> Problem:
        """The answer to a request without its secret; logged now and then, without anything of it but its address."""
        who = self.peer(request)
        if not self._log_rate.wait_s(who):
            log.warning("http: refused a request of %s to %s: %s", who, route_of(request), why)
        if wait_s := self._wrong.wait_s(who):
            return Problem(429, "too many refused requests", wait_s)
        return Problem(status, why)

    async def body(self, request: web.Request, most: int = 0) -> bytes:
        """The whole body, of `most` bytes. Raises the answer when it is too large, too slow, or broken."""
        most = min(most or self.limits.body_bytes, self.limits.body_bytes)
        if (request.content_length or 0) > most:
            raise _too_large(most)
        content = request.content
        try:
            if content.is_eof():  # it came with its head: nothing to wait for, and no clock to set
                body = content.read_nowait()
                if len(body) > most:
                    raise _too_large(most)
                return body
            async with asyncio.timeout(self.limits.body_s):
                return await _received(content, most)
        except TimeoutError:
            raise Problem(408, f"the body did not arrive within {self.limits.body_s:.0f} s") from None
        except (web.RequestPayloadError, ConnectionError, ValueError):
            raise Problem(400, "the body is broken") from None


async def _received(content: StreamReader, most: int) -> bytes:
    pieces: list[bytes] = []
    left = most
    while piece := await content.readany():
        pieces.append(piece)
        if (left := left - len(piece)) < 0:
            raise _too_large(most)
    return b"".join(pieces)


def _too_large(most: int) -> Problem:
    return Problem(413, f"a body may have {most:,} bytes: send it in parts")


class Problem(Exception):
    """An answer that takes nothing."""

    def __init__(self, status: int, message: str, retry_after_s: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = {"Retry-After": str(retry_after_s)} if retry_after_s else {}
        if status == 401:
            self.headers["WWW-Authenticate"] = 'Bearer realm="callfunnel", Basic realm="callfunnel"'

    def response(self) -> web.Response:
        response = answer(Trouble(self.message), self.status)
        response.headers.update(self.headers)
        return response


def answer(value: object, status: int = 200) -> web.Response:
    return web.Response(status=status, body=msgspec.json.encode(value), content_type=JSON)


def route_of(request: web.Request) -> str:
    """The path of the route that was asked for, never what the sender filled in."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "no route"


@web.middleware
async def careful(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every answer has our headers and is JSON where it is an error; an error of ours tells nothing of the request."""
    try:
        response = await handler(request)
    except Problem as known:
        response = known.response()
    except web.HTTPException as error:
        response = error if error.status < 400 else _plain(error).response()
    except Exception as error:  # the sender is told to come again; a message may hold what was posted: only its place
        where = "".join(traceback.format_tb(error.__traceback__))
        log.error("http: %s: an internal error: %s\n%s", route_of(request), type(error).__name__, where)
        response = Problem(500, "an internal error: see the listener's log").response()
    for name, text in _HEADERS.items():
        response.headers.setdefault(name, text)
    return response


def _plain(error: web.HTTPException) -> Problem:
    """aiohttp's own error in our form."""
    if isinstance(error, web.HTTPMethodNotAllowed):
        ours = Problem(405, f"{error.method} is not served here")
        ours.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
        return ours
    return Problem(error.status, error.reason)
