"""A receiver of a test on loopback: takes what is posted, answers as it is told to, remembers everything."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Answer(NamedTuple):
    """What is answered to one request."""

    status: int = 200
    body: str = "{}"
    headers: tuple[tuple[str, str], ...] = ()
    after_s: float = 0.0


class Posted(NamedTuple):
    """A request that came."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    status: int
    """What was answered."""


class Inbox:
    """What came, and what is answered next: from `answers` while there are any, then 200."""

    def __init__(self) -> None:
        self.answers: deque[Answer] = deque()
        self.always: Answer | None = None
        self.all: list[Posted] = []
        self.url = ""

    @property
    def taken(self) -> list[Posted]:
        """Requests that were answered with 200."""
        return [one for one in self.all if one.status == 200]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        inbox = self.server.inbox
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = inbox.always or (inbox.answers.popleft() if inbox.answers else Answer())
        inbox.all.append(Posted(self.path, dict(self.headers), body, answer.status))
        time.sleep(answer.after_s)
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body.encode())))
        self.end_headers()
        self.wfile.write(answer.body.encode())

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: what matters is remembered."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, inbox: Inbox, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.inbox = inbox

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is what a test wants."""


@contextmanager
def open_inbox(context: ssl.SSLContext | None = None, port: int = 0) -> Iterator[Inbox]:
    """Serve at a port of this machine."""
    inbox = Inbox()
    with _Server(inbox, port) as server:
        scheme = "http"
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
            scheme = "https"
        inbox.url = f"{scheme}://localhost:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield inbox
        finally:
            server.shutdown()
            thread.join()
