"""A listener on a free port whose broker is a list, and a client that knows nothing of it but its address."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from aiohttp import web

from connectors.http.gates import Token
from connectors.http.listener import Hooked, HttpListener
from connectors.http.request_delivery import RequestDelivery
from connectors.http.serving import Address, Guard, RequestLimits
from connectors.live.delivery_queue import DeliveryQueue
from connectors.reading.source import Context
from connectors.registry import HOOKS
from tests.connectors.conftest import context
from tests.connectors.live.sinks import Broker, run_listener, until

TOKEN = "correct horse battery"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
JSON = {"Content-Type": "application/json"}


class HttpAnswer(NamedTuple):
    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Listener(NamedTuple):
    address: str
    line: DeliveryQueue
    broker: Broker
    ended: threading.Event

    def ask(
        self, method: str, path: str, body: bytes | str = b"", headers: Mapping[str, str] = BEARER, timeout: float = 60
    ) -> HttpAnswer:
        where = urlsplit(self.address)
        connection = http.client.HTTPConnection(str(where.hostname), where.port or 0, timeout=timeout)
        try:
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            return HttpAnswer(response.status, response.read(), dict(response.getheaders()))
        finally:
            connection.close()

    def post(self, path: str, value: object, headers: Mapping[str, str] = BEARER) -> HttpAnswer:
        return self.ask("POST", path, json.dumps(value), {**JSON, **headers})


def context_of(source: str) -> Context:
    """UTC, so that nothing of a record is left to a zone."""
    one = context("UTC")
    return one if not source else _named(one, source)


def _named(one: Context, source: str) -> Context:
    return Context(**{**{name: getattr(one, name) for name in one.__struct_fields__}, "source": source})


@contextmanager
def listening(
    broker: Broker | None = None,
    limits: RequestLimits | None = None,
    hooks: Sequence[tuple[str, str]] = (),
    pages: Sequence[Callable[[web.Application], None]] = (),
    public_url: str = "",
    clock: Callable[[], float] = time.monotonic,
    journal: Path | None = None,
    mark: Callable[[Sequence[str]], None] = lambda _: None,
) -> Iterator[Listener]:
    """`hooks` are (kind, secret); each is at /webhooks/KIND/cloud, and calls `mark` for its puller.

    `clock` is of those who come too often.
    """
    broker = broker or Broker()
    line = DeliveryQueue("office", "http", "session-1")
    at: list[str] = []
    address = Address(host="127.0.0.1", port=0, public_url=public_url)
    guard = Guard(Token(TOKEN, "T"), address, limits or RequestLimits(), clock)
    hooked = [
        Hooked(
            HOOKS[kind],
            "cloud",
            secret,
            lambda: context_of("cloud"),
            RequestDelivery(DeliveryQueue("cloud", kind, "session-2")),
            mark,
        )
        for kind, secret in hooks
    ]
    door = HttpListener(guard, RequestDelivery(line), context_of, hooked, pages, at.append)
    ended = threading.Event()

    def run() -> None:
        beside = [(one.sink.queue, one.sink) for one in hooked]
        run_listener(line, broker, door, beside=beside, journal=journal, heartbeat_s=0.5)
        ended.set()

    running = threading.Thread(target=run)
    running.start()
    try:
        until(lambda: at)
        yield Listener(at[0], line, broker, ended)
    finally:
        broker.away = False
        line.stopping.set()
        broker.stores = True
        running.join()


def call(number: int = 1, **more: object) -> dict[str, object]:
    """An answered outbound call, as its sender posts it."""
    return {
        "record_id": f"c{number}",
        "started_at": "2026-11-02T09:00:00+03:00",
        "ended_at": "2026-11-02T09:01:00+03:00",
        "direction": "outbound",
        "billsec": 50,
        "extension": "101",
        "contact": "8 (495) 000-00-01",
        **more,
    }
