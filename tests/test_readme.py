"""The README's commands, run as a new user runs them, in a folder with exports of the names that it gives them."""

from __future__ import annotations

import json
import os
import re
import resource
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.cli import _COMMANDS
from tests.stack.stopwatch import Stopwatch

ROOT = Path(__file__).parent.parent
EXPORTS = Path(__file__).parent / "readme_exports"
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.splitlines() if line]
OWN = [line for line in COMMANDS if line.startswith("callfunnel ")]
MAY_REJECT = {
    "callfunnel load --kind proposals proposals.csv",
    "callfunnel load Master.csv branch.csv --source office --tz Europe/Moscow",
}
"""The exports hold rows that cannot be understood: exit code 1."""


def test_readme_shows_the_two_commands_and_nothing_that_is_not_run() -> None:
    assert COMMANDS[:2] == ["make demo", "make test"]
    assert set(COMMANDS[2:]) == set(OWN)


def test_every_command_is_in_the_readme() -> None:
    named = {name for name in _COMMANDS if re.search(rf"callfunnel {name}\b|`{name}`", README)}
    assert set(_COMMANDS) == named


class Terminal:
    """A shell in a folder of the user's."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self._folder = folder
        self._env = env

    def run(self, line: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pipeline.cli", *shlex.split(line)[1:]]
        return subprocess.run(command, cwd=self._folder, env=self._env, text=True, capture_output=True, check=False)


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    folder = tmp_path_factory.mktemp("user")
    shutil.copytree(EXPORTS, folder, dirs_exist_ok=True)
    toml = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    (folder / "callfunnel.toml").write_text(toml[0], encoding="utf-8")
    env = {name: value for name, value in os.environ.items() if not name.startswith("CALLFUNNEL_")}
    shell = Terminal(folder, env | {"XDG_STATE_HOME": str(folder / "state"), "PYTHONPATH": str(ROOT)})
    up = shell.run("callfunnel up --data ./data --kafka-port 0 --store-port 0 --background")
    assert up.returncode == 0, up.stderr
    yield shell
    assert shell.run("callfunnel down").returncode == 0


@pytest.mark.stack
def test_commands_of_the_readme_do_what_it_says(terminal: Terminal) -> None:
    told: dict[str, str] = {}
    for line in OWN:
        if line.startswith("callfunnel up"):
            continue  # the fixture did, on free ports
        done = terminal.run(line)
        assert done.returncode == (1 if line in MAY_REJECT else 0), f"{line}\n{done.stdout}{done.stderr}"
        told[line] = done.stdout
    by_team = json.loads(told["callfunnel funnel --from 2026-09-01 --to 2026-11-01 --by team --json"])
    assert {row["team"] for row in by_team} == {"North", "South"}


@pytest.mark.stack
def test_make_demo_without_a_terminal_prints_the_numbers_of_the_readme_in_under_a_minute() -> None:
    watch, before_s = Stopwatch(), _own_cpu_s()
    done = subprocess.run(["make", "demo"], cwd=ROOT, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert watch.undisturbed_s(_own_cpu_s() - before_s) < 60
    said = {" ".join(line.split()) for line in done.stdout.splitlines()}
    shown = README[README.index("Activity, 2026-01-12") :].partition("\n```")[0].splitlines()
    rows = [" ".join(line.split()) for line in shown if re.search(r"\(m\d\d\)", line)]
    assert len(rows) == 3
    for row in rows:
        assert any(line.startswith(row) for line in said), row
    assert " ".join(shown[0].split()) in said
    assert any(line.startswith(shown[-1]) for line in said), done.stdout
    for told in ("Funnel, cohort", "at work, and silent", "callfunnel: stopped"):
        assert told in done.stdout


def _own_cpu_s() -> float:
    """CPU seconds of the tests and of all that they started and that has ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def test_settings_of_the_readme_are_accepted() -> None:
    said = tomllib.loads(re.findall(r"```toml\n(.*?)```", README, re.DOTALL)[0])
    assert set(said) == {"time_zone", "region", "conversation_s", "sources"}
