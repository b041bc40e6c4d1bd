"""Every command in every broken state, with every odd argument: one line, exit code 2, and never a traceback."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click
import pytest

from pipeline.embedded.supervise import credentials
from pipeline.endpoints import credentials_file, stack_file
from tests.cli.rights import as_owner_only
from tests.cli.walk import COMMANDS, NEEDS, SECRETS, Ended, prepare, run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working folder of a person, who is not root."""
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "state").mkdir()
    prepare(folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    with as_owner_only():
        yield folder
    for where in (folder, *(path for path in folder.rglob("*") if path.is_dir() and not path.is_symlink())):
        where.chmod(0o700)


def broken_credentials(folder: Path) -> None:
    (folder / "data").mkdir(mode=0o700)
    credentials_file(folder / "data").write_bytes(b'{"writer": "x", \xff')


def credentials_that_are_a_folder(folder: Path) -> None:
    (folder / "data").mkdir(mode=0o700)
    credentials_file(folder / "data").mkdir()


def broken_stack_file(folder: Path) -> None:
    (folder / "data").mkdir(mode=0o700)
    credentials_file(folder / "data").write_text('{"writer":"w","reader":"r"}')
    stack_file(folder / "data").write_bytes(b"\xff{]")


def data_that_is_a_file(folder: Path) -> None:
    (folder / "data").write_text("x")


def data_that_is_a_dead_link(folder: Path) -> None:
    (folder / "data").symlink_to(folder / "nowhere")


def data_that_is_a_loop(folder: Path) -> None:
    (folder / "data").symlink_to(folder / "data")


def data_that_may_only_be_read(folder: Path) -> None:
    (folder / "data").mkdir(mode=0o500)


def data_that_may_not_be_entered(folder: Path) -> None:
    (folder / "data").mkdir(mode=0o000)


def working_folder_that_may_only_be_read(folder: Path) -> None:
    folder.chmod(0o500)


def settings_that_are_not_text(folder: Path) -> None:
    (folder / "callfunnel.toml").write_bytes(b"\xff\xfe\x00")


def settings_that_are_not_toml(folder: Path) -> None:
    (folder / "callfunnel.toml").write_text("time_zone = \n[[")


def settings_with_a_nul(folder: Path) -> None:
    (folder / "callfunnel.toml").write_text('[sources."of\\u0000fice"]\n')


def settings_that_are_a_folder(folder: Path) -> None:
    (folder / "callfunnel.toml").unlink()
    (folder / "callfunnel.toml").mkdir()


def settings_that_may_not_be_read(folder: Path) -> None:
    (folder / "callfunnel.toml").write_text("")
    (folder / "callfunnel.toml").chmod(0)


def broken_checkpoints(folder: Path) -> None:
    (folder / "listen").mkdir()
    for door in ("sql", "ami", "esl", "tcp", "http"):
        (folder / "listen" / f"pbx.{door}.json").write_bytes(b"\xff")
    (folder / "listen" / "b24.api.json").write_bytes(b"\xff")
    (folder / "drop" / ".callfunnel").mkdir()
    (folder / "drop" / ".callfunnel" / "drop.folder.json").write_bytes(b"{")


def state_that_is_a_file(folder: Path) -> None:
    (folder / "listen").write_text("x")
    (folder / "drop" / ".callfunnel").write_text("x")
    shutil.rmtree(folder / "state")
    (folder / "state").write_text("x")


BROKEN = (
    broken_credentials,
    credentials_that_are_a_folder,
    broken_stack_file,
    data_that_is_a_file,
    data_that_is_a_dead_link,
    data_that_is_a_loop,
    data_that_may_only_be_read,
    data_that_may_not_be_entered,
    working_folder_that_may_only_be_read,
    settings_that_are_not_text,
    settings_that_are_not_toml,
    settings_with_a_nul,
    settings_that_are_a_folder,
    settings_that_may_not_be_read,
    broken_checkpoints,
    state_that_is_a_file,
)
STARTS = {"up", "demo", "generate"}
"""They would start processes, or write much, where nothing is broken for them: they are asked below."""


def secrets_of(name: str) -> Mapping[str, str]:
    """`connect` would wait for its vendor, if it knew how to log in there."""
    return {} if name == "connect" else SECRETS


def assert_told(ended: Ended, name: str) -> None:
    assert "Traceback" not in ended.out + ended.err
    assert ended.code in ((0, 1, 2) if name == "doctor" else (0, 2)), ended
    if ended.code == 2:
        lines = ended.err.strip().splitlines()
        assert lines, "it says why"
        assert sum(line.startswith(("callfunnel: ", "Error: ")) for line in lines) == 1, ended.err


@pytest.mark.parametrize("break_it", BROKEN)
def test_every_command_says_in_a_line_what_is_broken(
    break_it: Callable[[Path], None],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    break_it(folder)
    for name in COMMANDS:
        if name not in STARTS:
            ended = run((*name.split(), *NEEDS.get(name, ())), monkeypatch, capsys, secrets_of(name))
            assert_told(ended, name)
            assert name in ("map", "doctor", "boards build", "audit") or ended.code == 2, (name, ended)


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (credentials_that_are_a_folder, "data/credentials.json: Is a directory"),
        (data_that_is_a_file, "data"),
        (data_that_is_a_dead_link, "data"),
        (data_that_is_a_loop, "data"),
        (data_that_may_only_be_read, "the folder data cannot be written"),
        (data_that_may_not_be_entered, "the folder data cannot be used: Permission denied"),
        (working_folder_that_may_only_be_read, "data"),
        (settings_that_are_not_toml, "callfunnel.toml"),
    ],
)
@pytest.mark.parametrize("background", [(), ("--background",)])
def test_up_says_in_a_line_what_is_broken_and_starts_nothing(
    break_it: Callable[[Path], None],
    words: str,
    background: tuple[str, ...],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    break_it(folder)
    if background and break_it is credentials_that_are_a_folder:
        pytest.skip("it is the child that finds it")
    ended = run(("up", *NEEDS["up"], *background), monkeypatch, capsys, SECRETS)
    assert_told(ended, "up")
    assert ended.code == 2
    assert words in ended.err


def test_broken_passwords_are_said_with_the_way_out(tmp_path: Path) -> None:
    broken_credentials(tmp_path)
    with pytest.raises(Exception, match=r"credentials.json is broken: put it back from a copy; or remove it"):
        credentials(tmp_path / "data")


ODD = ("'", '"', "`$(id)`", "\\", "\0", "a\0b", "\n", "'; DROP TABLE calls; --", "%00", "..", "\udcff", "\u202e", "-1",
       "", "9" * 400, "x" * 5_000)  # fmt: skip


def spellings(name: str, command: click.Command) -> Iterator[tuple[str, ...]]:
    """The command with an odd text in the place of each argument and of each option that takes a text."""
    needs = NEEDS.get(name, ())
    for parameter in command.params:
        for odd in ODD:
            if isinstance(parameter, click.Argument):
                yield (odd, *needs[1:])
            elif isinstance(parameter, click.Option) and not parameter.is_flag:
                yield (*needs, parameter.opts[0], *(odd,) * parameter.nargs)


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - STARTS))
def test_no_argument_makes_a_traceback(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in spellings(name, COMMANDS[name]):
        assert_told(run((*name.split(), *arguments), monkeypatch, capsys, secrets_of(name)), name)


@pytest.mark.parametrize(
    "variable",
    [f"CALLFUNNEL_{one}" for one in ["DATA", "KAFKA", "CLICKHOUSE", "CONFIG", "NAMESPACE", "SQL", "HTTP_TOKEN"]],
)
def test_no_variable_makes_a_traceback(
    variable: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("load", "verify", "doctor", "listen sql", "listen http", "listen folder", "migrate"):
        for odd in ODD:
            if "\0" not in odd:  # no environment can hold it
                env = {**SECRETS, f"CALLFUNNEL_{variable}": odd}
                ended = run((*name.split(), *NEEDS.get(name, ())), monkeypatch, capsys, env)
                assert_told(ended, name)
