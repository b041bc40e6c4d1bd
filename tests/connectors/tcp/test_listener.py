"""The TCP listener in both directions: partial lines, several connections, silent clients, strangers, restarts."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.live.backoff import Backoff
from connectors.live.checkpoint import Checkpoint
from connectors.live.delivery_queue import DeliveryQueue
from connectors.tcp.lines import ReceivedLine
from connectors.tcp.listener import MOST_CONNECTIONS, Connect, Listen, TcpCheckpoint, TcpListener, is_allowed
from schemas.errors import Terminal
from schemas.records import CallLeg, FeedState, Reason, Record, Rejected
from tests.connectors.live.sinks import Broker, run_listener, until

LOOPBACK = (ipaddress.ip_network("127.0.0.1/32"),)
AT = datetime(2026, 11, 2, 9, tzinfo=UTC)


class Echo:
    """A LineSource: each line is the id of a leg."""

    advice = ""

    def items(self, lines: Sequence[ReceivedLine], peer: str) -> list[Record | Rejected]:
        if any(line.text == "stop" for line in lines):
            raise Terminal("the order of columns must be said")
        return [
            CallLeg(
                source="office",
                call_id=line.text,
                record_id=f"{line.text}{'' if line.whole else '?'}",
                started_at=AT,
                ended_at=AT,
                direction="inbound",  # type: ignore[arg-type]
                disposition="answered",  # type: ignore[arg-type]
                origin=peer,
                version=1,
            )
            for line in lines
        ]


class Held(Backoff):
    """Does not go on before the test says so."""

    def __init__(self) -> None:
        super().__init__(0.01, 0.05)
        self.over = threading.Event()

    def next_s(self) -> float:
        assert self.over.wait(60)
        return super().next_s()


class Opened:
    def __init__(self, line: DeliveryQueue, broker: Broker, port: int) -> None:
        self.line = line
        self.broker = broker
        self.port = port
        self.failure: BaseException | None = None

    @property
    def ids(self) -> list[str]:
        return [leg.record_id for leg in self.broker.legs]

    def client(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), 60)


@contextmanager
def opened(folder: Path, where: Listen | Connect | None = None, backoff: Backoff | None = None) -> Iterator[Opened]:
    where = where or Listen("127.0.0.1", 0, LOOPBACK)
    line, broker = DeliveryQueue("office", "tcp", "s1"), Broker()
    door = Opened(line, broker, where.port)
    listens = threading.Event()

    def bound(port: int) -> None:
        door.port = port
        listens.set()

    with Checkpoint(folder, "office", "tcp", TcpCheckpoint) as checkpoint:
        tcp = TcpListener(where, Echo(), checkpoint, backoff=backoff or Backoff(0.01, 0.05), bound=bound)

        def run() -> None:
            try:
                run_listener(line, broker, tcp)
            except BaseException as failure:
                door.failure = failure
                listens.set()

        running = threading.Thread(target=run)
        running.start()
        try:
            if isinstance(where, Listen):
                assert listens.wait(60)
            yield door
        finally:
            line.stopping.set()
            running.join(60)
    assert not running.is_alive()


def test_lines_in_pieces_over_several_connections(tmp_path: Path) -> None:
    with opened(tmp_path) as door, door.client() as one, door.client() as two:
        one.sendall(b"a1\r\na")
        two.sendall(b"b1\nb2\n")
        until(lambda: sorted(door.ids) == ["a1", "b1", "b2"])
        one.sendall(b"2\r")
        until(lambda: sorted(door.ids) == ["a1", "a2", "b1", "b2"])
        assert {leg.origin for leg in door.broker.legs} == {"127.0.0.1"}


def test_connection_per_call_without_a_line_end(tmp_path: Path) -> None:
    with opened(tmp_path) as door:
        for number in range(5):
            with door.client() as client:
                client.sendall(f"call-{number}".encode())
        until(lambda: sorted(door.ids) == [f"call-{number}?" for number in range(5)])


def test_client_that_never_sends_keeps_nobody_out(tmp_path: Path) -> None:
    with opened(tmp_path) as door, contextlib.ExitStack() as stack:
        silent = [stack.enter_context(door.client()) for _ in range(MOST_CONNECTIONS + 5)]
        with door.client() as client:
            client.sendall(b"a1\n")
            until(lambda: door.ids == ["a1"])
        silent[0].settimeout(60)
        assert silent[0].recv(1) == b"", "the first silent one had to go"


def test_client_that_resets_does_no_harm(tmp_path: Path) -> None:
    with opened(tmp_path) as door:
        client = door.client()
        client.sendall(b"a1\n")
        until(lambda: door.ids == ["a1"])
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
        with door.client() as other:
            other.sendall(b"a2\n")
            until(lambda: door.ids == ["a1", "a2"])


def test_stranger_is_turned_away_and_named(tmp_path: Path) -> None:
    nobody = (ipaddress.ip_network("192.0.2.0/24"),)
    with opened(tmp_path, Listen("127.0.0.1", 0, nobody)) as door:
        with door.client() as client, contextlib.suppress(OSError):
            client.sendall(b"a1\n")
            client.settimeout(60)
            assert client.recv(1) == b""
        until(lambda: "add --allow 127.0.0.1" in door.line.heartbeat().detail)
    assert door.ids == []


def test_time_between_two_processes_is_a_gap(tmp_path: Path) -> None:
    with opened(tmp_path) as door:
        until(lambda: door.line.heartbeat().state is FeedState.LIVE)
    assert door.broker.rejects == []
    with opened(tmp_path) as door:
        until(lambda: door.broker.rejects)
    (gap,) = door.broker.rejects
    assert gap.reason is Reason.FEED_GAP
    since, end = map(datetime.fromisoformat, gap.payload.split("/"))
    assert since <= end


def test_exchange_that_waits_for_us_is_gone_to_again_after_it_was_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        port = server.getsockname()[1]
        away = Held()
        with opened(tmp_path, Connect("127.0.0.1", port), away) as door:
            first, _ = server.accept()
            first.sendall(b"a1\nhalf")
            until(lambda: door.ids == ["a1"])
            first.close()
            until(lambda: any("closed the connection" in one.getMessage() for one in caplog.records))
            away.over.set()
            second, _ = server.accept()
            with second:
                second.sendall(b"a2\n")
                until(lambda: door.ids == ["a1", "half?", "a2"])
                until(lambda: door.line.heartbeat().gaps == 1)
                assert door.line.heartbeat().state is FeedState.LIVE


def test_exchange_that_is_not_there_is_away_and_a_stop_then_keeps_the_gap_open(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen: the port is nobody else's
        with opened(tmp_path, Connect("127.0.0.1", nobody.getsockname()[1])) as door:
            until(lambda: door.line.heartbeat().state is FeedState.AWAY)
    assert not (tmp_path / "office.tcp.json").exists()


def test_what_the_source_cannot_settle_ends_the_door(tmp_path: Path) -> None:
    with opened(tmp_path) as door, door.client() as client:
        client.sendall(b"stop\n")
        until(lambda: door.failure)
    assert isinstance(door.failure, Terminal)


def test_port_that_is_taken_ends_the_door(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = Listen("127.0.0.1", server.getsockname()[1], LOOPBACK)
        with opened(tmp_path, taken) as door:
            until(lambda: door.failure)
    assert "cannot be listened on" in str(door.failure)


@pytest.mark.parametrize(
    ("peer", "networks", "allowed"),
    [
        ("192.0.2.10", ["192.0.2.10/32"], True),
        ("192.0.2.11", ["192.0.2.10/32"], False),
        ("::ffff:192.0.2.10", ["192.0.2.0/24"], True),
        ("fe80::1%eth0", ["fe80::/10"], True),
        ("192.0.2.10", [], False),
    ],
)
def test_networks(peer: str, networks: list[str], allowed: bool) -> None:
    assert is_allowed(peer, [ipaddress.ip_network(one) for one in networks]) is allowed
