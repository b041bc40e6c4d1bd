"""The product on a department whose truth is known: exports through the commands, numbers equal to the last digit.

The calls of each department are loaded twice, the second time with their rows shuffled, and compared after each.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from department.comparison import Comparison
from pipeline.demo.truth import hold_funnels, months
from pipeline.readouts.numbers import numbers
from pipeline.settings import read_settings

CLI = [sys.executable, "-m", "pipeline.cli"]
ALWAYS = ("--from", "2020-01-01", "--to", "2035-01-01")
KINDS = ("managers", "organisations", "stages", "proposals", "calls")


class Department:
    """A generated department, and a stack of its own to load it into."""

    def __init__(self, folder: Path, seed: int, corruption: float, export_format: str) -> None:
        self.exports = folder / "exports"
        self.data = folder / "data"
        env = {name: value for name, value in os.environ.items() if not name.startswith("CALLFUNNEL_")}
        self._env = env | {"XDG_STATE_HOME": str(folder), "PYTHONPATH": str(Path.cwd())}
        options = (
            f"--seed {seed} --dirt {corruption} --format {export_format} --managers 5 --days 70 --pace 5 --files 3"
        )
        self.run("generate", *options.split(), "--out", str(self.exports))
        self._env["CALLFUNNEL_CONFIG"] = str(self.exports / "callfunnel.toml")
        self.truth: dict[str, Any] = json.loads((self.exports / "truth.json").read_text(encoding="utf-8"))

    def run(self, *arguments: str, accepted: tuple[int, ...] = (0,)) -> str:
        done = subprocess.run(
            [*CLI, *arguments], cwd=self.exports.parent, env=self._env, text=True, capture_output=True, check=False
        )
        assert done.returncode in accepted, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def load(self, kinds: Sequence[str] = KINDS) -> None:
        for kind in kinds:
            files = [str(self.exports / one["file"]) for one in self.truth["files"] if one["kind"] == kind]
            self.run("load", "--kind", kind, *files, "--data", str(self.data), accepted=(0, 1))

    def shuffle(self, seed: int) -> None:
        """Put the rows of every export of calls into another order."""
        for one in self.truth["files"]:
            if one["kind"] == "calls":
                path = self.exports / one["file"]
                lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
                head = 1 if lines[0].startswith("calldate") else 0
                rows = [line if line.endswith("\n") else line + "\n" for line in lines[head:]]
                random.Random(seed).shuffle(rows)
                path.write_text("".join(lines[:head] + rows), encoding="utf-8")

    def rows(self, *arguments: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.run(*arguments, "--json", "--data", str(self.data)))
        return found


@pytest.fixture(
    # freepbx and cdr-custom are read by the reader of asterisk-csv: tests/pipeline/stories holds each layout.
    params=[(5, 0.05, "asterisk-csv"), (6, 0.03, "mango"), (7, 0.03, "3cx")],
    ids=lambda options: f"seed {options[0]}, dirt {options[1]}, {options[2]}",
)
def department(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Department]:
    made = Department(tmp_path, *request.param)
    made.run("up", "--data", str(made.data), "--kafka-port", "0", "--store-port", "0", "--background")
    yield made
    made.run("down", "--data", str(made.data))


@pytest.mark.stack
def test_every_number_is_the_true_one_after_each_of_two_loads(department: Department) -> None:
    department.load()
    assert differences(department) == []
    department.shuffle(seed=7)
    department.load(("calls",))
    assert differences(department) == []
    assert funnel_differences(department) == []


def differences(department: Department) -> list[str]:
    truth = department.truth
    activity = department.rows("activity", *ALWAYS, "--by", "manager,day", "--unassigned")
    calls = department.rows("calls", *ALWAYS) + department.rows("calls", *ALWAYS, "--of", "unassigned")
    assert activity
    assert calls
    compared = Comparison(truth)
    compared.activity(activity)
    compared.calls(calls)
    return [*compared.differences, *(str(one) for one in department.rows("verify", *ALWAYS))]


def funnel_differences(department: Department) -> list[str]:
    truth = department.truth
    settings = read_settings({"CALLFUNNEL_CONFIG": str(department.exports / "callfunnel.toml")})
    compared = Comparison(truth)
    hold_funnels(compared, numbers(department.data), truth, settings, months(truth)[::2])
    assert compared.numbers
    return compared.differences
