"""HTTP as it is: a real server on loopback, answers that are cut, redirects, silence, secrets that stay secret."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest

from connectors.api.adapter import Account, ApiRequest, ApiResponse, PullOptions, VerdictKind
from connectors.api.http_transport import HttpTransport
from connectors.api.progress import PullState
from connectors.api.puller import PullListener
from connectors.api.transport import Stopping, host_of
from connectors.bitrix24.api import Bitrix24Adapter, classify
from connectors.live.checkpoint import Checkpoint
from connectors.live.delivery_queue import DeliveryQueue
from schemas.errors import Terminal, Transient
from schemas.records import FeedState
from tests.certificates import certificate_of_localhost
from tests.connectors.api.portal import PATH, SECRET, Portal, served
from tests.connectors.conftest import context
from tests.connectors.live.sinks import Broker, run_listener, until

REQUEST = ApiRequest("/server.time.json", "server.time", body={})


def now() -> datetime:
    return datetime.now(UTC)


def transport(address: str, answer_s: float = 20.0) -> HttpTransport:
    return HttpTransport(host_of(address, "x"), lambda: False, answer_s=answer_s)


@contextmanager
def raw(reply: bytes, *, closes: bool = True, heard: list[bytes] | None = None) -> Iterator[str]:
    """A server that writes these bytes to whoever connects, and remembers what it heard."""
    listening = socket.create_server(("127.0.0.1", 0))

    clients: list[socket.socket] = []

    def serve() -> None:
        try:
            while True:
                client, _ = listening.accept()
                clients.append(client)
                data = client.recv(65_536)
                if heard is not None:
                    heard.append(data)
                client.sendall(reply)
                if closes:
                    client.close()
        except OSError:
            return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    listening.shutdown(socket.SHUT_RDWR)
    thread.join()
    for one in (listening, *clients):
        one.close()


def test_puller_over_http_delivers_and_its_log_holds_no_secret(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    portal, broker = Portal(now), Broker()
    begin_at = now() - timedelta(hours=3)
    for number in range(120):
        portal.call(begin_at + timedelta(minutes=number), 30)
    line = DeliveryQueue("b24", "api", "s1")
    caplog.set_level(logging.DEBUG)
    with served(portal) as address, transport(address) as http, Checkpoint(tmp_path, "b24", "api", PullState) as kept:
        account = Bitrix24Adapter(PullOptions()).account(f"{address}{PATH}/")
        listener = PullListener(
            Bitrix24Adapter(PullOptions()), account, http, kept, context, begin_at, wanted=["calls"]
        )
        running = threading.Thread(target=run_listener, args=(line, broker, listener))
        running.start()
        try:
            until(lambda: len(broker.legs) == 120)
        finally:
            line.stopping.set()
            running.join(60)
        state = kept.read()
    assert state is not None
    assert state.streams["calls"].done_at is not None
    assert line.heartbeat().state is FeedState.STOPPED
    assert {leg.record_id for leg in broker.legs} == {str(number + 1) for number in range(120)}
    assert SECRET not in caplog.text
    assert SECRET not in (tmp_path / "b24.api.json").read_text()


def test_clock_that_differs_from_the_servers_is_told_and_the_servers_holds(tmp_path: Path) -> None:
    portal, broker, line = Portal(now), Broker(), DeliveryQueue("b24", "api", "s1")
    portal.skew = timedelta(minutes=-7)
    with served(portal) as address, transport(address) as http, Checkpoint(tmp_path, "b24", "api", PullState) as kept:
        adapter = Bitrix24Adapter(PullOptions())
        listener = PullListener(
            adapter, adapter.account(f"{address}{PATH}"), http, kept, context, now(), wanted=["calls"]
        )
        running = threading.Thread(target=run_listener, args=(line, broker, listener))
        running.start()
        try:
            until(lambda: "this machine's clock differs from the server's by 4" in line.heartbeat().detail)
        finally:
            line.stopping.set()
            running.join(60)


@pytest.mark.parametrize(
    "reply",
    [
        b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"result": [',
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"res',
        b"nonsense",
        b"",
    ],
)
def test_answer_that_is_cut_is_asked_for_again(reply: bytes) -> None:
    with raw(reply) as address, transport(address) as http, pytest.raises(Transient) as caught:
        http.send(Account(f"{address}{PATH}"), REQUEST)
    assert SECRET not in str(caught.value)


def test_host_that_is_not_there_is_told_without_the_secret() -> None:
    with raw(b"") as address:
        pass
    with transport(address) as http, pytest.raises(Transient) as caught:
        http.send(Account(f"{address}{PATH}"), REQUEST)
    assert SECRET not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)


def test_query_and_headers_arrive_as_they_are() -> None:
    heard: list[bytes] = []
    reply = b"HTTP/1.1 204 No Content\r\n\r\n"
    query = (("filter[id][]", "1"), ("filter[id][]", "2"), ("with", "contacts,leads"))
    with raw(reply, heard=heard) as address, transport(address) as http:
        request = ApiRequest("/api/v4/leads", "v4", "GET", query)
        response = http.send(Account(address, {"Authorization": "Bearer x"}), request)
    assert (response.status, response.body) == (204, b"")
    line = unquote(heard[0].decode().partition("\r\n")[0])
    assert line == "GET /api/v4/leads?filter[id][]=1&filter[id][]=2&with=contacts,leads HTTP/1.1"
    assert b"Authorization: Bearer x\r\n" in heard[0]


def test_redirect_is_not_followed() -> None:
    reply = b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example/\r\nContent-Length: 0\r\n\r\n"
    with raw(reply) as address, transport(address) as http:
        response = http.send(Account(f"{address}{PATH}"), REQUEST)
    assert response.status == 302


def test_silence_ends_and_a_listener_that_is_asked_to_end_does_not_wait_for_it() -> None:
    with raw(b"HTTP/1.1 200 OK\r\n", closes=False) as address:
        with transport(address, answer_s=0.3) as http, pytest.raises(Transient, match="no answer within"):
            http.send(Account(f"{address}{PATH}"), REQUEST)
        began = time.monotonic()
        with HttpTransport(host_of(address, "x"), lambda: True) as http, pytest.raises(Stopping):
            http.send(Account(f"{address}{PATH}"), REQUEST)
        assert time.monotonic() - began < 30


def test_certificate_that_nobody_vouches_for_ends_it(tmp_path: Path) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate_of_localhost(tmp_path))
    wrong = pytest.raises(Terminal, match="its certificate")
    with served(Portal(now), tls) as address, transport(address) as http, wrong as caught:
        http.send(Account(f"{address}{PATH}"), REQUEST)
    assert SECRET not in str(caught.value)


def test_only_the_pinned_host_is_asked_and_http_only_on_this_machine() -> None:
    with pytest.raises(Terminal, match="shows the secret"):
        host_of(f"http://x.bitrix24.ru{PATH}", "CALLFUNNEL_BITRIX24")
    for wrong in ("ftp://x/", "x.bitrix24.ru", "https://user:pw@x/", "https://x:99999/"):
        with pytest.raises(Terminal) as caught:
            host_of(wrong + SECRET, "CALLFUNNEL_BITRIX24")
        assert SECRET not in str(caught.value)
    with transport("https://x.bitrix24.ru") as http, pytest.raises(Terminal, match="another host"):
        http.send(Account("https://y.bitrix24.ru/rest/1/a"), REQUEST)


def test_every_error_of_the_documentation_has_its_verdict() -> None:
    expected = {
        (503, "QUERY_LIMIT_EXCEEDED"): VerdictKind.SLOW_DOWN,
        (429, "OPERATION_TIME_LIMIT"): VerdictKind.SLOW_DOWN,
        (401, "NO_AUTH_FOUND"): VerdictKind.AUTH,
        (401, "expired_token"): VerdictKind.EXPIRED,
        (403, "insufficient_scope"): VerdictKind.FORBIDDEN,
        (403, "INVALID_CREDENTIALS"): VerdictKind.FORBIDDEN,
        (403, "ACCESS_DENIED"): VerdictKind.PLAN,
        (503, "OVERLOAD_LIMIT"): VerdictKind.PLAN,
        (500, "INTERNAL_SERVER_ERROR"): VerdictKind.RETRY,
        (500, "PORTAL_DELETED"): VerdictKind.PLAN,
        (400, "INVALID_ARG_VALUE"): VerdictKind.FATAL,
        (400, ""): VerdictKind.FATAL,
    }
    for (status, code), kind in expected.items():
        body = f'{{"error": "{code}", "error_description": "d"}}'.encode()
        assert classify(ApiResponse(status, {}, body), now()).kind is kind, code
    denied = b'{"error": "", "error_description": "Access denied."}'
    assert classify(ApiResponse(400, {}, denied), now()).kind is VerdictKind.FORBIDDEN
    assert classify(ApiResponse(502, {}, b"<html>"), now()).kind is VerdictKind.RETRY
    assert classify(ApiResponse(404, {}, b"<html>"), now()).kind is VerdictKind.FATAL
