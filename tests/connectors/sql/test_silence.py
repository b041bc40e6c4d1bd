"""A database behind which the packets get lost is noticed within the time that is named, and asked again."""

from __future__ import annotations

import socket
import time

import pytest
from sqlalchemy.engine import make_url

from connectors.sql import database
from connectors.sql.database import Database
from connectors.sql.silence import cut_when_silent
from connectors.tcp.listener import GONE_S, keep_alive
from schemas.errors import Transient
from tests.connectors.sql.freezing import way_to
from tests.databases.servers import Server


@pytest.mark.parametrize("name", ["mariadb_server", "postgresql_server"])
def test_database_that_falls_silent_is_left_in_time_and_asked_again(
    name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    server: Server = request.getfixturevalue(name)
    monkeypatch.setattr(database, "_ANSWER_WITHIN_S", 1)
    monkeypatch.setattr(database, "_SERVER_TELLS_S", 1)
    url = make_url(server.reader)
    with way_to(url.host or "127.0.0.1", url.port or 0) as way:
        through = url.set(host="127.0.0.1", port=way.port).render_as_string(hide_password=False)
        silent = Database(through, "OFFICE_DB")
        try:
            before = silent.now()
            way.freeze()
            began = time.monotonic()
            with pytest.raises(Transient):
                silent.now()
            assert time.monotonic() - began < 30, "alone it takes 2 s"
            way.thaw()
            assert silent.now() >= before
        finally:
            silent.close()


def test_connection_is_cut_only_when_nothing_was_heard() -> None:
    near, far = socket.socketpair()
    with near, far:
        near.settimeout(60)
        with cut_when_silent(near.fileno(), 0.5) as hear:
            for _ in range(8):
                time.sleep(0.1)
                hear()
            far.send(b"x")
            assert near.recv(1) == b"x", "it was heard all the time"
            assert near.recv(1) == b"", "then it fell silent, and the wait ended"


def test_exchange_that_sends_lines_is_asked_whether_it_is_there() -> None:
    with socket.socket() as connection:
        keep_alive(connection)
        idle, every, count = (
            connection.getsockopt(socket.IPPROTO_TCP, one)
            for one in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        )
        assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert idle + every * count == GONE_S == 60
