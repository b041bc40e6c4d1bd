"""The outbox: on disk before it is sent, in order, tried again, never decided on twice."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.warnings.outbox import Outbox, OutboxMessage, attempted, message_id
from pipeline.warnings.receivers import MessageRoute
from schemas.errors import CallfunnelError, Terminal, Transient
from schemas.warnings import DeliveryState
from tests.warnings.worlds import NOON, ROUTE

OTHER = MessageRoute("it", "email", "it@example.com")


def message(*notices: str, route: MessageRoute = ROUTE, at: datetime = NOON) -> OutboxMessage:
    return OutboxMessage(
        message_id=message_id(route, notices),
        route=route,
        preview="one line",
        text="one line\nand more",
        data={"kind": "warnings"},
        notices=notices,
        created_at=at,
    )


def tried(errors: Sequence[CallfunnelError | None]) -> tuple[OutboxMessage, list[float]]:
    """The message after these attempts, each made as soon as it might be, and the seconds between them."""
    one, now, pauses = message("a:firing"), NOON, []
    for error in errors:
        one = attempted(one, now, error)
        if one.next_at is not None:
            pauses.append((one.next_at - now).total_seconds())
            now = one.next_at
    return one, pauses


def test_pauses_grow_and_what_a_server_asks_for_is_given() -> None:
    _, pauses = tried([Transient("away")] * 9)
    assert pauses == [30, 60, 120, 240, 480, 960, 1800, 1800, 1800]
    _, pauses = tried([Transient("slow down", retry_after_s=4_000), Transient("slow down", retry_after_s=5)])
    assert pauses == [4_000, 60]


def test_three_days_or_ten_refusals_are_enough() -> None:
    one, pauses = tried([Terminal("no such chat")] * 10)
    assert (one.state, one.next_at, one.error) == (DeliveryState.FAILED, None, "no such chat")
    assert min(pauses) >= 300
    late = attempted(message("a:firing"), NOON + timedelta(days=3), Transient("away"))
    assert late.state is DeliveryState.FAILED
    almost = attempted(message("a:firing"), NOON + timedelta(days=2, hours=23), Transient("away"))
    assert almost.state is DeliveryState.WAITING


def test_what_was_put_is_there_after_a_restart_and_is_put_once(tmp_path: Path) -> None:
    with Outbox(tmp_path) as outbox:
        outbox.put(message("a:firing"))
        outbox.put(message("a:firing", at=NOON + timedelta(hours=1)))
    with Outbox(tmp_path) as outbox:
        assert [one.created_at for one in outbox.waiting] == [NOON]
        assert outbox.heard(ROUTE) == {"a:firing"}
        assert outbox.heard(OTHER) == set()
        outbox.record(attempted(outbox.waiting[0], NOON, None))
    with Outbox(tmp_path) as outbox:
        assert outbox.waiting == []
        assert outbox.heard(ROUTE) == {"a:firing"}, "what was sent is not decided on again"
        assert [one.state for one in outbox.unstored()] == [DeliveryState.SENT]


def test_dying_between_sent_and_taken_away_does_not_send_it_again(tmp_path: Path) -> None:
    with Outbox(tmp_path) as outbox:
        outbox.put(message("a:firing"))
        (waiting,) = (tmp_path / "waiting").glob("*.json")
        left = waiting.read_bytes()
        outbox.record(attempted(outbox.waiting[0], NOON, None))
    waiting.write_bytes(left)
    with Outbox(tmp_path) as outbox:
        assert outbox.waiting == []
    assert not waiting.exists()


def test_messages_to_one_address_go_in_order_and_hold_up_no_other(tmp_path: Path) -> None:
    with Outbox(tmp_path) as outbox:
        first = message("a:firing")
        outbox.put(first)
        outbox.put(message("a:resolved", at=NOON + timedelta(minutes=1)))
        outbox.put(message("a:firing", route=OTHER, at=NOON + timedelta(minutes=2)))
        assert [one.notices for one in outbox.due(NOON)] == [("a:firing",), ("a:firing",)]
        outbox.record(attempted(first, NOON, Transient("away")))
        assert [one.route for one in outbox.due(NOON)] == [OTHER], "the end does not overtake the beginning"
        assert len(outbox.due(NOON + timedelta(seconds=30))) == 2


def test_what_was_settled_long_ago_is_forgotten_unless_it_still_stands(tmp_path: Path) -> None:
    with Outbox(tmp_path) as outbox:
        for name in ("a", "b"):
            outbox.put(message(f"{name}:firing"))
            outbox.record(attempted(message(f"{name}:firing"), NOON, None))
        outbox.stored(outbox.unstored())
        outbox.prune(NOON + timedelta(days=31), {"b"})
    with Outbox(tmp_path) as outbox:
        assert outbox.heard(ROUTE) == {"b:firing"}


def test_two_processes_do_not_share_a_folder(tmp_path: Path) -> None:
    with Outbox(tmp_path), pytest.raises(Terminal, match="watched already"), Outbox(tmp_path):
        pass


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    with Outbox(tmp_path / "warnings") as outbox:
        outbox.put(message("a:firing"))
    for path in (tmp_path / "warnings").rglob("*"):
        assert not path.stat().st_mode & 0o077, path


def test_full_disk_makes_nobody_forget_what_was_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Outbox(tmp_path) as outbox:
        outbox.put(message("a:firing"))
        with monkeypatch.context() as full:
            full.setattr("pipeline.warnings.outbox.write_whole", _no_room)
            with pytest.raises(Transient, match="No space left"):
                outbox.record(attempted(outbox.waiting[0], NOON, None))
            assert outbox.due(NOON) == [], "it is not sent again"
            with pytest.raises(Transient):
                outbox.write_again()
        outbox.write_again()
    with Outbox(tmp_path) as outbox:
        assert outbox.waiting == []


def _no_room(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_broken_file_is_named(tmp_path: Path) -> None:
    with Outbox(tmp_path):
        (tmp_path / "waiting" / "x.json").write_bytes(b"{")
    with pytest.raises(Terminal, match=r"waiting/x\.json is broken"), Outbox(tmp_path):
        pass


def test_clock_that_went_back_keeps_nothing_waiting_for_ever(tmp_path: Path) -> None:
    with Outbox(tmp_path) as outbox:
        outbox.put(message("a:firing", at=datetime(2026, 11, 27, tzinfo=UTC)))
        assert outbox.due(NOON - timedelta(days=1)), "created in the future, and due"
