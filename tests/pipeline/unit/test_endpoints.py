"""Where the broker and the store are: the environment, else a running stack, else a word on what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from pipeline.endpoints import Endpoints, Running, credentials_file, find, is_embedded, pinned, pointer_file, stack_file
from schemas.trouble import Terminal

SERVERS = {
    "CALLFUNNEL_KAFKA": "kafka1:9092,kafka2:9092",
    "CALLFUNNEL_CLICKHOUSE": "http://callfunnel:s3cret@clickhouse:8123/office",
}


def running_in(folder: Path, pid: int, kafka: str = "127.0.0.1:19092") -> None:
    folder.mkdir(exist_ok=True)
    stack = Running(
        pid=pid,
        data=str(folder.resolve()),
        kafka=kafka,
        clickhouse="http://w:p@127.0.0.1:18123/default",
        reader="http://r:p@127.0.0.1",
    )
    stack_file(folder).write_bytes(msgspec.json.encode(stack))


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a user who has started nothing."""
    monkeypatch.chdir(tmp_path)
    return {"HOME": str(tmp_path / "home")}


@pytest.fixture(scope="module")
def dead_pid() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_servers_of_the_environment_come_before_a_running_stack(nowhere: dict[str, str], tmp_path: Path) -> None:
    running_in(tmp_path / "data", os.getpid())
    endpoints = find(env={**nowhere, **SERVERS})
    assert endpoints == Endpoints(SERVERS["CALLFUNNEL_KAFKA"], SERVERS["CALLFUNNEL_CLICKHOUSE"])
    assert (endpoints.prefix, endpoints.group) == ("", "callfunnel")


def test_namespace_goes_before_topics_and_group(nowhere: dict[str, str]) -> None:
    endpoints = find(env={**nowhere, **SERVERS, "CALLFUNNEL_NAMESPACE": "acme"})
    assert (endpoints.prefix, endpoints.group) == ("acme.", "acme.callfunnel")


def test_data_folder_that_is_named_comes_before_the_servers(nowhere: dict[str, str], tmp_path: Path) -> None:
    running_in(tmp_path / "mine", os.getpid(), kafka="127.0.0.1:29092")
    env = {**nowhere, **SERVERS}
    assert is_embedded(tmp_path / "mine", env)
    assert not is_embedded(None, env)
    assert find(tmp_path / "mine", env).kafka == "127.0.0.1:29092"


def test_running_stack_is_found_in_the_working_folder(nowhere: dict[str, str], tmp_path: Path) -> None:
    running_in(tmp_path / "data", os.getpid())
    assert find(env=nowhere).kafka == "127.0.0.1:19092"


def test_running_stack_is_found_where_the_variable_says(nowhere: dict[str, str], tmp_path: Path) -> None:
    running_in(tmp_path / "data", os.getpid())
    running_in(tmp_path / "other", os.getpid(), kafka="127.0.0.1:29092")
    assert find(env={**nowhere, "CALLFUNNEL_DATA": str(tmp_path / "other")}).kafka == "127.0.0.1:29092"


def test_last_started_stack_is_found_from_any_folder(nowhere: dict[str, str], tmp_path: Path) -> None:
    running_in(tmp_path / "far", os.getpid())
    pointer = pointer_file(nowhere)
    pointer.parent.mkdir(parents=True)
    pointer.write_text(f"{tmp_path / 'far'}\n")
    assert find(env=nowhere).kafka == "127.0.0.1:19092"


def test_another_stack_never_takes_the_place_of_this_folders(nowhere: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    credentials_file(tmp_path / "data").touch()
    far = tmp_path / "far"
    running_in(far, os.getpid())
    pointer_file(nowhere).parent.mkdir(parents=True)
    pointer_file(nowhere).write_text(str(far))
    with pytest.raises(Terminal, match=f"no stack is running in data: .*; --data {far} means one that runs"):
        find(env=nowhere)


def test_door_stays_with_its_stack_when_another_is_started(
    nowhere: dict[str, str], tmp_path: Path, dead_pid: int
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    pointer_file(nowhere).parent.mkdir(parents=True)
    running_in(first, os.getpid())
    pointer_file(nowhere).write_text(str(first))
    door = pinned(env=nowhere)
    assert door == first.resolve()
    running_in(first, dead_pid)
    running_in(second, os.getpid())
    pointer_file(nowhere).write_text(str(second))
    with pytest.raises(Terminal, match=f"no stack is running in {first}"):
        find(door, nowhere)
    assert pinned(env={**nowhere, **SERVERS}) is None


def test_stack_that_was_killed_is_not_running(nowhere: dict[str, str], tmp_path: Path, dead_pid: int) -> None:
    running_in(tmp_path / "data", dead_pid)
    with pytest.raises(Terminal, match="no stack is running: start one with `callfunnel up`, or set CALLFUNNEL_KAFKA"):
        find(env=nowhere)


def test_half_written_stack_file_is_no_stack(nowhere: dict[str, str], tmp_path: Path) -> None:
    running_in(tmp_path / "data", os.getpid())
    whole = stack_file(tmp_path / "data").read_bytes()
    stack_file(tmp_path / "data").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Terminal, match="no stack is running"):
        find(env=nowhere)


def test_neither_servers_nor_a_stack_names_the_folder_and_the_way_out(nowhere: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(Terminal, match=f"no stack is running in {tmp_path}.*callfunnel up"):
        find(tmp_path, nowhere)


@pytest.mark.parametrize(("given", "missing"), [("CALLFUNNEL_KAFKA", "CLICKHOUSE"), ("CALLFUNNEL_CLICKHOUSE", "KAFKA")])
def test_half_of_the_servers_is_an_error(nowhere: dict[str, str], given: str, missing: str) -> None:
    with pytest.raises(Terminal, match=f"CALLFUNNEL_{missing} is not set: set both, or neither"):
        find(env={**nowhere, given: SERVERS[given]})


@pytest.mark.parametrize("kafka", ["kafka1", "kafka1:", ":9092", "kafka1:9092,", "kafka1:http", "kafka://kafka1:9092"])
def test_wrong_broker_is_named_with_the_accepted_form(nowhere: dict[str, str], kafka: str) -> None:
    with pytest.raises(Terminal, match=r"CALLFUNNEL_KAFKA: .* is wrong: .*host:port"):
        find(env={**nowhere, **SERVERS, "CALLFUNNEL_KAFKA": kafka})


@pytest.mark.parametrize(
    "clickhouse",
    [
        "clickhouse:8123",
        "tcp://u:s3cret@clickhouse:9000/db",
        "http://",
        "http://u:s3cret@host:port/db",
        "http://u@:1/db",
    ],
)
def test_wrong_store_is_named_with_the_accepted_form_and_without_its_password(
    nowhere: dict[str, str], clickhouse: str
) -> None:
    with pytest.raises(Terminal) as trouble:
        find(env={**nowhere, **SERVERS, "CALLFUNNEL_CLICKHOUSE": clickhouse})
    assert "CALLFUNNEL_CLICKHOUSE: not of the form http[s]://user:password@host:port/database" in str(trouble.value)
    assert "s3cret" not in str(trouble.value)


def test_namespace_that_no_topic_may_have_is_an_error(nowhere: dict[str, str]) -> None:
    with pytest.raises(Terminal, match="CALLFUNNEL_NAMESPACE: 'ООО Ромашка' is no name"):
        find(env={**nowhere, **SERVERS, "CALLFUNNEL_NAMESPACE": "ООО Ромашка"})
