"""The AMI listener against an exchange that disconnects, says garbage, falls silent, and refuses."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.asterisk.ami.listener import Ami
from connectors.asterisk.ami.session import AmiLogin
from connectors.live.event_listener import Backfill
from connectors.live.talk import Patience
from schemas.errors import Terminal, Transient
from schemas.records import CallLeg, FeedState, Reason, Record, Rejected
from tests.certificates import certificate_of_localhost
from tests.connectors.asterisk.ami.peer import BANNER, SECRET, Connection, event, peer
from tests.connectors.live import opened as live
from tests.connectors.live.opened import PATIENT, PINGS, Opened
from tests.connectors.live.peer import Peer, hang_up
from tests.connectors.live.sinks import until
from tests.connectors.rows import NINE


def opened(
    exchange: Peer[Connection],
    folder: Path,
    *,
    secret: str = SECRET,
    plain: bool = False,
    backfill: Backfill | None = None,
    patience: Patience = PATIENT,
    tz: str = "Europe/Moscow",
    tls: ssl.SSLContext | None = None,
) -> AbstractContextManager[Opened]:
    login = AmiLogin("127.0.0.1", exchange.port, "callfunnel", secret, plain, tls)
    return live.opened(lambda context: Ami(login, context, patience), folder, "ami", backfill=backfill, tz=tz)


def numbers(door: Opened) -> list[int]:
    return [int(leg.record_id.partition(":")[2]) for leg in door.broker.legs]


def serving(*data: bytes, then: Callable[[Connection], None] = Connection.serve) -> Callable[[Connection], None]:
    """Log the listener in, send, and go on."""

    def script(connection: Connection) -> None:
        assert connection.log_in()
        for part in data:
            connection.send(part)
        then(connection)

    return script


def test_events_are_legs_and_other_events_nothing(tmp_path: Path) -> None:
    other = b"Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n"
    with peer(serving(other, event(1, NINE), event(2, NINE))) as exchange:
        with opened(exchange, tmp_path) as door:
            until(lambda: numbers(door) == [1, 2])
            assert (door.feed.state, door.feed.detail) == (FeedState.LIVE, "")
        (connection,) = exchange.connections
    login = next(action for action in connection.actions if action["Action"] == "Login")
    assert login["Events"] == "cdr"
    assert SECRET not in str(connection.actions)
    assert [action["Action"] for action in connection.actions if action][-1] == "Logoff"


def test_plain_login_for_exchanges_that_want_it(tmp_path: Path) -> None:
    with peer(serving(event(1, NINE))) as exchange, opened(exchange, tmp_path, plain=True) as door:
        until(lambda: numbers(door) == [1])


@pytest.mark.parametrize("plain", [True, False])
def test_wrong_secret_ends_the_door_with_what_to_check(tmp_path: Path, plain: bool) -> None:
    def refuse(connection: Connection) -> None:
        assert not connection.log_in()

    with peer(refuse) as exchange:
        with opened(exchange, tmp_path, secret="wrong-secret", plain=plain) as door:
            until(lambda: door.failure)
        assert len(exchange.connections) == 1
    assert isinstance(door.failure, Terminal)
    message = str(door.failure)
    assert "login as callfunnel refused (Authentication failed): check the secret" in message
    assert "wrong-secret" not in message
    assert (door.broker.feeds[-1].state, door.broker.feeds[-1].detail) == (FeedState.FAILED, message)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate_of_localhost(tmp_path_factory.mktemp("tls"))


def test_tls_with_a_certificate_that_is_trusted_and_one_that_is_not(tmp_path: Path, certificate: Path) -> None:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate)
    with peer(serving(event(1, NINE)), tls=server) as exchange:
        trusted = ssl.create_default_context(cafile=str(certificate))
        with opened(exchange, tmp_path / "1", plain=True, tls=trusted) as door:
            until(lambda: numbers(door) == [1])
        with opened(exchange, tmp_path / "2", tls=ssl.create_default_context()) as door:
            until(lambda: door.failure)
    assert "its certificate is not trusted" in str(door.failure)
    assert "--ca" in str(door.failure)


def test_exchange_without_tls_is_away(tmp_path: Path) -> None:
    def plain(connection: Connection) -> None:
        connection.send(BANNER)

    with peer(plain) as exchange, opened(exchange, tmp_path, tls=ssl.create_default_context()) as door:
        until(lambda: (feed := door.feed).state is FeedState.AWAY and "no TLS" in feed.detail)


def test_exchange_without_md5_says_so(tmp_path: Path) -> None:
    def script(connection: Connection) -> None:
        connection.answer(connection.action(), "Error", Message="Must specify AuthType")

    with peer(script) as exchange, opened(exchange, tmp_path) as door:
        until(lambda: door.failure)
    assert "try --auth plain" in str(door.failure)


def test_lost_connection_is_a_gap_of_its_own_and_events_go_on(tmp_path: Path) -> None:
    first, third = serving(event(1, NINE), then=hang_up), serving(event(3, NINE))
    with peer(first, hang_up, third) as exchange, opened(exchange, tmp_path) as door:
        until(lambda: numbers(door) == [1, 3])
        until(lambda: door.gaps)
        assert door.feed.gaps == 1
        (gap,) = door.gaps
        since, until_ = map(datetime.fromisoformat, gap.payload.split("/"))
        assert since <= until_ <= datetime.now(UTC)
        assert "may be missing; load the exchange's CSV" in gap.detail
        assert gap.resolved == 0


def test_gap_goes_on_from_the_last_process_and_a_first_one_has_none(tmp_path: Path) -> None:
    with peer(serving(event(1, NINE))) as exchange, opened(exchange, tmp_path) as door:
        until(lambda: numbers(door) == [1])
        there_at = datetime.now(UTC)
        until(lambda: (seen_at := door.feed.seen_at) and seen_at > there_at)
    ended_at = datetime.now(UTC)
    assert door.gaps == []
    with peer(serving(event(2, NINE))) as exchange, opened(exchange, tmp_path) as door:
        until(lambda: door.gaps)
    since = datetime.fromisoformat(door.gaps[0].payload.split("/")[0])
    assert there_at <= since <= ended_at


class Kept:
    """A database that has the calls of a gap; away for its first `fails` questions."""

    def __init__(self, fails: int = 0, error: type[Exception] = Transient) -> None:
        self.fails = fails
        self.error = error
        self.asked_since: list[datetime] = []

    def __call__(self, since: datetime) -> Iterator[Sequence[Record | Rejected]]:
        self.asked_since.append(since)
        if self.fails:
            self.fails -= 1
            raise self.error("db: connection refused")
        leg = CallLeg(
            source="office",
            call_id="1793599200.2",
            record_id="1793599200.2:2",
            started_at=NINE.astimezone(UTC),
            ended_at=NINE.astimezone(UTC),
            direction="inbound",  # type: ignore[arg-type]
            disposition="no_answer",  # type: ignore[arg-type]
            version=1,
        )
        yield [leg]


def test_gap_is_filled_from_the_database_and_resolved(tmp_path: Path) -> None:
    kept = Kept(fails=1)
    with (
        peer(serving(event(1, NINE), then=hang_up), serving(event(3, NINE))) as exchange,
        opened(exchange, tmp_path, backfill=kept) as door,
    ):
        until(lambda: sorted(numbers(door)) == [1, 2, 3])
        until(lambda: len(door.gaps) == 2)
    reported, resolved = door.gaps
    assert (reported.resolved, resolved.resolved) == (0, 1)
    assert reported.rejected_id == resolved.rejected_id
    assert resolved.version > reported.version
    assert kept.asked_since == [datetime.fromisoformat(reported.payload.split("/")[0])] * 2


def test_gap_that_was_not_filled_is_filled_by_the_next_process(tmp_path: Path) -> None:
    away = Kept(fails=10**6)
    with (
        peer(serving(event(1, NINE), then=hang_up), serving(event(3, NINE))) as exchange,
        opened(exchange, tmp_path, backfill=away) as door,
    ):
        until(lambda: numbers(door) == [1, 3] and away.asked_since)
    kept = Kept()
    with peer(serving(event(4, NINE))) as exchange, opened(exchange, tmp_path, backfill=kept) as door:
        until(lambda: 2 in numbers(door))
        until(lambda: any(gap.resolved for gap in door.gaps))
    assert kept.asked_since == away.asked_since[:1]


def test_database_that_refuses_leaves_the_gap_and_the_door_open(tmp_path: Path) -> None:
    kept = Kept(fails=1, error=Terminal)
    with (
        peer(serving(event(1, NINE), then=hang_up), serving(event(3, NINE))) as exchange,
        opened(exchange, tmp_path, backfill=kept) as door,
    ):
        until(lambda: numbers(door) == [1, 3] and kept.asked_since)
        assert [gap.resolved for gap in door.gaps] == [0]


def test_garbage_and_half_events_do_no_harm(tmp_path: Path) -> None:
    garbage = [b"\xff\x00\r\n" * 100, b"GET / HTTP/1.1\r\n\r\n", b"Event: Cdr\r\nSource: 1\r\n\r\n", b"x" * 300_000]
    data = event(1, NINE)
    parts = [*garbage, b"\r\n\r\n", data[:100], data[100:], event(2, NINE)[:200]]
    with (
        peer(serving(*parts, then=hang_up), serving(event(3, NINE))) as exchange,
        opened(exchange, tmp_path) as door,
    ):
        until(lambda: numbers(door) == [1, 3])
        # The event without times is rejected; of the half one nobody knows, but there is a gap.
        until(lambda: {one.reason for one in door.broker.rejects} == {Reason.BAD_DURATION, Reason.FEED_GAP})


def test_exchange_that_falls_silent_is_left(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    silent = threading.Event()

    def mute(connection: Connection) -> None:
        silent.wait(120)

    with (
        peer(serving(event(1, NINE), then=mute), serving(event(2, NINE))) as exchange,
        opened(exchange, tmp_path, patience=PINGS) as door,
    ):
        until(lambda: any("no answer to pings" in one.getMessage() for one in caplog.records))
        silent.set()
        until(lambda: numbers(door) == [1, 2])


def test_pings_keep_a_quiet_feed_alive(tmp_path: Path) -> None:
    with peer(serving()) as exchange, opened(exchange, tmp_path, patience=PINGS) as door:
        until(lambda: exchange.connections)
        until(lambda: [action for action in exchange.connections[0].actions if action.get("Action") == "Ping"][1:])
        first = door.feed.seen_at
        assert first is not None
        until(lambda: door.feed.seen_at != first)
        assert door.feed.last_event_at is None
        assert door.feed.state is FeedState.LIVE
        assert len(exchange.connections) == 1


def test_port_of_something_else_is_away_not_a_refusal(tmp_path: Path) -> None:
    def web(connection: Connection) -> None:
        connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with peer(web) as exchange, opened(exchange, tmp_path) as door:
        until(lambda: door.feed.state is FeedState.AWAY)
        assert door.failure is None


def test_missing_mappings_are_told(tmp_path: Path) -> None:
    with peer(serving(event(1, NINE, ids=False))) as exchange, opened(exchange, tmp_path) as door:
        until(lambda: "linkedid => LinkedID" in door.feed.detail)
        assert door.feed.state is FeedState.LIVE


def test_zone_that_the_epochs_deny_ends_the_door(tmp_path: Path) -> None:
    events = [event(number, NINE) for number in range(25)]
    with peer(serving(*events)) as exchange, opened(exchange, tmp_path, tz="Asia/Yekaterinburg") as door:
        until(lambda: door.failure)
    assert isinstance(door.failure, Terminal)
    assert "calls would be counted at a wrong hour" in str(door.failure)
