"""Who sends keeps the broker; and a load waits for a new one, but not for ever."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from pipeline.embedded.folder_lock import take, this_process
from pipeline.embedded.gate import Gate
from pipeline.endpoints import Running, stack_file
from pipeline.loading.sending import wait_for_room
from pipeline.storage_wait import Position
from schemas.errors import Terminal


def test_shut_while_nobody_is_inside_and_only_then(tmp_path: Path) -> None:
    with closing(Gate(tmp_path)) as one, closing(Gate(tmp_path)) as two, closing(Gate(tmp_path)) as supervisor:
        one.enter()
        two.enter()
        one.leave()
        with supervisor.shut() as is_shut:
            assert not is_shut
        two.leave()
        with supervisor.shut() as is_shut:
            assert is_shut


def test_who_comes_to_a_shut_gate_waits_until_it_opens(tmp_path: Path) -> None:
    inside = threading.Event()

    def sender() -> None:
        with closing(Gate(tmp_path)) as gate:
            gate.enter()
            inside.set()

    with closing(Gate(tmp_path)) as supervisor:
        coming = threading.Thread(target=sender)
        with supervisor.shut() as is_shut:
            assert is_shut
            coming.start()
            assert not inside.wait(0.1)
        coming.join(30)
    assert inside.is_set()


def test_who_ends_inside_holds_nobody_up(tmp_path: Path) -> None:
    dead = Gate(tmp_path)
    dead.enter()
    dead.close()  # as the kernel does with the files of a process that was killed
    with closing(Gate(tmp_path)) as supervisor, supervisor.shut() as is_shut:
        assert is_shut


class Told:
    """What a load is told while it waits."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.trouble: Terminal | None = None

    def storing(self, position: Position) -> None:
        raise AssertionError("nothing is sent")

    def note(self, words: str) -> None:
        self.notes.append(words)

    def check(self) -> None:
        if self.trouble:
            raise self.trouble


@pytest.fixture(autouse=True)
def held(tmp_path: Path) -> Iterator[None]:
    """This process is the stack of the folder."""
    with closing(take(tmp_path)):
        yield


def say(data: Path, broker_bytes: int) -> None:
    """The stack of this process, whose broker is this process too: it holds many megabytes."""
    pid, started = this_process()
    running = Running(
        pid=pid, started=started, kafka="", clickhouse="", reader="", parts={"broker": pid}, broker_bytes=broker_bytes
    )
    stack_file(data).write_bytes(msgspec.json.encode(running))


def test_little_is_not_waited_for(tmp_path: Path) -> None:
    say(tmp_path, 1 << 50)
    told = Told()
    wait_for_room(tmp_path, told, sleep=lambda _: pytest.fail("it waits"))
    assert told.notes == []


def test_a_new_broker_is_waited_for(tmp_path: Path) -> None:
    say(tmp_path, 1)
    told = Told()
    wait_for_room(tmp_path, told, sleep=lambda _: say(tmp_path, 1 << 50))
    (note,) = told.notes
    assert "a new one takes its place" in note


def test_when_others_send_all_the_time_a_load_goes_on(tmp_path: Path) -> None:
    say(tmp_path, 1)
    told = Told()
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    wait_for_room(tmp_path, told, monotonic=lambda: clock[0], sleep=sleep)
    assert 59 < clock[0] < 61
    assert "it goes on" in told.notes[-1]


def test_stack_that_stopped_is_not_waited_for(tmp_path: Path) -> None:
    say(tmp_path, 1)
    told = Told()
    told.trouble = Terminal("the stack stopped")
    with pytest.raises(Terminal, match="the stack stopped"):
        wait_for_room(tmp_path, told, sleep=lambda _: pytest.fail("it waits"))
