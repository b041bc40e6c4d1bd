"""The ESL listener against a switch that disconnects, says garbage, falls silent, and refuses.

What any listener does with gaps and databases is tested in the tests of `asterisk.ami`: the loop is the same.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

import pytest

from connectors.freeswitch.esl.listener import Esl
from connectors.freeswitch.esl.session import EslLogin
from connectors.live.event_listener import Backfill
from connectors.live.talk import Patience
from schemas.errors import Terminal
from schemas.records import FeedState, Reason, Record, Rejected
from tests.connectors.freeswitch.esl.peer import (
    NOTICE,
    PASSWORD,
    REJECTION,
    REQUEST,
    Connection,
    as_json,
    event,
    message,
    peer,
    plain,
    serving,
)
from tests.connectors.live import opened as live
from tests.connectors.live.opened import PATIENT, PINGS, Opened
from tests.connectors.live.peer import Peer, hang_up
from tests.connectors.live.sinks import until
from tests.connectors.rows import NINE


def opened(
    switch: Peer[Connection],
    folder: Path,
    *,
    password: str = PASSWORD,
    user: str = "",
    chosen: tuple[str, str] | None = None,
    backfill: Backfill | None = None,
    patience: Patience = PATIENT,
) -> AbstractContextManager[Opened]:
    login = EslLogin("127.0.0.1", switch.port, password, user, chosen)
    return live.opened(lambda context: Esl(login, context, patience), folder, "esl", backfill=backfill)


def numbers(door: Opened) -> list[int]:
    return [int(leg.record_id[-3:]) for leg in door.broker.legs]


def test_events_are_legs_and_other_events_nothing(tmp_path: Path) -> None:
    beat = as_json([("Event-Name", "HEARTBEAT"), ("Event-Info", "System Ready")])
    with peer(serving(beat, as_json(event(1, NINE)) + as_json(event(2, NINE)))) as switch:
        with opened(switch, tmp_path) as door:
            until(lambda: numbers(door) == [1, 2])
            assert (door.feed.state, door.feed.detail) == (FeedState.LIVE, "")
        (connection,) = switch.connections
    assert connection.commands[:2] == [f"auth {PASSWORD}", "event json CHANNEL_HANGUP_COMPLETE"]
    assert [command for command in connection.commands if command][-1] == "exit"
    assert door.broker.rejects == []


def test_plain_events_where_json_is_refused(tmp_path: Path) -> None:
    def old(connection: Connection) -> None:
        assert connection.log_in(refused="json")
        connection.send(plain(event(1, NINE)))
        connection.serve()

    with peer(old) as switch, opened(switch, tmp_path) as door:
        until(lambda: numbers(door) == [1])
        (connection,) = switch.connections
    assert connection.commands[2] == "event plain CHANNEL_HANGUP_COMPLETE"


def test_user_of_the_directory_logs_in_and_one_who_is_not_known_is_told_what_to_check(tmp_path: Path) -> None:
    def directory(connection: Connection) -> None:
        if connection.log_in(proof=f"userauth calls@pbx.example:{PASSWORD}"):
            connection.send(as_json(event(1, NINE)))
            connection.serve()

    with peer(directory) as switch:
        with opened(switch, tmp_path, user="calls@pbx.example") as door:
            until(lambda: numbers(door) == [1])
        with opened(switch, tmp_path, user="other@pbx.example") as door:
            until(lambda: door.failure)
    assert "check it against esl-password of other@pbx.example" in str(door.failure)


def test_filter_is_asked_for_before_any_event(tmp_path: Path) -> None:
    chosen = ("variable_domain_name", "sales.example")
    with peer(serving(as_json(event(1, NINE)))) as switch, opened(switch, tmp_path, chosen=chosen) as door:
        until(lambda: numbers(door) == [1])
        (connection,) = switch.connections
    assert connection.commands[1] == "filter variable_domain_name sales.example"


def refuse(connection: Connection) -> None:
    assert not connection.log_in()


def reject(connection: Connection) -> None:
    connection.send(REJECTION)


def no_events(connection: Connection) -> None:
    connection.send(REQUEST)
    connection.command()
    connection.reply("+OK accepted")
    while connection.command():
        connection.reply("-ERR permission denied")


@pytest.mark.parametrize(
    ("script", "message_text"),
    [
        (refuse, r"the password is refused \(-ERR invalid\): check it against `password` of event_socket"),
        (reject, r"this machine's address is refused: allow it in the list that apply-inbound-acl"),
        (no_events, r"events CHANNEL_HANGUP_COMPLETE are refused \(-ERR permission denied\): allow them"),
    ],
)
def test_refusal_ends_the_door_with_what_to_do(
    tmp_path: Path, script: Callable[[Connection], None], message_text: str
) -> None:
    with peer(script) as switch:
        with opened(switch, tmp_path, password="wrong\npassword") as door:
            until(lambda: door.failure)
        (connection,) = switch.connections
    with pytest.raises(Terminal, match=message_text):
        raise door.failure or AssertionError
    assert "wrong" not in str(door.failure)
    assert (door.broker.feeds[-1].state, door.broker.feeds[-1].detail) == (FeedState.FAILED, str(door.failure))
    assert all(command in ("", "auth wrongpassword") or command.startswith("event") for command in connection.commands)


def test_disconnect_in_the_middle_of_an_event_is_a_gap_and_events_go_on(tmp_path: Path) -> None:
    half = as_json(event(2, NINE))[:400]
    first, third = serving(as_json(event(1, NINE)), half, then=hang_up), serving(as_json(event(3, NINE)))
    with peer(first, third) as switch, opened(switch, tmp_path) as door:
        until(lambda: numbers(door) == [1, 3])
        until(lambda: door.gaps)
        (gap,) = door.gaps
    assert "the connection was lost" in gap.detail
    assert "load json_cdr's files or the CSV of that time" in gap.detail


def test_what_comes_before_a_notice_is_not_lost(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    last = as_json(event(1, NINE)) + NOTICE
    with peer(serving(last), serving(as_json(event(2, NINE)))) as switch, opened(switch, tmp_path) as door:
        until(lambda: numbers(door) == [1, 2])
        until(lambda: any("the switch ended the connection" in one.getMessage() for one in caplog.records))
        assert len(door.gaps) == 1


def test_what_comes_with_the_answer_to_the_subscription_is_not_lost(tmp_path: Path) -> None:
    def hasty(connection: Connection) -> None:
        connection.send(REQUEST)
        connection.command()
        connection.reply("+OK accepted")
        connection.command()
        answer = b"Content-Type: command/reply\nReply-Text: +OK event listener enabled json\n\n"
        connection.send(answer + as_json(event(1, NINE)) + NOTICE)

    with peer(hasty, serving(as_json(event(2, NINE)))) as switch, opened(switch, tmp_path) as door:
        until(lambda: numbers(door) == [1, 2])


def test_gap_is_filled_from_the_database_and_resolved(tmp_path: Path) -> None:
    asked_since: list[datetime] = []

    def kept(since: datetime) -> Iterator[Sequence[Record | Rejected]]:
        asked_since.append(since)
        yield list(door.broker.legs[:1])

    with (
        peer(serving(as_json(event(1, NINE)), then=hang_up), serving(as_json(event(3, NINE)))) as switch,
        opened(switch, tmp_path, backfill=kept) as door,
    ):
        until(lambda: sorted(numbers(door)) == [1, 1, 3])
        until(lambda: [gap.resolved for gap in door.gaps] == [0, 1])
    assert asked_since == [datetime.fromisoformat(door.gaps[0].payload.split("/")[0])]


@pytest.mark.parametrize(
    "garbage",
    [b"x" * 1_048_576, b"X: y\n" * 20_000, b"Content-Length: -5\n\n", b"Content-Length: 99999999\n\n"],
    ids=["line", "headers", "negative", "huge"],
)
def test_stream_that_lost_its_step_is_left_and_begun_anew(
    tmp_path: Path, garbage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    first = serving(as_json(event(1, NINE)), garbage, as_json(event(9, NINE)))
    with peer(first, serving(as_json(event(2, NINE)))) as switch, opened(switch, tmp_path) as door:
        until(lambda: numbers(door) == [1, 2])
        assert len(door.gaps) == 1
    # In the log: a state that is over within a heartbeat is in none.
    assert any("away" in one.getMessage() and "out of step" in one.getMessage() for one in caplog.records)


def test_event_that_is_garbage_is_a_reject_and_the_next_is_read(tmp_path: Path) -> None:
    odd = (
        message("text/event-json", b"\xff\x00{") + b"\r\n\n" + message("log/data", b"\n\n\n") + as_json(event(1, NINE))
    )
    with peer(serving(odd[:90], odd[90:])) as switch, opened(switch, tmp_path) as door:
        until(lambda: numbers(door) == [1])
        assert [one.reason for one in door.broker.rejects] == [Reason.UNREADABLE_TEXT]


def test_switch_that_falls_silent_is_left(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    silent = threading.Event()

    def mute(connection: Connection) -> None:
        silent.wait(120)

    with (
        peer(serving(as_json(event(1, NINE)), then=mute), serving(as_json(event(2, NINE)))) as switch,
        opened(switch, tmp_path, patience=PINGS) as door,
    ):
        until(lambda: any("no answer to pings" in one.getMessage() for one in caplog.records))
        silent.set()
        until(lambda: numbers(door) == [1, 2])


def test_pings_keep_a_quiet_feed_alive(tmp_path: Path) -> None:
    with peer(serving()) as switch, opened(switch, tmp_path, patience=PINGS) as door:
        until(lambda: switch.connections)
        until(lambda: switch.connections[0].commands.count("event json CHANNEL_HANGUP_COMPLETE") >= 3)
        first = door.feed.seen_at
        assert first is not None
        until(lambda: door.feed.seen_at != first)
        assert door.feed.last_event_at is None
        assert door.feed.state is FeedState.LIVE
        (connection,) = switch.connections
    assert set(connection.commands[1:]) <= {"event json CHANNEL_HANGUP_COMPLETE", "exit", ""}


def test_port_of_something_else_is_away_not_a_refusal(tmp_path: Path) -> None:
    def web(connection: Connection) -> None:
        connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with peer(web) as switch, opened(switch, tmp_path) as door:
        until(lambda: door.feed.state is FeedState.AWAY)
        assert door.failure is None
