"""Signs of life: a question to each kind of part that only a part at work can answer. Each ends in time."""

from __future__ import annotations

import http.client
import socket
import struct
from collections.abc import Callable
from pathlib import Path

Ask = Callable[[float], bool]
"""Asks a part; True when it answered within so many seconds. Never raises."""

_METADATA, _VERSION, _CORRELATION = 3, 1, 7
_CLIENT = b"callfunnel-up"
_ALL_TOPICS = -1


def of_broker(port: int) -> Ask:
    return lambda within_s: broker_answers("127.0.0.1", port, within_s)


def broker_answers(host: str, port: int, within_s: float) -> bool:
    """A Kafka Metadata request, written out: a client of the library leaves threads and sockets behind when nobody
    answers. https://kafka.apache.org/protocol#The_Messages_Metadata
    """
    metadata_request = struct.pack(">hhih", _METADATA, _VERSION, _CORRELATION, len(_CLIENT)) + _CLIENT
    request = struct.pack(">i", len(metadata_request) + 4) + metadata_request + struct.pack(">i", _ALL_TOPICS)
    try:
        with socket.create_connection((host, port), timeout=within_s) as connection:
            connection.sendall(request)
            with connection.makefile("rb") as stream:
                answer = stream.read(8)
    except OSError:
        return False
    return len(answer) == 8 and struct.unpack(">ii", answer)[1] == _CORRELATION


def any_broker_answers(kafka: str, within_s: float) -> bool:
    """One of the brokers "HOST:PORT,HOST:PORT..." answers; they are asked one after the other."""
    addresses = [address.strip().rpartition(":") for address in kafka.split(",")]
    known = [(host, int(port)) for host, _, port in addresses if port.isdecimal()]
    return any(broker_answers(host, port, within_s / len(known)) for host, port in known)


def of_store(port: int, password: str) -> Ask:
    """A query, answered by the engine; by a handle that nobody else has, so that a busy store answers too."""
    headers = {"X-ClickHouse-User": "supervisor", "X-ClickHouse-Key": password}
    return lambda within_s: _http(port, "POST", "/", b"SELECT 1", headers, within_s) == b"1\n"


def of_board(port: int) -> Ask:
    """Its event loop answers."""
    return lambda within_s: _http(port, "GET", "/ping", b"", {}, within_s) == b"Ok.\n"


def _http(port: int, method: str, path: str, body: bytes, headers: dict[str, str], within_s: float) -> bytes:
    """The body of the answer; empty when there is none in time, or it is an error."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=within_s)
    try:
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        return answer.read(100) if answer.status == 200 else b""
    except (OSError, http.client.HTTPException):
        return b""
    finally:
        connection.close()


def of_worker(ready_file: Path) -> Ask:
    """Its event loop touches this file every few seconds: whether it did since the last question. By the change and
    not by the age of the file, which a clock that is set would alter.
    """
    seen = [0]

    def ask(_: float) -> bool:
        try:
            touched = ready_file.stat().st_mtime_ns
        except OSError:
            touched = 0
        is_new = touched not in (0, seen[0])
        seen[0] = touched
        return is_new

    return ask
