"""Which stack a command means, and that it says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.cli.load import summary
from pipeline.loading.outcome import Outcome
from tests.cli.walk import COMMANDS, NEEDS, SECRETS, prepare, run
from tests.pipeline.unit.stacks import Stacks

OWN = {"up", "demo", "generate", "map", "boards build", "restore", "connect", "alerts test"}
"""They need no stack that runs, or start their own."""


@pytest.fixture
def stacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stacks]:
    """Two of them, in a folder that holds none."""
    prepare(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with Stacks({"XDG_STATE_HOME": str(tmp_path / "state")}) as stacks:
        stacks.run_in(tmp_path / "first")
        stacks.run_in(tmp_path / "second")
        yield stacks


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - OWN))
def test_with_two_stacks_and_none_named_every_command_refuses_and_lists_them(
    name: str, stacks: Stacks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = run((*name.split(), *NEEDS.get(name, ())), monkeypatch, capsys, SECRETS)
    told = ended.err if name != "doctor" else ended.out
    assert ended.code == (1 if name == "doctor" else 2), told
    assert "2 stacks are running: say which one is meant, with --data or CALLFUNNEL_DATA:" in told
    for folder in ("first", "second"):
        assert f"--data {tmp_path / folder} " in told


@pytest.mark.parametrize("name", ["down", "load", "migrate", "verify", "doctor", "report"])
def test_named_folder_without_a_stack_is_never_replaced_by_one_that_runs(
    name: str, stacks: Stacks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stacks.end(tmp_path / "second")
    (tmp_path / "nothing").mkdir()
    arguments = (*name.split(), *NEEDS.get(name, ()), "--data", "nothing")
    ended = run(arguments, monkeypatch, capsys, {})
    assert ended.code == (1 if name == "doctor" else 2)
    assert "no stack is running in nothing: start it with `callfunnel up --data nothing`" in ended.out + ended.err


def test_reading_command_says_which_stack_it_read_when_nobody_named_it(
    stacks: Stacks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stacks.end(tmp_path / "second")
    monkeypatch.setattr("pipeline.readouts.numbers.connect", lambda dsn: None)
    from pipeline.terminal.stack_choice import read_from

    monkeypatch.delenv("CALLFUNNEL_DATA", raising=False)
    read_from(None)
    assert capsys.readouterr().err == f"callfunnel: reading {tmp_path / 'first'}, the only stack that runs\n"
    read_from(tmp_path / "first")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("stopped", ["", "most rows were rejected"])
def test_load_says_where_it_went(stopped: str) -> None:
    outcome = Outcome(
        file="a.csv", import_id="i1", kind="calls", profile="p", time_zone="UTC", into="/home/me/data", stopped=stopped
    )
    words = "given up: what was read until then went" if stopped else "stored"
    assert summary(outcome)[-1] == f"  {words} into /home/me/data (import i1)"
