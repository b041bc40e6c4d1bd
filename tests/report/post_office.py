"""An SMTP server of a test: takes letters, remembers everything that was said to it."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage


class PostOffice:
    """What came, and how it answers."""

    def __init__(self, *, offers: tuple[str, ...] = (), context: ssl.SSLContext | None = None) -> None:
        self.offers = offers
        self.context = context
        self.answers: dict[str, str] = {}
        """By verb: instead of its usual answer."""
        self.said: list[str] = []
        self.letters: list[EmailMessage] = []
        self.logins: list[str] = []
        self.port = 0


class _Clerk(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        office = self.server.office
        self._answer("220 post office of the test")
        while line := self.rfile.readline():
            words = line.decode().strip()
            office.said.append(words)
            verb = words.split(" ")[0].upper()
            if verb in office.answers:
                self._answer(office.answers[verb])
            elif verb == "EHLO":
                told = ["test", *office.offers]
                self._answer("\r\n".join(f"250{'-' if n < len(told) - 1 else ' '}{one}" for n, one in enumerate(told)))
            elif verb == "STARTTLS" and office.context is not None:
                self._answer("220 go ahead")
                self.finish()
                self.request = office.context.wrap_socket(self.request, server_side=True, do_handshake_on_connect=False)
                self.setup()
                self.request.do_handshake()
            elif verb == "AUTH":
                office.logins.append(base64.b64decode(words.split(" ")[2]).decode())
                self._answer("235 welcome")
            elif verb == "DATA":
                self._answer("354 go on")
                office.letters.append(self._letter())
                self._answer("250 taken")
            else:
                self._answer("221 bye" if verb == "QUIT" else "250 ok")

    def finish(self) -> None:
        super().finish()
        if isinstance(self.request, ssl.SSLSocket):
            self.request.close()

    def _letter(self) -> EmailMessage:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b"."))
        letter = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(letter, EmailMessage)
        return letter

    def _answer(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, office: PostOffice) -> None:
        super().__init__(("127.0.0.1", 0), _Clerk)
        self.office = office

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that turns away from an untrusted certificate is what a test wants."""


@contextmanager
def open_office(office: PostOffice) -> Iterator[PostOffice]:
    """Serve at a free port of this machine."""
    with _Server(office) as server:
        office.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield office
        finally:
            server.shutdown()
            thread.join()
