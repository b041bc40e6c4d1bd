"""The demo as its user meets it: on a screen that changes its size, and in a file."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import psutil
import pytest

from pipeline.readouts.activity import activity
from pipeline.readouts.numbers import Numbers
from pipeline.readouts.period import Period
from pipeline.settings import read_settings
from pipeline.store import connect
from tests.conftest import STARTS_S
from tests.demo.terminal import Terminal
from tests.stack.deployment import CLI, clean_env, wait_for

pytestmark = pytest.mark.stack
SMALL = ("--managers", "5", "--days", "8", "--seed", "2")
FIRST_LIVE = date(2026, 1, 20)
HEAD = re.compile(r" callfunnel   Tue 20 Jan 1\d:\d\d:\d\d  x60  last call")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    command = [*CLI, "demo", *SMALL, "--data", str(tmp_path / "data")]
    terminal = Terminal(command, columns=80, rows=24, cwd=Path.cwd(), env=clean_env(TMPDIR=str(tmp_path)))
    try:
        yield terminal
    finally:
        terminal.end()


def test_board_on_a_screen_that_changes_its_size(terminal: Terminal, tmp_path: Path) -> None:
    truth = tmp_path / "data" / "department" / "truth.json"
    wait_for("board", lambda: _total(terminal.lines) or terminal.process.poll() is not None, STARTS_S * 2)
    names = [one["name"] for one in json.loads(truth.read_text("utf-8"))["managers"]]
    numbers = _store(tmp_path / "data")
    for columns, rows, heads in ((80, 24, ("plan", "last")), (200, 50, ("dials", "sum of D", "match", "by 15 min"))):
        terminal.resize(columns, rows)
        wait_for("board of this size", lambda: all(head in terminal.lines[1] for head in heads))  # noqa: B023
        # The morning arrives at once, but not before the first look.
        wait_for("first calls", lambda: HEAD.match(terminal.lines[0]))
        wait_for("numbers of the store", lambda: _total(terminal.lines) == _counted(numbers, tmp_path / "data"), 120)
        # A screen is drawn line by line, and may be seen half drawn.
        wait_for("everybody", lambda: all(any(line[2:].startswith(name) for line in terminal.lines) for name in names))
        wait_for("address", lambda: any("In" not in line and "http://127.0.0.1:" in line for line in terminal.lines))
        wait_for("legend", lambda: any(line.startswith("A: conversations") for line in terminal.lines))
    wait_for("latest calls", lambda: "latest calls" in terminal.lines)
    assert terminal.colours
    parts = terminal.children()
    assert len(parts) >= 3
    terminal.type(b"\x03")
    assert terminal.process.wait(60) == 0
    wait_for("line that says so", lambda: "callfunnel: stopped" in terminal.lines)
    assert not [part for part in parts if part.is_running()]
    assert truth.exists()  # the folder was asked for, and stays


def _total(lines: list[str]) -> list[str]:
    """calls, talks, orgs, A, B, C, D of everybody on an 80-column board; the first six of a wide one are others."""
    heads = lines[1].split() if len(lines) > 1 else []
    row = next((line for line in lines if line.startswith("  all 5 managers")), "")
    cells = row.removeprefix("  all 5 managers").split()
    if not row or "manager" not in heads:
        return []
    wanted = [head for head in heads[1:] if head != "team"]
    return [cells[wanted.index(head)] for head in ("calls", "talks", "orgs", "A", "B", "C", "D")]


def _store(data: Path) -> Numbers:
    running = json.loads((data / "data" / "stack.json").read_bytes())
    return Numbers(connect(running["reader"]))


def _counted(numbers: Numbers, data: Path) -> list[str]:
    settings = read_settings({"CALLFUNNEL_CONFIG": str(data / "department" / "callfunnel.toml")})
    days = Period(FIRST_LIVE, FIRST_LIVE + timedelta(days=1), settings.time_zone)
    rows = activity(numbers, days, ())
    if not rows:
        return []
    said = rows[0].numbers
    ratio = "-" if said.calls_per_organisation is None else f"{said.calls_per_organisation:.2f}"
    counts = (said.calls, said.conversations, said.organisations, said.calls_to_potential)
    return [*map(str, counts), ratio, str(said.general_proposals), str(said.individual_proposals)]


def test_in_a_file_it_is_plain_blocks_and_sigterm_ends_it(tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    out = tmp_path / "out.txt"
    with out.open("wb") as file:
        process = subprocess.Popen(
            [*CLI, "demo", *SMALL, "--speed", "600"],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            env=clean_env(TMPDIR=str(temporary)),
        )
    try:
        wait_for(
            "a block", lambda: "all 5 managers" in out.read_text("utf-8") or process.poll() is not None, STARTS_S * 2
        )
        (folder,) = temporary.glob("callfunnel-demo-*")
        assert (folder / "env").exists()
        parts = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, out.read_text("utf-8")
    finally:
        process.kill()
        process.wait()
    assert "\x1b" not in out.read_text("utf-8")
    assert out.read_text("utf-8").endswith("callfunnel: stopped\n")
    assert not [part for part in parts if part.is_running()]
    assert not list(temporary.iterdir())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--speed", "fast"), "'fast': from x1 to x600, as 60 or x60"),
        (("--speed", "x601"), "from x1 to x600"),
        (("--days", "0"), "days is 0"),
        (("--data", "."), "is not empty: a demo wants a folder of its own"),
    ],
)
def test_wrong_wish_is_named_before_anything_starts(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    (tmp_path / "something").touch()
    done = subprocess.run(
        [*CLI, "demo", *words],
        cwd=tmp_path,
        env=clean_env(PYTHONPATH=str(Path.cwd())),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert said in done.stderr
