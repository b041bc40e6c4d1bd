"""The listener: posted records, webhooks, and pages that others add, in one event loop of a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from aiohttp import web

from connectors.http import openapi
from connectors.http.banner import hide
from connectors.http.crowd import Crowd
from connectors.http.openapi import Reject, Taken
from connectors.http.reading import JSON, LINES, ROUTES, Contexts, Route
from connectors.http.request_delivery import NotTaken, RequestDelivery
from connectors.http.served import served
from connectors.http.serving import PROTOCOL_LOG, Guard, Problem, answer, careful
from connectors.http.webhook import Answered, Incoming, Webhook, WebhookRefused
from connectors.live.delivery_queue import DeliveryQueue
from connectors.reading.source import Context
from schemas.records import Record, Rejected

_LOOK_S = 0.1
_DRAIN_S = 25.0
"""How long requests that have come may take when the listener is asked to end: longer than the disk is waited for."""
_COME_AGAIN_S = 5
_HOOK_BYTES = 1 << 20
"""Of a webhook's body, which is read before anybody knows whose it is."""


class Hooked(NamedTuple):
    """A webhook of one exchange."""

    hook: Webhook
    source: str
    secret: str
    context: Callable[[], Context]
    sink: RequestDelivery
    mark: Callable[[Sequence[str]], None] = lambda _: None
    """Tells the puller of the same source which streams have changed. May block on a disk; never raises."""

    @property
    def path(self) -> str:
        return f"/webhooks/{self.hook.kind}/{self.source}"


class HttpListener:
    """The `Listener` of the generic feed; it serves those of the webhooks too."""

    def __init__(
        self,
        guard: Guard,
        sink: RequestDelivery,
        contexts: Contexts,
        hooks: Sequence[Hooked] = (),
        pages: Sequence[Callable[[web.Application], None]] = (),
        ready: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`pages` add routes of their own; `ready` is told the address that is listened at."""
        self._guard = guard
        self._sink = sink
        self._contexts = contexts
        self._hooks = hooks
        self._pages = pages
        self._ready = ready
        self._description = openapi.text()
        self.crowd = Crowd(guard.limits.idle_s)

    def run(self, queue: DeliveryQueue) -> None:
        """Until asked to end; requests that have come are answered. Raises Terminal when the port cannot be had."""
        try:
            asyncio.run(self._serve(queue))
        finally:
            for sink in self._sinks:
                sink.close()

    @property
    def _sinks(self) -> list[RequestDelivery]:
        return [self._sink, *(hooked.sink for hooked in self._hooks)]

    async def _serve(self, queue: DeliveryQueue) -> None:
        limits = self._guard.limits
        async with served(
            self.application(),
            self.crowd,
            self._guard.address,
            drain_s=_DRAIN_S,
            keepalive_s=limits.idle_s,
            logger=PROTOCOL_LOG,
        ) as listens_at:
            self._ready(listens_at)
            for sink in self._sinks:
                sink.listens()
            while not queue.stopping.is_set():
                await asyncio.sleep(_LOOK_S)

    def application(self) -> web.Application:
        hide()
        application = web.Application(middlewares=[self.crowd.counted, careful])
        for route in ROUTES:
            application.router.add_post(route.path, self._posting(route))
        application.router.add_get("/ping", self._ping)
        application.router.add_get("/openapi.json", self._describe)
        for hooked in self._hooks:
            for method in ("GET", "POST"):
                application.router.add_route(method, f"{hooked.path}{{tail:(/[^{{}}]*)?}}", self._hooking(hooked))
        for add in self._pages:
            add(application)
        return application

    async def _ping(self, request: web.Request) -> web.Response:
        self._guard.admit(request)
        self._sink.queue.seen()
        return answer({"listens": True})

    async def _describe(self, request: web.Request) -> web.Response:
        self._guard.admit(request)
        return web.Response(body=self._description, content_type=JSON)

    def _posting(self, route: Route[Any]) -> Callable[[web.Request], Any]:
        async def post(request: web.Request) -> web.Response:
            self._guard.admit(request)
            content_type = request.content_type
            if content_type != JSON and content_type not in LINES:
                raise Problem(415, f"Content-Type must be {JSON}, or {LINES[0]} for an object a line")
            body = await self._guard.body(request)
            if not body or body.isspace():
                raise Problem(400, "the body is empty")
            items = route.read(body, content_type != JSON, self._contexts)
            await _put(self._sink, [item.record for item in items])
            rejects = [
                Reject(position, record.reason, record.field, record.detail)
                for position, record in items
                if isinstance(record, Rejected)
            ]
            taken = Taken(len(items) - len(rejects), len(rejects), rejects)
            return answer(taken, 422 if rejects and not taken.accepted else 200)

        return post

    def _hooking(self, hooked: Hooked) -> Callable[[web.Request], Any]:
        async def receive(request: web.Request) -> web.Response:
            body = await self._guard.body(request, _HOOK_BYTES)
            headers = {name.lower(): text for name, text in request.headers.items()}
            incoming = Incoming(
                request.method, self._guard.url(request), request.query, headers, body, request.match_info["tail"]
            )
            found = hooked.hook.answer(incoming, hooked.secret, hooked.context())
            if isinstance(found, WebhookRefused):
                if found.status in (401, 403):
                    raise self._guard.refused(request, found.status, found.why)
                raise Problem(found.status, found.why)
            self._guard.count(request, hooked.path)
            await _put(hooked.sink, found.items)
            if found.changed:
                await asyncio.to_thread(hooked.mark, found.changed)
            return _response(found)

        return receive


def _response(found: Answered) -> web.Response:
    return web.Response(text=found.body, content_type=found.content_type)


async def _put(sink: RequestDelivery, items: Sequence[Record | Rejected]) -> None:
    try:
        await sink.put(items)
    except NotTaken as why:
        raise Problem(503, f"{why}: send it again, what is sent twice counts once", _COME_AGAIN_S) from None
