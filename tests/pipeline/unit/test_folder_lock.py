"""Whose a data folder and its ports are: a process id that is left behind is nobody's."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from pipeline.cli.up import end
from pipeline.embedded.folder_lock import Held, holder, lock_file, started_ticks, take, this_process
from pipeline.embedded.port_owner import children, is_owned, listening_sockets
from pipeline.endpoints import Running, find, is_alive, read_running, stack_file
from schemas.errors import Terminal
from tests.pipeline.unit.stacks import Stacks


@pytest.fixture
def stacks(tmp_path: Path) -> Iterator[Stacks]:
    with Stacks({"HOME": str(tmp_path / "home")}) as stacks:
        yield stacks


@pytest.fixture
def foreign() -> Iterator[subprocess.Popen[bytes]]:
    """A process that has nothing to do with us, and that nobody here may end."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        yield process
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()


def holding(folder: Path) -> subprocess.Popen[bytes]:
    """A process that holds the folder."""
    code = "import sys, pathlib; from pipeline.embedded.folder_lock import take; f = take(pathlib.Path(sys.argv[1]));"
    process = subprocess.Popen(
        [sys.executable, "-c", f"{code} print('held', flush=True); input()", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def test_holder_is_known_while_it_holds_and_not_a_moment_longer(tmp_path: Path) -> None:
    assert holder(tmp_path / "none") is None
    with closing(take(tmp_path)):
        assert holder(tmp_path) == this_process()
        with pytest.raises(Held):
            take(tmp_path)
    assert holder(tmp_path) is None
    with closing(take(tmp_path)):
        assert holder(tmp_path) == this_process()


def test_question_never_keeps_anybody_from_taking_it(tmp_path: Path) -> None:
    take(tmp_path).close()
    asking = os.open(lock_file(tmp_path), os.O_RDWR)
    assert holder(tmp_path) is None
    take(tmp_path).close()
    os.close(asking)


def test_killed_holder_holds_nothing(tmp_path: Path) -> None:
    process = holding(tmp_path)
    held = holder(tmp_path)
    assert held is not None
    assert held.pid == process.pid
    process.kill()
    process.communicate()
    assert holder(tmp_path) is None


def test_stack_file_with_a_process_id_that_others_have_now_is_not_believed(
    stacks: Stacks, tmp_path: Path, foreign: subprocess.Popen[bytes]
) -> None:
    """The stack was killed, and its id was given to another process of this user."""
    running = stacks.run_in(tmp_path, pid=foreign.pid, started=started_ticks(foreign.pid))
    assert read_running(tmp_path) is None, "it does not hold the folder"
    stacks.end(tmp_path)
    lock_file(tmp_path).write_text(f"{foreign.pid} {started_ticks(foreign.pid)}\n")
    assert read_running(tmp_path) is None, "nobody holds the folder"
    assert not is_alive(running)
    with pytest.raises(Terminal, match="no stack is running"):
        find(tmp_path, {})


def test_down_never_signals_a_process_that_has_the_id_of_a_stack_by_now(
    stacks: Stacks, tmp_path: Path, foreign: subprocess.Popen[bytes]
) -> None:
    """`foreign` fails this test when it was ended."""
    running = stacks.run_in(tmp_path, pid=foreign.pid, started=(started_ticks(foreign.pid) or 0) - 1)
    assert end(running, 0)
    stacks.end(tmp_path)
    lock_file(tmp_path).write_text(f"{foreign.pid} {started_ticks(foreign.pid)}\n")
    assert end(msgspec.structs.replace(running, started=started_ticks(foreign.pid) or 0), 0)


def test_down_ends_the_process_that_holds_the_folder(tmp_path: Path) -> None:
    process = holding(tmp_path)
    held = holder(tmp_path)
    assert held is not None
    running = Running(pid=held.pid, started=held.started, data=str(tmp_path), kafka="", clickhouse="", reader="")
    assert end(running, 60)
    process.communicate()
    assert process.returncode == -signal.SIGTERM


def test_stack_file_of_an_earlier_process_with_our_id_is_not_believed(stacks: Stacks, tmp_path: Path) -> None:
    stacks.run_in(tmp_path, started=this_process().started - 1)
    assert read_running(tmp_path) is None


def test_port_that_somebody_else_has_gets_neither_calls_nor_passwords(
    stacks: Stacks, tmp_path: Path, foreign: subprocess.Popen[bytes]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        stacks.run_in(tmp_path, clickhouse=f"http://w:writers-password@127.0.0.1:{port}/default")
        assert find(tmp_path, {}).data == str(tmp_path), "here the stack itself has it"
        stacks.end(tmp_path)
    code = "import socket; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); input()"
    other = subprocess.Popen(
        ["setsid", "-f", sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert other.stdout is not None
        port = int(other.stdout.readline())
        for part in ("clickhouse", "kafka"):
            address = f"127.0.0.1:{port}"
            says = {"kafka": address} if part == "kafka" else {part: f"http://w:writers-password@{address}/default"}
            stacks.run_in(tmp_path, **says)
            with pytest.raises(Terminal, match=f"port {port} is held by another program, not by the ") as refused:
                find(tmp_path, {})
            assert "writers-password" not in str(refused.value)
            stacks.end(tmp_path)
    finally:
        other.communicate()


def test_sockets_and_their_owners() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:
        sockets = listening_sockets(server.getsockname()[1])
        assert len(sockets) == 1
        assert is_owned(sockets, [os.getpid()])
        assert not is_owned(sockets, [1 << 22])
    assert listening_sockets(server_port_that_is_free()) == set()


def server_port_that_is_free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_children_are_those_that_a_process_started(foreign: subprocess.Popen[bytes]) -> None:
    assert foreign.pid in children(os.getpid())
    assert children(foreign.pid) == set()


def test_broken_stack_file_is_no_stack(stacks: Stacks, tmp_path: Path) -> None:
    stacks.run_in(tmp_path)
    for broken in (b"", b"{", b"[]", b'{"pid": "x"}', b"\xff\xfe", msgspec.json.encode({"pid": 1})):
        stack_file(tmp_path).write_bytes(broken)
        assert read_running(tmp_path) is None
