"""The README's commands, run as a new user runs them, in a folder with the bundled example exports."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.cli import _COMMANDS
from pipeline.cli.demo import EXAMPLES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.splitlines() if line]
OWN = [line for line in COMMANDS if line.startswith("callfunnel ")]
MAY_REJECT = {
    "callfunnel load --kind proposals proposals.csv",
    "callfunnel load Master.csv branch.csv --source office --tz Europe/Moscow",
}
"""The examples hold rows that cannot be understood: exit code 1."""


def test_readme_shows_the_two_commands_and_nothing_that_is_not_run() -> None:
    assert COMMANDS[:2] == ["make demo", "make test"]
    assert set(COMMANDS[2:]) == set(OWN)


def test_every_command_is_in_the_readme_but_for_what_up_starts_by_itself() -> None:
    named = {name for name in _COMMANDS if re.search(rf"callfunnel {name}\b|`{name}`", README)}
    assert set(_COMMANDS) - named <= {"demo"}  # by `make demo`


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
    shutil.copytree(EXAMPLES, folder, dirs_exist_ok=True)
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
    table = told["callfunnel activity --from 2026-11-02 --to 2026-11-07"]
    shown = README[README.index(" manager  ") : README.index("```sh\nmake test")]
    for manager in ("Анна Волкова (m1)", "Борис Лебедев (m2)", "Vera Stone (m3)", "Dina Frost (m5)"):
        numbers = [_numbers(text, manager) for text in (table, shown)]
        assert numbers[0][:6] == numbers[1][:6]
    by_team = json.loads(told["callfunnel funnel --from 2026-09-01 --to 2026-11-01 --by team --json"])
    assert {row["team"] for row in by_team} == {"North", "South"}


def _numbers(table: str, manager: str) -> list[str]:
    return next(line for line in table.splitlines() if manager in line).partition(manager)[2].split()


@pytest.mark.stack
def test_make_demo_shows_the_main_job_in_under_a_minute() -> None:
    began = time.monotonic()
    done = subprocess.run(["make", "demo"], cwd=ROOT, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert time.monotonic() - began < 60
    for shown in ("Activity, 2026-11-02 to", "Funnel, cohort", "what was counted is what the facts say", "stopped"):
        assert shown in done.stdout


def test_settings_of_the_readme_are_accepted() -> None:
    said = tomllib.loads(re.findall(r"```toml\n(.*?)```", README, re.DOTALL)[0])
    assert set(said) == {"time_zone", "region", "conversation_s", "sources"}
