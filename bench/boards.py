"""Every query of every board over millions of calls: `python -m bench.boards [--data DIR]`.

Panels, variables and alerts run over two years of a department of 100 managers (bench/two_years.py), as the user
that Grafana has: each panel for the period that its board opens with. Asked several times, the quickest counts, since
others use the machine: what a query takes is what it takes when nobody is in its way. Beside it the processor time of
the engine in that query, which the neighbours hardly change; on two idle cores a query takes from half to all of it.

`--data DIR` keeps the store, and asks the one that is there; with `--calls 0` what remains is how long the engine reads
the text.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec
from clickhouse_connect.driver.client import Client

from bench.two_years import CALLS, NOW, fill
from grafana.alerts.sql import FIRES, queries
from grafana.build import EXAMPLE
from pipeline.embedded.part import StackPart
from pipeline.embedded.ports import free_port, listens
from pipeline.migrate import migrate
from pipeline.readouts.comparison import compares
from pipeline.store import connect
from schemas import metrics
from schemas.alerts import RULES, Rule
from schemas.parameters import Chosen, Query, bind, utc
from schemas.screens.boards import BOARDS
from schemas.screens.boards.manager import MANAGER
from schemas.screens.panel import Board
from schemas.screens.variables import QUERIES

TO_HOLD_MS = 300


class Question(NamedTuple):
    """One query that Grafana asks."""

    name: str
    sql: str
    parameters: dict[str, object]


class Taken(NamedTuple):
    """What a query took at best."""

    wall_ms: float
    cpu_ms: float
    rows: int


def questions() -> Iterator[Question]:
    """Panels, variables, and of each alert the query that decides: its numbers are read off the same text."""
    for board in BOARDS:
        for panel in board.panels:
            if panel.query is not None:
                yield _of_board(panel.id, panel.query, _period(board))
    for name, query in QUERIES.items():
        yield _of_board(f"variable {name}", query, _period(MANAGER))
    for rule in RULES:
        yield Question(f"alert {rule.id}", _at_now(queries(rule, EXAMPLE)[FIRES], rule), {})


def _of_board(name: str, query: Query, chosen: Chosen) -> Question:
    if compares(query):  # whole weeks earlier: the page asks for them before
        weeks = timedelta(weeks=1 + (chosen.end - chosen.start) // timedelta(weeks=1))
        before = {"before_from": utc(chosen.start - weeks), "before_to": utc(chosen.end - weeks)}
        chosen = msgspec.structs.replace(chosen, values={**chosen.values, **before})
    return Question(name, metrics.text(query.metric), bind(query, EXAMPLE, chosen))


def _at_now(sql: str, rule: Rule) -> str:
    """Its macros as the plugin expands them."""
    end = NOW - timedelta(seconds=rule.late_s)
    for macro, moment in (("$__fromTime", end - timedelta(seconds=rule.look_s)), ("$__toTime", end)):
        sql = sql.replace(macro, f"toDateTime({int(moment.timestamp())})")
    return sql


def _period(board: Board) -> Chosen:
    """What the board opens with; on the Manager board one manager is chosen."""
    start = {
        "now/d": NOW.replace(hour=0) - timedelta(hours=3),
        "now-6M/M": datetime(2026, 4, 30, 21, tzinfo=UTC),
        "now-7d/d": datetime(2026, 11, 16, 21, tzinfo=UTC),
        "now-30d/d": datetime(2026, 10, 24, 21, tzinfo=UTC),
        "now-90d/d": datetime(2026, 8, 25, 21, tzinfo=UTC),
    }[board.start]
    return Chosen(start=start, end=NOW, now=NOW, values={"managers": ("m7",)} if board.single else {})


def measure(client: Client, question: Question, cpu_ms: Callable[[], float], repeats: int) -> Taken:
    """The quickest of several times; first it runs once uncounted, so that its columns are in memory."""
    found = []
    for _ in range(repeats + 1):
        cpu, began = cpu_ms(), time.perf_counter()
        answer = client.raw_query(question.sql, parameters=question.parameters, fmt="JSONEachRow")
        took = (time.perf_counter() - began) * 1000
        found.append(Taken(took, cpu_ms() - cpu, answer.count(b"\n")))
    return Taken(min(one.wall_ms for one in found[1:]), min(one.cpu_ms for one in found[1:]), found[0].rows)


def cpu_of(pid: int) -> Callable[[], float]:
    """Milliseconds of processor time that the threads of a process have used (Linux: /proc/PID/task/*/schedstat)."""
    tasks = Path(f"/proc/{pid}/task")

    def used_ms() -> float:
        return sum(_of_thread(task / "schedstat") for task in tasks.iterdir()) / 1e6

    return used_ms


def _of_thread(schedstat: Path) -> int:
    try:
        return int(schedstat.read_text(encoding="ascii").split()[0])
    except OSError:  # it has ended since
        return 0


@contextmanager
def _store(folder: Path) -> Iterator[tuple[str, int]]:
    """A store over a folder: its address, with {} for user and password, and its process."""
    port = free_port(0, "--store-port")
    store = StackPart(
        "store",
        [sys.executable, "-m", "pipeline.embedded.store_server", "--data", f"{folder}/data", "--port", str(port)],
        logs=folder,
        env={**os.environ, "CALLFUNNEL_STORE_PASSWORD": "writer", "CALLFUNNEL_STORE_READER_PASSWORD": "reader"},
        ready=lambda: listens(port),
    )
    store.start()
    try:
        store.wait_ready(30)
        yield f"http://{{}}@127.0.0.1:{port}/default", store.pid
    finally:
        store.stop(15)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.boards")
    parser.add_argument("--calls", type=int, default=CALLS, help="of a store that is not there yet")
    parser.add_argument("--data", type=Path, help="keep the store in this folder, or ask the one that is there")
    parser.add_argument("--only", nargs="*", default=[""], metavar="WORD", help="queries whose name has a word")
    parser.add_argument("--repeats", type=int, default=5, help="the quickest counts")
    return parser.parse_args()


def main() -> None:
    """Ask every query, and say what it takes."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="callfunnel-bench-") as passing:
        folder = arguments.data or Path(passing)
        folder.mkdir(parents=True, exist_ok=True)
        with _store(folder) as (dsn, pid):
            writer = connect(dsn.format("callfunnel:writer"))
            migrate(writer)
            _fill(writer, arguments.calls)
            selected = [one for one in questions() if any(word in one.name for word in arguments.only)]
            _report(connect(dsn.format("reader:reader")), selected, cpu_of(pid), arguments.repeats)


def _fill(writer: Client, calls: int) -> None:
    """Nothing when it has data; returns when the engine has nothing to merge."""
    began = time.monotonic()
    if not _one(writer, "SELECT count() FROM managers"):
        fill(writer, calls)
    while _one(writer, "SELECT count() FROM system.merges"):
        time.sleep(0.5)
    known = _one(writer, "SELECT count() FROM activities")
    cells = _one(writer, "SELECT count() FROM manager_activity")
    print(f"boards: {known:,} activities, {cells:,} cells, there after {time.monotonic() - began:.0f} s", flush=True)


def _one(client: Client, sql: str) -> int:
    return int(client.query(sql).result_rows[0][0])


def _report(client: Client, selected: list[Question], cpu_ms: Callable[[], float], repeats: int) -> None:
    slow = 0
    for question in selected:
        took = measure(client, question, cpu_ms, repeats)
        slow += took.wall_ms > TO_HOLD_MS
        mark = "  over" if took.wall_ms > TO_HOLD_MS else ""
        print(
            f"  {question.name:30} {took.wall_ms:7.0f} ms {took.cpu_ms:7.0f} ms of CPU {took.rows:6} rows{mark}",
            flush=True,
        )
    print(f"boards: {slow} of {len(selected)} queries over {TO_HOLD_MS} ms (the quickest of {repeats})")


if __name__ == "__main__":
    subprocess.run(["git", "log", "-1", "--format=commit %h"], check=False)
    main()
