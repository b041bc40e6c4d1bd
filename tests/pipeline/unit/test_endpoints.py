"""Where the broker and the store are: the environment, else a running stack, else a word on what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.endpoints import Endpoints, credentials_file, find, is_embedded, pinned, stack_file
from pipeline.stacks import stacks_folder
from schemas.errors import Terminal
from tests.pipeline.unit.stacks import Stacks

SERVERS = {
    "CALLFUNNEL_KAFKA": "kafka1:9092,kafka2:9092",
    "CALLFUNNEL_CLICKHOUSE": "http://callfunnel:s3cret@clickhouse:8123/office",
}


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a user who has started nothing."""
    monkeypatch.chdir(tmp_path)
    return {"HOME": str(tmp_path / "home")}


@pytest.fixture
def stacks(nowhere: dict[str, str]) -> Iterator[Stacks]:
    with Stacks(nowhere) as stacks:
        yield stacks


def test_servers_of_the_environment_come_before_a_running_stack(
    nowhere: dict[str, str], stacks: Stacks, tmp_path: Path
) -> None:
    stacks.run_in(tmp_path / "data")
    endpoints = find(env={**nowhere, **SERVERS})
    assert endpoints == Endpoints(SERVERS["CALLFUNNEL_KAFKA"], SERVERS["CALLFUNNEL_CLICKHOUSE"])
    assert (endpoints.prefix, endpoints.group) == ("", "callfunnel")


def test_namespace_goes_before_topics_and_group(nowhere: dict[str, str]) -> None:
    endpoints = find(env={**nowhere, **SERVERS, "CALLFUNNEL_NAMESPACE": "acme"})
    assert (endpoints.prefix, endpoints.group) == ("acme.", "acme.callfunnel")


def test_data_folder_that_is_named_comes_before_the_servers(
    nowhere: dict[str, str], stacks: Stacks, tmp_path: Path
) -> None:
    stacks.run_in(tmp_path / "mine")
    env = {**nowhere, **SERVERS}
    assert is_embedded(tmp_path / "mine", env)
    assert not is_embedded(None, env)
    assert find(tmp_path / "mine", env).data == str(tmp_path / "mine")


def test_running_stack_is_found_in_the_working_folder(nowhere: dict[str, str], stacks: Stacks, tmp_path: Path) -> None:
    stacks.run_in(tmp_path / "data")
    stacks.run_in(tmp_path / "other")
    assert find(env=nowhere).data == str(tmp_path / "data")


def test_running_stack_is_found_where_the_variable_says(
    nowhere: dict[str, str], stacks: Stacks, tmp_path: Path
) -> None:
    stacks.run_in(tmp_path / "data")
    stacks.run_in(tmp_path / "other")
    assert find(env={**nowhere, "CALLFUNNEL_DATA": str(tmp_path / "other")}).data == str(tmp_path / "other")


def test_only_stack_that_runs_is_found_from_any_folder(nowhere: dict[str, str], stacks: Stacks, tmp_path: Path) -> None:
    stacks.run_in(tmp_path / "far")
    assert find(env=nowhere).data == str(tmp_path / "far")


def test_with_several_stacks_and_none_named_it_refuses_and_lists_them(
    nowhere: dict[str, str], stacks: Stacks, tmp_path: Path
) -> None:
    stacks.run_in(tmp_path / "first")
    stacks.run_in(tmp_path / "the second")
    with pytest.raises(Terminal) as refused:
        find(env=nowhere)
    head, *listed = str(refused.value).splitlines()
    assert head == "2 stacks are running: say which one is meant, with --data or CALLFUNNEL_DATA:"
    assert [line.split("   (")[0] for line in listed] == [
        f"  --data {tmp_path / 'first'}",
        f"  --data '{tmp_path / 'the second'}'",
    ]
    assert all(re.search(r"\(pid \d+, since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\)$", line) for line in listed)


def test_stack_that_ended_leaves_the_other_one_as_the_only_one(
    nowhere: dict[str, str], stacks: Stacks, tmp_path: Path
) -> None:
    stacks.run_in(tmp_path / "first")
    stacks.run_in(tmp_path / "second")
    stacks.end(tmp_path / "second")
    assert find(env=nowhere).data == str(tmp_path / "first")
    assert len(list(stacks_folder(nowhere).iterdir())) == 1, "what was left of the other is dropped"


def test_another_stack_never_takes_the_place_of_this_folders(
    nowhere: dict[str, str], stacks: Stacks, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    credentials_file(tmp_path / "data").touch()
    far = tmp_path / "far"
    stacks.run_in(far)
    with pytest.raises(Terminal, match=f"no stack is running in data: .*; --data {far} means one that runs"):
        find(env=nowhere)


def test_door_stays_with_its_stack_when_another_is_started(
    nowhere: dict[str, str], stacks: Stacks, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    stacks.run_in(first)
    door = pinned(env=nowhere)
    assert door == first.resolve()
    stacks.end(first)
    stacks.run_in(second)
    with pytest.raises(Terminal, match=f"no stack is running in {first}"):
        find(door, nowhere)
    assert pinned(env={**nowhere, **SERVERS}) is None


def test_half_written_stack_file_is_no_stack(nowhere: dict[str, str], stacks: Stacks, tmp_path: Path) -> None:
    stacks.run_in(tmp_path / "data")
    whole = stack_file(tmp_path / "data").read_bytes()
    stack_file(tmp_path / "data").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Terminal, match="no stack is running"):
        find(env=nowhere)


def test_neither_servers_nor_a_stack_names_the_folder_and_the_way_out(nowhere: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(Terminal, match=f"no stack is running in {tmp_path}.*callfunnel up --data {tmp_path}"):
        find(tmp_path, nowhere)
    with pytest.raises(Terminal, match="no stack is running: start one with `callfunnel up`, or set CALLFUNNEL_KAFKA"):
        find(env=nowhere)


@pytest.mark.parametrize(
    ("endpoints", "location"),
    [
        (Endpoints("k:1", "http://u:s3cret@127.0.0.1:8123/default", data="/home/me/data"), "/home/me/data"),
        (Endpoints("k:1", "https://u:s3cret@clickhouse:8443/office"), "https://clickhouse:8443/office"),
        (Endpoints("k:1", "http://u:p@ss@[::1]:8123/x", "acme"), "http://[::1]:8123/x, namespace acme"),
    ],
)
def test_location_is_shown_without_a_password(endpoints: Endpoints, location: str) -> None:
    assert endpoints.location == location


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
    with pytest.raises(Terminal, match="CALLFUNNEL_NAMESPACE: 'ООО Ромашка' is not a name"):
        find(env={**nowhere, **SERVERS, "CALLFUNNEL_NAMESPACE": "ООО Ромашка"})
